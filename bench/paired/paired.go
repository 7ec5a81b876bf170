// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package paired tells how long operations take in terms of each other, on a machine
// whose speed does not hold from one second to the next.
//
// Every round times one batch of each operation, in an order of its own, each after a
// garbage collection. Ratios are taken inside the round, where both sides had the
// same machine; what is reported is the median of the rounds. The first case is timed
// once more, as if it were another one: how far that is from 1 is how far the rest can
// be trusted.
package paired

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// aa is the name of the first case where it is timed once more.
const aa = "A/A"

// A Case is an operation. Each of its Runs does it n times. Where there are several, the
// rounds take them in turn: they differ in nothing but chance, such as where the memory of a
// connection lies, and so chance gives no case a percent for as long as it lasts.
type Case struct {
	Name string
	Runs []func(n int)
}

// Each returns a Case with one Run, which calls op.
func Each(name string, op func()) Case {
	return Case{name, []func(int){func(n int) {
		for range n {
			op()
		}
	}}}
}

// Run does the operation n times.
func (c Case) Run(n int) { c.Runs[0](n) }

// again is the case once more. In each round it has another Run than c, if there are others.
func (c Case) again() Case {
	return Case{aa, slices.Concat(c.Runs[1:], c.Runs[:1])}
}

// A Plan says what is timed. The first case is the base.
type Plan struct {
	Cases  []Case
	Rounds int
	// Batch is how many operations are timed together. It is part of what is measured: the
	// first ones after a garbage collection find nothing in the caches, and what many of
	// them throw away no longer fits into these.
	Batch int
}

// Measure times the plan.
func (p Plan) Measure() *Figures {
	cases := append(slices.Clone(p.Cases), p.Cases[0].again())
	f := &Figures{names: make([]string, len(cases)), ns: make([][]float64, len(cases))}
	for i, c := range cases {
		f.names[i] = c.Name
		for _, run := range c.Runs {
			run(p.Batch) // warms up
		}
	}
	// Not a rotation: there each case would always follow the same one, and the copy of
	// the base would warm the caches for it. The seed makes runs alike.
	order := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // nothing is secret
	for round := range p.Rounds {
		for _, i := range order.Perm(len(cases)) {
			runs := cases[i].Runs
			f.ns[i] = append(f.ns[i], timed(runs[round%len(runs)], p.Batch))
		}
	}
	return f
}

// timed returns the nanoseconds of one operation. What the collection and the case
// before have driven out of the caches comes back before the clock starts.
func timed(run func(n int), n int) float64 {
	runtime.GC()
	run(max(1, n/8))
	start := time.Now()
	run(n)
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}
