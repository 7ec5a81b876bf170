// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/retry"
)

// The reference: the rules of the design once more, as somebody would write them
// down who has the whole account before him and does not care for speed.

// A belief is what the rules say; maybe is where they leave it open, such as how
// many tokens a budget had left.
type belief int

const (
	no belief = iota
	maybe
	yes
)

func believe(b bool) belief {
	if b {
		return yes
	}
	return no
}

// The defaults of the controllers.
const (
	modelMaxWait = 10 * time.Second
	modelBackoff = 500 * time.Millisecond
)

// window is the longest backoff after so many attempts; 8 s is not reached in 3.
func modelWindow(attempt int) time.Duration { return modelBackoff << (attempt - 1) }

// A pause is when the next attempt has to come.
type pause struct{ least, most time.Duration }

// pauseAfter: a named wait is never shortened, and jitter on it goes upward only;
// ABORTED means that somebody is at work, for a second at least.
func pauseAfter(f modelFact, attempt int) pause {
	w := modelWindow(attempt)
	switch {
	case f.hinted:
		return pause{f.hint, f.hint + max(f.hint/10, w-f.hint)}
	case f.code == codes.Aborted:
		return pause{time.Second, time.Second + w}
	}
	return pause{0, w}
}

// inTime tells whether a wait that starts at now may be begun.
func (w *modelWorld) inTime(least, now time.Duration) bool {
	return least <= modelMaxWait && (w.deadline == 0 || now+least < w.deadline)
}

// declaredSafe: somebody said that repeating the method does no harm.
func (w *modelWorld) declaredSafe() bool {
	return w.safety == retry.ReadOnly || w.safety == retry.Idempotent
}

// repeatableRPC tells whether the same RPC may be sent again after this run: RetryInfo.
func (w *modelWorld) repeatableRPC(r *modelRun) belief {
	f := r.fact
	switch {
	case !f.upstream || f.class == classNever || w.safety == retry.NotIdempotent:
		return no
	case w.declaredSafe():
		return yes
	case !f.allowed:
		return no
	}
	dirty := w.dirty(r)
	if w.safety == retry.SingleUpstreamCall {
		if !w.isolated {
			return yes // what holds for the request holds for the whole
		}
		return 2 - dirty
	}
	through := r.through()
	switch {
	case !w.isolated || through == 0:
		return no // an absent ledger proves nothing
	case through < len(r.requests) && !r.accounted():
		return no // what failed is not in the ledger
	case through < len(r.requests):
		return min(2-dirty, maybe)
	}
	return 2 - dirty
}

// dirty tells whether the ledger shows a write that was applied or may have been.
func (w *modelWorld) dirty(r *modelRun) belief {
	d := no
	for _, q := range r.requests {
		switch {
		case q.do == nil || q.step.op == retry.ReadOnly:
		case w.parallel, len(q.looks) > 0 && q.fact.effect != untouched:
			d = max(d, maybe) // somebody has found out, or it depends on who was first
		case q.fact.effect != untouched:
			d = yes
		}
	}
	if w.parallel {
		d = maybe
	}
	return d
}

// accounted tells whether an error like that of the run went through Do.
func (r *modelRun) accounted() bool {
	return slices.ContainsFunc(r.requests, func(q *modelRequest) bool {
		return q.do != nil && q.fact.failed && q.fact.status == r.fact.status
	})
}

func (r *modelRun) through() int {
	n := 0
	for _, q := range r.requests {
		if q.do != nil {
			n++
		}
	}
	return n
}

// spent tells whether the attempts of this side have been made already.
func (w *modelWorld) spent(r *modelRun) belief {
	if w.attempts == 1 {
		return no // they are the caller's
	}
	s := believe(r.fact.attempts >= w.attempts)
	for _, d := range r.dos {
		if d.err == nil || len(d.requests) == 0 {
			continue
		}
		last := d.requests[len(d.requests)-1]
		switch {
		case len(d.requests) >= w.attempts && w.isolated && !w.parallel && w.repeatableRequest(last) == yes:
			s = yes
		case len(d.requests) >= w.attempts, w.budget > 0:
			s = max(s, maybe)
		}
	}
	if w.parallel {
		s = max(s, maybe)
	}
	return s
}

// repeatableRequest tells whether Do may call again after this request.
func (w *modelWorld) repeatableRequest(q *modelRequest) belief {
	f := q.fact
	switch op := q.step.op; {
	case !f.failed || f.class == classNever:
		return no
	case op == retry.ReadOnly, op == retry.Idempotent, q.step.looks:
		return yes
	case op == retry.SingleUpstreamCall:
		return believe(f.allowed)
	}
	if f.allowed {
		return maybe // the answer proves it, but not for all that the operation does
	}
	return no
}

// tried is how many attempts this and the earlier runs of the RPC have made: a run is
// one, or as many as an operation in it that failed.
func (w *modelWorld) tried(r *modelRun) int {
	all := 0
	if w.parallel {
		return 1 + slices.Index(r.rpc.runs, r) // at least: what was known at that moment?
	}
	for _, earlier := range r.rpc.runs {
		most := 1
		for _, d := range earlier.dos {
			if d.err != nil && w.isolated {
				most = max(most, len(d.requests))
			}
		}
		all += most
		if earlier == r {
			break
		}
	}
	return all
}

// doLimit is how often a Do may try in this run.
func (w *modelWorld) doLimit(r *modelRun) int {
	n := slices.Index(r.rpc.runs, r) // earlier runs
	switch {
	case !w.isolated, w.parallel:
		return w.attempts
	case n > 0:
		return max(w.attempts-w.tried(r.rpc.runs[n-1]), 1)
	case r.rpc.before > 0:
		return 1
	}
	return w.attempts
}

// runAgain tells whether the server has to run the handler again after this run.
func (w *modelWorld) runAgain(r *modelRun) (belief, pause) {
	made := w.tried(r)
	p := pauseAfter(r.fact, made)
	may := w.repeatableRPC(r)
	switch {
	case w.attempts == 1, r.rpc.before > 0, made >= w.attempts, !w.isolated, r.committed:
		may = no
	case w.safety == retry.Unknown: // nobody declared it
		may = no
	case !w.inTime(p.least, r.end):
		may = no
	}
	may = min(may, 2-w.spent(r))
	if w.budget > 0 || w.cancel > 0 {
		may = min(may, maybe)
	}
	return may, p
}
