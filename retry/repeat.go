// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/translate"
)

// repeat is the state of one Do.
type repeat struct {
	c     *Controller
	op    Operation
	above *Ledger // nil: nobody keeps account
	inner *Ledger // of the last attempt

	attempt int
	begun   time.Time // of the last attempt, where there is a reconcile function
	mark    Mark
	idle    bool // the gate held nothing back when the attempt was sent
	gated   bool // the gate does the waiting after a 429
	due     time.Time
	turn    *turn // that the gate gave for the attempt

	failed  *translate.Error // the last failure
	last    error            // and as it was returned
	before  error            // the one before
	earlier change           // what earlier attempts may have changed
	unsure  bool             // one of them may have been applied
	window  window           // and when
	canLook bool
	decided Decision
}

// again decides about a failure, and waits unless the gate will.
func (r *repeat) again(ctx context.Context, err error) bool {
	r.before, r.last = r.last, err
	f := r.failure(ctx, err)
	r.decided = r.c.next(ctx, r.op, f)
	if !r.decided.Retry {
		return false
	}
	if r.gated {
		wait := hintOf(r.failed)
		if wait < 0 { // a gate may let everybody in
			wait = r.decided.Delay
		}
		r.due = time.Now().Add(wait)
		return true
	}
	return r.wait(ctx)
}

func (r *repeat) wait(ctx context.Context) bool {
	if sleep(ctx, r.decided.Delay) {
		return true
	}
	r.canceled(ctx)
	return false
}

func (r *repeat) canceled(ctx context.Context) {
	r.decided = Decision{Reason: ReasonCanceled}
	r.tell(ctx, ReasonCanceled, 0, r.last)
}

func (r *repeat) tell(ctx context.Context, reason Reason, delay time.Duration, err error) {
	r.c.tell(ctx, &Event{Operation: r.op.Name, Group: r.op.Group, Attempt: r.attempt, Delay: delay, Reason: reason, Err: err})
}

// failure is the last attempt, as a decision looks at it.
func (r *repeat) failure(ctx context.Context, err error) Failure {
	f := Failure{
		Err: err, Attempt: r.attempt, Safety: r.op.Safety, Remaining: Remaining(ctx),
		Changed: r.inner.Changed(), Reconcilable: r.canLook,
	}
	if e, ok := translate.FromError(err); ok {
		f.Proven, f.Spent = r.inner.Proves(e), r.inner.Spent(e)
		r.failed = e
		did := max(changeOf(e), r.inner.account(r.op.Safety, err).changed)
		r.earlier = max(r.earlier, did)
		if did != unchanged {
			r.window.extend(r.begun, time.Now(), !r.unsure)
			r.unsure = true
		}
	}
	if most := r.above.most(); most > 0 && r.attempt >= most {
		f.Hold = ReasonNotOwner
	}
	return f
}

// repeats tells whether the whole can still be repeated, so that nothing in it needs to
// be. What has changed something in this attempt ends that.
func (r *repeat) repeats(inner *Ledger) bool {
	return r.op.Safety.Repeatable() || r.canLook || !inner.Changed()
}

// left is how many attempts there are yet, this one included.
func (r *repeat) left() int {
	left := max(r.c.attempts-r.attempt+1, 1)
	if most := r.above.most(); most > 0 {
		return min(left, most)
	}
	return left
}

// looks tells whether to ask what the attempts so far have done. What is harmless to
// repeat is repeated first.
func (r *repeat) looks(again bool) bool {
	return r.canLook && r.unsure && (!again || !r.op.Safety.Repeatable())
}

// succeeded refills the budget, unless a layer below has done so.
func (r *repeat) succeeded() {
	if asked, _ := r.inner.below(); !asked {
		r.c.Succeeded(r.op)
	}
}

func (r *repeat) reconciled(ctx context.Context) {
	r.c.Succeeded(r.op)
	r.tell(ctx, ReasonReconciled, 0, r.last)
}

// refused is what Do returns when the gate let no further attempt through: the real
// error, where there was one.
func (r *repeat) refused(err error) error {
	if r.last != nil {
		return r.fail(r.last, nil)
	}
	if e, ok := translate.FromError(err); ok && r.above.begin() {
		r.above.end(&Ledger{}, r.op.Safety, e)
	}
	return err
}

// fail is what Do returns in the end. lookErr is why nobody knows more; it goes into
// the cause.
func (r *repeat) fail(err, lookErr error) error {
	e, ok := translate.FromError(err)
	if !ok {
		return err
	}
	r.above.giveUp(r.attempt, e, r.decided)
	all := refine(e, r.attempt, r.earlier)
	if e.Code() == codes.DeadlineExceeded || e.Code() == codes.Canceled {
		lookErr = errors.Join(r.before, lookErr) // the time ran out, but that is not all there was
	}
	if all == e && lookErr == nil {
		return err
	}
	return all.WithCause(errors.Join(err, lookErr))
}
