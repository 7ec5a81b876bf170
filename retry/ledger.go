// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"math"
	"slices"
	"sync"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A Ledger is a context that keeps account of the upstream requests made under it.
// The server interceptors give one to each run of a handler, [Do] and transports
// built on it fill it, and so each layer knows what the others did. It is safe for
// concurrent use.
//
// It proves something only about requests that went through [Do]. What else a handler
// does, it cannot know: a method with other effects is to be declared as such.
type Ledger struct {
	context.Context

	// Attempts says how many each operation below may make, where a layer above
	// retries itself; 0 or a nil Attempts means as many as its controller says. It
	// gets the Context, and is asked when an operation has failed.
	Attempts func(context.Context) int

	under *repeat // the Do whose attempt this is, which retries itself
	turn  *turn   // at the gate, for the first request of the attempt

	mu          sync.Mutex
	failed      []failure
	open        int16 // requests without an answer so far
	triedBefore int16 // attempts, in earlier runs
	tries       int16 // of the operation that failed after most
	asked       bool  // there were requests
	over        bool  // the handler has returned: nothing may begin any more
	changed     change
	didBefore   change // in earlier runs
	gated       bool   // a gate below holds back what comes next
}

// failure is that of an operation, and whether there were all attempts.
type failure struct {
	err   *translate.Error
	spent bool
}

// mostFailures bounds what is kept of the operations that failed: the last ones.
const mostFailures = 64

func (l *Ledger) note(failures ...failure) {
	l.failed = append(l.failed, failures...)
	l.failed = l.failed[max(len(l.failed)-mostFailures, 0):]
}

// met tells whether an operation failed with e, by status and the upstream's id of the
// request: the handler has its own translation of the same answer.
func (l *Ledger) met(e *translate.Error, spent bool) bool {
	return slices.ContainsFunc(l.failed, func(f failure) bool {
		return (f.spent || !spent) && statusOf(f.err) == statusOf(e) && f.err.RequestID() == e.RequestID()
	})
}

// change is what writes did, from nothing to the worst.
type change uint8

const (
	unchanged change = iota
	applied
	unknown
)

type ledgerKey struct{}

// Value gives out the ledger itself to the layers below.
func (l *Ledger) Value(key any) any {
	if key == (ledgerKey{}) {
		return l
	}
	return l.Context.Value(key)
}

// ledgerOf returns the innermost ledger, or nil.
func ledgerOf(ctx context.Context) *Ledger {
	l, _ := ctx.Value(ledgerKey{}).(*Ledger)
	return l
}

// most is how many attempts an operation below may make; 0 means that nothing limits
// it. Under a Do it is one, for Do repeats the whole, unless it cannot any more.
func (l *Ledger) most() int {
	switch {
	case l == nil:
		return 0
	case l.under != nil && l.under.repeats(l):
		return 1
	case l.under != nil:
		return l.under.left()
	case l.Attempts == nil:
		return 0
	}
	return l.Attempts(l.Context)
}

// Proves tells whether the ledger accounts for every upstream request so far, the
// one that failed with e among them, and none of them changed anything.
func (l *Ledger) Proves(e *translate.Error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open == 0 && l.changed == unchanged && l.met(e, false)
}

// Changed tells whether a write was applied, or may have been.
func (l *Ledger) Changed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.did() != unchanged
}

// did is the worst that was done so far: of what is under way nobody knows.
func (l *Ledger) did() change {
	if l.open > 0 {
		return unknown
	}
	return l.changed
}

// Spent tells whether the operation below that failed with e made all the attempts
// there are.
func (l *Ledger) Spent(e *translate.Error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.met(e, true)
}

// Asked tells whether operations below made requests.
func (l *Ledger) Asked() bool {
	asked, _ := l.below()
	return asked
}

func statusOf(e *translate.Error) int16 {
	status, _ := e.HTTPStatus()
	return int16(status)
}

// Follow makes l the ledger of the run after that of prev, which failed with e. It is
// called before l is used.
func (l *Ledger) Follow(prev *Ledger, e *translate.Error) {
	prev.mu.Lock()
	defer prev.mu.Unlock()
	l.didBefore = max(prev.didBefore, prev.did(), changeOf(e))
	l.triedBefore = int16(min(prev.tried(), math.MaxInt16))
}

// Refine makes e say what all runs and requests did together, where e itself speaks
// of the last request only: its outcome, and the number of attempts.
func (l *Ledger) Refine(e *translate.Error) *translate.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return refine(e, l.tried(), max(l.didBefore, l.did()))
}

// Tried is how many attempts there were, in this run and those before: one for each
// run, or as many as the operation below made that failed.
func (l *Ledger) Tried() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tried()
}

func (l *Ledger) tried() int { return int(l.triedBefore) + max(int(l.tries), 1) }

// refine completes an error by what is known beside it. An outcome other than "nothing
// was changed" says as much already.
func refine(e *translate.Error, attempts int, did change) *translate.Error {
	e = e.WithAttempts(max(attempts, e.Attempts()))
	if e.Outcome() != boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED {
		return e
	}
	switch did {
	case applied:
		return e.WithOutcome(boxgrpcv1.Outcome_OUTCOME_PARTIAL)
	case unknown:
		return e.WithOutcome(boxgrpcv1.Outcome_OUTCOME_UNKNOWN)
	}
	return e
}

func changeOf(e *translate.Error) change {
	switch e.Outcome() {
	case boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED:
		return unchanged
	case boxgrpcv1.Outcome_OUTCOME_APPLIED, boxgrpcv1.Outcome_OUTCOME_PARTIAL:
		return applied
	}
	return unknown
}

// Close ends the run. What its handler has left behind in goroutines, waiting for its
// next attempt, sends nothing any more: nobody could account for it.
func (l *Ledger) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}
