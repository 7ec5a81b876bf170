// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boxgrpc/boxgrpc/translate"
)

// Do calls fn until it succeeds or must not be called again, and returns what the
// last call returned, value and error. It waits at the gate before each call, and
// charges the budget. fn gets a context with a [Ledger]: layers of ours below it, such
// as boxhttp, leave the retrying to Do.
//
// After a failure that leaves open whether fn changed something, an operation that
// is not safe to repeat ends, unless reconcile is given. Then Do waits, asks
// reconcile, and calls fn again only if that says that nothing was done:
//
//	value, true, nil    it was done: Do returns value
//	_, false, nil       it was not done
//	_, _, err           nobody knows: Do returns the failure, and err as its cause
//
// From then on it is asked after every failure, for the next one may be our own
// success: the name is in use because we have created it. Of an operation that is safe
// to repeat it is asked only where Do would give up. reconcile needs evidence
// that an item is ours and not somebody else's; [Window] helps. It may be nil.
//
// The zero Operation is of unknown safety: it is repeated only where a ledger below
// proves that nothing was done. A single request to an upstream is a
// [SingleUpstreamCall].
//
// An error that is not an upstream's ([translate.FromError]) ends it at once. Where
// more than one call was made, the error tells how many, and its outcome speaks of
// all of them.
func Do[T any](
	ctx context.Context, c *Controller, op Operation,
	fn func(context.Context) (T, error),
	reconcile func(context.Context, *translate.Error) (T, bool, error),
) (T, error) {
	mustf(c != nil && fn != nil, "Do: the *Controller or the function is nil")
	r := &repeat{c: c, op: op, above: ledgerOf(ctx), canLook: reconcile != nil}
	var value T
	for {
		if err := r.enter(ctx); err != nil {
			return value, r.refused(err)
		}
		if !r.above.begin() {
			return value, r.refused(errOver)
		}
		v, err := call(ctx, r, fn)
		value = v
		if err == nil {
			r.succeeded()
			return value, nil
		}
		again := r.again(ctx, err)
		if r.looks(again) && ctx.Err() == nil {
			found, done, lookErr := reconcile(r.windowed(ctx), r.failed)
			switch {
			case lookErr != nil:
				return value, r.fail(err, lookErr)
			case done:
				r.reconciled(ctx)
				return found, nil
			}
			r.earlier = unchanged
		}
		if !again {
			return value, r.fail(err, nil)
		}
	}
}

// call is one attempt, and the note of it.
func call[T any](ctx context.Context, r *repeat, fn func(context.Context) (T, error)) (v T, err error) {
	l := &Ledger{Context: ctx, under: r, turn: r.turn}
	r.turn = nil
	r.attempt++
	if r.canLook {
		r.begun = time.Now()
	}
	finished := false
	defer func() {
		if !finished { // fn panicked
			err = errPanicked
		}
		r.above.end(l, r.op.Safety, err)
	}()
	v, err = fn(l)
	finished = true
	if r.inner = l; err != nil {
		l.Close() // what fn has left behind must write nothing beside the next attempt
	}
	r.leave(ctx, err)
	return v, err
}

// errOver answers what a handler that has failed left behind in goroutines.
var errOver = fmt.Errorf("retry: the handler has failed, nothing is sent for it any more: %w", context.Canceled)

var errPanicked = errors.New("retry: the operation panicked")
