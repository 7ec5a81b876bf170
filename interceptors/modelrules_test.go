// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A modelCheck holds the account of one case against every rule.
type modelCheck struct {
	*modelWorld

	broken []string
}

func (c *modelCheck) failf(rule, format string, args ...any) {
	c.broken = append(c.broken, rule+": "+fmt.Sprintf(format, args...))
}

func (c *modelCheck) all() []string {
	for _, rpc := range c.rpcs {
		for _, r := range rpc.runs {
			if r.wrong != "" {
				c.failf("replay", "run %d: %s", r.n, r.wrong)
			}
			c.after(r)
			for _, d := range r.dos {
				c.do(r, d)
			}
		}
		c.told(rpc)
		c.outcome(rpc)
	}
	c.harm()
	c.counts()
	c.caller()
	c.result()
	return c.broken
}

// next is the run that follows in the same RPC, or nil.
func (r *modelRun) next() *modelRun {
	if i := slices.Index(r.rpc.runs, r) + 1; i < len(r.rpc.runs) {
		return r.rpc.runs[i]
	}
	return nil
}

// after: a further run where it is safe, due and in time, and only there.
func (c *modelCheck) after(r *modelRun) {
	next := r.next()
	may, p := c.runAgain(r)
	switch {
	case next == nil && may == yes:
		c.failf("run again", "no run follows run %d, which failed with %v at %v", r.n, r.err, r.end)
	case next == nil:
	case may == no:
		c.failf("safety", "run %d follows run %d, which ended with %v at %v", next.n, r.n, r.err, r.end)
	default:
		c.paused("run", r.n, next.start-r.end, p)
	}
}

func (c *modelCheck) paused(what string, n int, got time.Duration, p pause) {
	if got < p.least {
		c.failf("never early", "%s %d is followed after %v, want %v at least", what, n, got, p.least)
	}
	if got > p.most && !c.parallel {
		c.failf("no longer than needed", "%s %d is followed after %v, want %v at most", what, n, got, p.most)
	}
}

// do: what retry.Do does within one run.
func (c *modelCheck) do(r *modelRun, d *modelDo) {
	unsure := false
	for i, q := range d.requests {
		unsure = unsure || q.fact.effect != untouched && q.fact.failed
		if !q.done {
			continue
		}
		may, p := c.repeatableRequest(q), pauseAfter(q.fact, i+1)
		looked := slices.ContainsFunc(q.looks, func(l modelLook) bool { return l.done || l.err != nil })
		switch {
		case looked, i+1 >= c.doLimit(r), !c.inTime(p.least, q.end):
			may = no
		case c.budget > 0, c.cancel > 0, c.parallel:
			may = min(may, maybe)
		}
		if i+1 < len(d.requests) {
			if may == no {
				c.failf("Do", "%s of run %d is sent again after %+v", q.step.method, r.n, q.fact)
			} else {
				c.paused("request", q.index, d.requests[i+1].start-q.end, p)
			}
			if unsure && !d.step.op.Repeatable() && len(q.looks) == 0 {
				c.failf("ambiguous write", "%s of run %d is sent again, and nobody has looked", q.step.method, r.n)
			}
			continue
		}
		if may == yes && d.ended {
			c.failf("Do", "%s of run %d is not sent again after %+v", q.step.method, r.n, q.fact)
		}
		if d.ended && len(q.looks) == 0 && d.end != q.end && c.cancel == 0 && !c.parallel {
			c.failf("at once", "Do knew its failure at %v and returned at %v", q.end, d.end)
		}
	}
}

// harm: no write is sent a second time by our doing unless that does none.
func (c *modelCheck) harm() {
	for i, r := range c.runs[:max(len(c.runs)-1, 0)] {
		next := c.runs[i+1]
		byUs := next.rpc == r.rpc || c.modelCase.caller == callerStock && r.fact.upstream ||
			c.modelCase.caller == callerOurs && (r.fact.upstream || !c.known.Repeatable())
		if !byUs || c.declaredSafe() {
			continue
		}
		for _, q := range r.requests {
			single := c.safety == retry.SingleUpstreamCall && repeatableRequest(q.step.method)
			if (q.applied || q.sent && q.fact.effect != untouched) && !single && !c.settled(q) {
				c.failf("harm", "run %d follows run %d, where a %s was applied %v: %+v", next.n, r.n, q.step.method, q.applied, q.fact)
			}
		}
	}
	for _, r := range c.runs {
		for _, d := range r.dos {
			n := 0
			for _, q := range d.requests {
				if q.applied {
					n++
				}
			}
			if n > 1 && !d.step.op.Repeatable() {
				c.failf("harm", "Do applied a %s %d times", d.step.method, n)
			}
		}
	}
}

// settled: a reconcile function has found that the write was not applied.
func (c *modelCheck) settled(q *modelRequest) bool {
	return !q.applied && slices.ContainsFunc(q.looks, func(l modelLook) bool { return l.err == nil && !l.done })
}
