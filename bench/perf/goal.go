// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// A goal is one row of the table: a figure, and what it has to be. Rows without a
// bound are there to be looked at: peers, and what has no goal.
type goal struct {
	id         string // "G5"
	what, base string

	figure func(*paired.Figures) paired.Estimate // nil: exact counts, or only allocations do
	exact  func() float64                        // the same in every run
	unit   unit

	hard, stretch bound

	of            string // the case whose allocations count
	over          string // the case whose allocations are not its own
	allocs, bytes bound
	allocsStretch bound
}

// A bound is what a figure must not cross. The zero bound lets everything pass.
type bound struct {
	sign string
	n    float64
}

func most(n float64) bound  { return bound{"≤", n} }
func least(n float64) bound { return bound{"≥", n} }

func (b bound) set() bool { return b.sign != "" }

func (b bound) holds(x float64) bool {
	switch b.sign {
	case "≤":
		return x <= b.n
	case "≥":
		return x >= b.n
	}
	return true
}

// A unit is how a figure reads.
type unit string

const (
	times  unit = " ×"
	nanos  unit = " ns"
	octets unit = " B"
)

func (u unit) text(x float64) string {
	switch {
	case math.IsInf(x, 0) || math.IsNaN(x):
		return "?"
	case u == octets:
		return fmt.Sprintf("%.0f B", x)
	case u == nanos:
		return fmt.Sprintf("%+.1f ns", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// timed tells that the figure differs from run to run.
func (g *goal) timed() bool { return g.figure != nil }

// counted tells that something in it is the same in every run, and has a goal.
func (g *goal) counted() bool { return g.exact != nil || g.allocs.set() || g.bytes.set() }

// wanted is the column "hard goal".
func (g *goal) wanted() string {
	var all []string
	add := func(b bound, u string) {
		if b.set() {
			all = append(all, fmt.Sprintf("%s %v%s", b.sign, b.n, u))
		}
	}
	add(g.hard, string(g.unit))
	over := ""
	if g.over != "" {
		over = " more than " + g.over
	}
	add(g.allocs, " allocs"+over)
	add(g.bytes, " B allocated"+over)
	return strings.Join(all, ", ")
}

// A result is a goal with its figures.
type result struct {
	*goal

	estimate paired.Estimate
	known    bool        // there is an estimate
	cost     paired.Cost // of the case
	floor    paired.Cost // of the case that it stands on
}

// met tells whether the hard goal is reached, as far as it was measured.
func (r *result) met() bool {
	return (!r.known || r.hard.holds(r.estimate.Median)) &&
		r.allocs.holds(r.moreAllocs()) && r.bytes.holds(r.cost.Bytes-r.floor.Bytes)
}

// moreAllocs is how many allocations there are beyond those of the floor, to a tenth. The
// difference is rounded and not the two: an RPC has 142.95 of them, and rounding would make
// a tenth of nothing.
func (r *result) moreAllocs() float64 {
	return math.Round(10*(r.cost.Allocs-r.floor.Allocs)) / 10
}

// stretched tells whether the better goal is reached too.
func (r *result) stretched() bool {
	return r.known && r.stretch.holds(r.estimate.Median) && r.allocsStretch.holds(r.moreAllocs())
}

func (r *result) verdict() string {
	switch {
	case !r.hard.set() && !r.allocs.set() && !r.bytes.set():
		return ""
	case !r.met():
		return "**FAIL**"
	case r.hard.set() && !r.known:
		return "" // not timed
	case !r.stretch.set() && !r.allocsStretch.set():
		return "pass"
	case r.stretched():
		return "pass, stretch too"
	}
	return "pass, not stretch"
}
