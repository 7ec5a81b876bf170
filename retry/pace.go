// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"math"
	"time"
)

// A pace is how many requests of a key may leave in a second, one after the other.
// Where nobody has told it, it is found as a number is guessed, in steps that halve:
//
//   - It starts at firstRate, and each answer that the upstream lets through while
//     others wait adds firstGrowth. So it grows by the work that is done, 4.5-fold a
//     second at best, and stands still where it holds nobody back.
//   - A 429 takes a share of it, the step. The first one takes half: a limiter that
//     allows a burst is silent until the pace is about twice its limit. Each further
//     one takes half the share of the one before, down to leastStep.
//   - What a 429 took grows back in 2/step times the wait that it named, so closures
//     cost half a step of the time at most. That is a growth of step²/2 a wait. The
//     square is right for another reason too: by how much the pace overshoots a limit
//     that a burst hides goes with the root of the growth, and so with the step.
//   - A 429 that comes when next to nothing has grown back says that the limit is much
//     lower: the step doubles. A pace that has grown beyond that of the last 429, by a
//     quarter of a step, says that it is higher: the step doubles, and with it the
//     growth, again and again until the next 429.
//
// A told limit is where the pace starts, and what it never exceeds. 429s that come all
// the same, because other processes share the limit, bring it down as above.
type pace struct {
	rate   float64 // requests a second
	most   float64 // that is told; infinite where it is not
	growth float64 // for each answer let through
	step   float64 // the share that the last 429 took
	last   float64 // the rate when it came
}

const (
	// firstRate is below Box's general limit of 1000 a minute, and 64 callers that
	// have waited for the gate to open are through in two seconds.
	firstRate = 10

	// firstGrowth: with 1, an outage of two seconds costs a service more than 2 % of
	// two minutes; with 2, the pace shoots so high that half of it is still too much.
	firstGrowth = 1.5

	// leastStep loses a 64th in closures, and as much on the way back. A smaller one
	// would take minutes to notice that a limit was raised.
	leastStep = 1.0 / 32

	// toldStep: of a told limit the first 429 takes an eighth, for it is about right.
	toldStep = 1.0 / 4

	// leastRate: nobody waits longer than ten seconds by default ([WithMaxWait]).
	leastRate = 0.1

	// leastClosure counts where the upstream names a shorter wait. Most of them name
	// whole seconds.
	leastClosure = 1 // second
)

// newPace learns where most is 0, and else starts there.
func newPace(most float64) pace {
	if most > 0 {
		return pace{rate: most, most: most, step: toldStep, last: most}
	}
	return pace{rate: firstRate, most: math.Inf(1), growth: firstGrowth, step: 1, last: firstRate}
}

// gap is the time from one request to the next.
func (p *pace) gap() time.Duration { return seconds(1 / p.rate) }

// after is the time in which n requests leave, if all of them are let through. That
// they make the pace grow is part of it: who comes 500th need not be refused because
// the pace starts low.
func (p *pace) after(n int) time.Duration {
	s := float64(n) / p.rate
	if p.growth > 0 {
		s = max(math.Log1p(p.growth*s)/p.growth, float64(n)/p.most)
	}
	return seconds(s)
}

// passed says that the upstream let a request through while others waited.
func (p *pace) passed() {
	p.rate = min(p.rate+p.growth, p.most)
	if p.rate > p.last*(1+p.step/4) {
		p.last = p.rate
		p.step = min(2*p.step, 1)
		p.growth = min(4*p.growth, firstGrowth)
	}
}

// throttled says that a request that left at this pace was answered 429, and for how
// long the upstream closed.
func (p *pace) throttled(closed time.Duration) {
	const nextToNothing = 1.0 / 16
	if p.rate < p.last*(1-p.step*(1-nextToNothing)) {
		p.step = min(2*p.step, 1.0/2)
	} else {
		p.step = max(p.step/2, leastStep)
	}
	p.last = p.rate
	p.rate = min(max(p.rate*(1-p.step), leastRate), p.most)
	p.growth = p.step * p.step / 2 / max(closed.Seconds(), leastClosure)
}

// seconds saturates: a limit of one request in a hundred years is odd, no crash.
func seconds(s float64) time.Duration {
	if ns := s * float64(time.Second); ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return math.MaxInt64
}
