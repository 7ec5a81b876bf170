// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// A table is cases that are timed together, and the goals that they are judged by.
// The first case is the base of the A/A row.
type table struct {
	name   string
	rounds int
	batch  int
	count  int // operations whose allocations are counted
	cases  []paired.Case
	goals  []goal
	ends   []func()
}

// end stops what the table has started.
func (t *table) end() {
	for _, f := range slices.Backward(t.ends) {
		f()
	}
}

// run measures the goals that were chosen; without timing only what is exact of them.
func (t *table) run(chosen func(id string) bool, rounds int, timing bool) ([]*result, noise) {
	var n noise
	var f *paired.Figures
	if timing && slices.ContainsFunc(t.goals, func(g goal) bool { return chosen(g.id) && g.timed() }) {
		f, n = t.time(rounds)
	}
	costs := make(map[string]paired.Cost)
	var all []*result
	for i := range t.goals {
		if g := &t.goals[i]; chosen(g.id) && (timing || g.counted()) {
			all = append(all, t.result(g, f, costs))
		}
	}
	return all, n
}

// tolerance is how far from 1 the A/A row may be.
const tolerance = 0.01

// noise is the A/A row.
type noise struct {
	estimate paired.Estimate
	measured int // how often
	took     time.Duration
}

// time measures once more where the A/A row says that the machine was not quiet.
func (t *table) time(rounds int) (*paired.Figures, noise) {
	if rounds == 0 {
		rounds = t.rounds
	}
	plan := paired.Plan{Cases: t.cases, Rounds: rounds, Batch: t.batch}
	var f *paired.Figures
	var n noise
	for start := time.Now(); n.measured < 2; n.took = time.Since(start) {
		f = plan.Measure()
		n.estimate, n.measured = f.Noise(), n.measured+1
		if math.Abs(n.estimate.Median-1) <= tolerance {
			break
		}
	}
	return f, n
}

func (t *table) result(g *goal, f *paired.Figures, costs map[string]paired.Cost) *result {
	r := &result{goal: g, cost: t.cost(g.of, costs), floor: t.cost(g.over, costs)}
	switch {
	case g.exact != nil:
		r.estimate.Median, r.known = g.exact(), true
	case g.timed() && f != nil:
		r.estimate, r.known = g.figure(f), true
	}
	return r
}

// cost counts each case once.
func (t *table) cost(name string, known map[string]paired.Cost) paired.Cost {
	if name == "" {
		return paired.Cost{}
	}
	i := slices.IndexFunc(t.cases, func(c paired.Case) bool { return c.Name == name })
	if _, ok := known[name]; !ok {
		known[name] = t.cases[i].Cost(t.count)
	}
	return known[name]
}

// header is that of the one table that all goals go into.
const header = "| goal | what | base | ratio | 95 % | allocs | B | hard goal | |\n|---|---|---|---:|---:|---:|---:|---|---|\n"

func (t *table) print(w io.Writer, results []*result, n noise) {
	for _, r := range results {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.id, r.what, r.base, r.ratio(), r.interval(),
			r.count(r.cost.Allocs), r.count(r.cost.Bytes), r.wanted(), r.verdict())
	}
	if n.measured > 0 {
		fmt.Fprintf(w, "| A/A | *%s: %s, against itself* | | %.3f | %.3f–%.3f | | | | %s |\n",
			t.name, t.cases[0].Name, n.estimate.Median, n.estimate.Low, n.estimate.High, n.text())
	}
}

func (n noise) text() string {
	var all []string
	if n.measured > 1 {
		all = append(all, "measured once more")
	}
	if math.Abs(n.estimate.Median-1) > tolerance {
		all = append(all, "not quiet")
	}
	return strings.Join(all, ", ")
}

func (r *result) ratio() string {
	if !r.known {
		return ""
	}
	return r.unit.text(r.estimate.Median)
}

func (r *result) interval() string {
	if !r.known || !r.timed() {
		return ""
	}
	return strings.TrimSuffix(r.unit.text(r.estimate.Low), string(r.unit)) + "–" +
		strings.TrimSuffix(r.unit.text(r.estimate.High), string(r.unit))
}

func (r *result) count(n float64) string {
	if r.of == "" {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}
