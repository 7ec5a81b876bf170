// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/translate"
)

// Succeeded says that an operation succeeded, which refills its budget.
func (c *Controller) Succeeded(op Operation) { c.budgets.earn(op.Group) }

// Again decides what follows a failed attempt ([Controller.Decide]), charges the
// budget, tells the observers, and waits. Where it returns Retry, the next attempt
// is due. Where ctx ends during the wait, it does not.
//
// [Do] does all that. Again is for loops that Do does not fit, such as interceptors.
func (c *Controller) Again(ctx context.Context, op Operation, f Failure) Decision {
	d := c.next(ctx, op, f)
	if d.Retry && !sleep(ctx, d.Delay) {
		d = Decision{Reason: ReasonCanceled}
		c.tell(ctx, &Event{Operation: op.Name, Group: op.Group, Attempt: f.Attempt, Reason: d.Reason, Err: f.Err})
	}
	return d
}

// next is Again without the wait. The delay that it returns is the drawn one.
func (c *Controller) next(ctx context.Context, op Operation, f Failure) Decision {
	d := c.Decide(f)
	if c.charges(&f, d) && !c.budgets.charge(op.Group) && d.Retry {
		d = Decision{Reason: ReasonBudget}
	}
	d = Decision{Retry: d.Retry, Delay: d.draw(), Reason: d.Reason}
	c.tell(ctx, &Event{
		Operation: op.Name, Group: op.Group, Attempt: f.Attempt,
		Retry: d.Retry, Delay: d.Delay, Reason: d.Reason, Err: f.Err,
	})
	return d
}

// charges tells whether a failure counts against the budget: one that could be
// repeated, and of which no other layer gives notice. A 429 does not: the upstream is
// well, and the gate bounds what is sent. Nor does ABORTED: others are at work on one
// item, and no sign that all is in trouble.
func (c *Controller) charges(f *Failure, d Decision) bool {
	switch d.Reason {
	case ReasonForeign, ReasonPermanent, ReasonUnsafe, ReasonSpent, ReasonNotOwner:
		return false
	}
	code := codeOf(f)
	return code != codes.ResourceExhausted && code != codes.Aborted
}

func codeOf(f *Failure) codes.Code {
	if f.Received {
		return status.Code(f.Err)
	}
	e, _ := translate.FromError(f.Err)
	return e.Code()
}

// sleep returns false if ctx is done first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Remaining is what is left of the deadline of ctx, or [NoDeadline].
func Remaining(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return NoDeadline
	}
	return max(time.Until(deadline), 0)
}
