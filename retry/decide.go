// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// NoDeadline is what remains where there is no deadline.
const NoDeadline time.Duration = -1

// A Failure is one failed attempt, in the values that a decision looks at.
type Failure struct {
	// Err is what the attempt returned. What is not an upstream's error
	// ([translate.FromError]) is never repeated.
	Err error
	// Attempt is how many attempts there were, this one and those of a caller who
	// retries by itself included.
	Attempt int
	// Safety is what a repeat can do to the world.
	Safety Safety
	// Remaining is what is left of the deadline; NoDeadline means that there is none.
	Remaining time.Duration

	// Proven means that a ledger accounts for every upstream request of this
	// attempt, and that none changed anything ([Ledger.Proves]).
	Proven bool
	// Changed means that a write of this attempt was applied, or may have been.
	Changed bool
	// Spent means that the layer below has made all the attempts there are.
	Spent bool
	// Reconcilable means that somebody can find out whether it was applied.
	Reconcilable bool
	// Hold is why this layer must not repeat even what could be repeated: something
	// was delivered already (ReasonCommitted), or somebody else retries
	// (ReasonNotOwner). Empty means that it may.
	Hold Reason

	// Received means that Err came over the wire: this is the caller's side of an
	// RPC. Pushback is what its trailer said.
	Received bool
	Pushback Pushback
}

// A Decision is what follows a failed attempt.
type Decision struct {
	// Retry means: once more, after Delay and a random part of Jitter.
	Retry         bool
	Delay, Jitter time.Duration
	// Reason says why, in one of few words.
	Reason Reason
}

// Decide says what follows a failed attempt. It is pure: the same failure always
// gets the same decision, and nothing is charged, told or waited for.
//
// Safety comes first: an attempt is repeated only if that does no harm. A wait that
// the upstream or the server named is never shortened; one that is longer than
// [WithMaxWait], or does not end before the deadline, is not begun.
func (c *Controller) Decide(f Failure) Decision {
	v := c.judge(&f)
	switch {
	case !v.again:
		return Decision{Reason: v.reason}
	case f.Spent:
		return Decision{Reason: ReasonSpent}
	case c.attempts == 1:
		return Decision{Reason: ReasonNotOwner}
	case f.Attempt >= c.attempts:
		return Decision{Reason: ReasonAttempts}
	case f.Hold != "":
		return Decision{Reason: f.Hold}
	case v.delay > c.longest:
		return Decision{Reason: ReasonMaxWait}
	case f.Remaining >= 0 && v.delay >= f.Remaining:
		return Decision{Reason: ReasonDeadline}
	}
	if f.Remaining >= 0 {
		v.jitter = min(v.jitter, f.Remaining-v.delay-1)
	}
	return Decision{Retry: true, Delay: v.delay, Jitter: v.jitter, Reason: v.reason}
}

// verdict is whether, and when, an attempt may be repeated by anybody.
type verdict struct {
	again         bool
	delay, jitter time.Duration
	reason        Reason
}

func (c *Controller) judge(f *Failure) verdict {
	if f.Received {
		return c.obey(f)
	}
	e, ok := translate.FromError(f.Err)
	switch {
	case !ok:
		return verdict{reason: ReasonForeign}
	case e.RetryClass() == boxgrpcv1.Retry_RETRY_NEVER:
		return verdict{reason: ReasonPermanent}
	case !harmless(e, f):
		return verdict{reason: ReasonUnsafe}
	}
	hint, named := e.RetryAfter()
	return c.delay(hint, named, e.Code(), f.Attempt)
}

// harmless: the operation is safe to repeat, or it is proven that nothing was
// changed, or somebody will look first. Unknown means no.
func harmless(e *translate.Error, f *Failure) bool {
	_, allowed := e.RetryDelay()
	switch {
	case f.Safety == NotIdempotent:
		return false
	case f.Safety.Repeatable(), f.Reconcilable:
		return true
	case f.Safety == SingleUpstreamCall:
		return allowed && !f.Changed
	}
	return allowed && f.Proven
}

// obey reads what a server told its caller: the pushback trailer before RetryInfo,
// and where it said nothing, only UNAVAILABLE of a method that is safe to repeat.
func (c *Controller) obey(f *Failure) verdict {
	delay, told := f.Pushback.Wait()
	switch {
	case f.Pushback.Stop():
		return verdict{reason: ReasonPushback}
	case told:
		return verdict{again: true, delay: delay, reason: ReasonPushback}
	}
	if e, ok := translate.FromError(f.Err); ok {
		if hint, ok := e.RetryDelay(); ok {
			return c.delay(hint, true, e.Code(), f.Attempt)
		}
		return verdict{reason: ReasonPermanent}
	}
	code := status.Code(f.Err) // copies a status that is wrapped
	if hint, ok := retryInfo(f.Err); ok {
		return c.delay(hint, true, code, f.Attempt)
	}
	if code != codes.Unavailable {
		return verdict{reason: ReasonPermanent}
	}
	if !f.Safety.Repeatable() {
		return verdict{reason: ReasonUnsafe}
	}
	return c.delay(0, false, code, f.Attempt)
}
