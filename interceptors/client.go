// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// client is what both client interceptors share.
type client struct {
	ctl      *retry.Controller
	safety   retry.Safety
	declared bool // else the schema tells the safety
}

func newClient(ctl *retry.Controller, opts []CallOption) *client {
	if ctl == nil {
		panic("interceptors: the *retry.Controller is nil; give retry.New()")
	}
	c := &client{ctl: ctl}
	for _, o := range opts {
		o.applyTo(c)
	}
	return c
}

// forCall is c with the options of one call. Only calls that failed look at them.
func (c *client) forCall(method string, opts []grpc.CallOption) *client {
	call := *c
	for _, o := range opts {
		if o, ok := o.(CallOption); ok {
			o.applyTo(&call)
		}
	}
	if !call.declared {
		call.safety = schemaSafety(method)
	}
	return &call
}

// An outgoing is an RPC that has failed at least once.
type outgoing struct {
	*client

	ctx     context.Context
	method  string
	attempt int
	last    error         // of the last attempt
	before  error         // of the one before
	ledger  *retry.Ledger // of what the attempts before the last may have changed
}

func (c *client) outgoing(ctx context.Context, method string, opts []grpc.CallOption) *outgoing {
	return &outgoing{client: c.forCall(method, opts), ctx: ctx, method: method, ledger: new(retry.Ledger)}
}

// again tells whether the attempt that failed with err, and this trailer, is to be
// followed by another, and waits for it. hold is why it must not. Where an interceptor
// outside retries, it owns the retrying.
func (o *outgoing) again(err error, trailer metadata.MD, hold retry.Reason) bool {
	if md, _ := metadata.FromOutgoingContext(o.ctx); hold == "" && len(md[retryAttemptKey]) > 0 {
		hold = retry.ReasonNotOwner
	}
	o.attempt++
	o.before, o.last = o.last, o.inAll(err)
	d := o.ctl.Again(o.ctx, retry.Operation{Name: o.method, Safety: o.safety}, retry.Failure{
		Err: err, Attempt: o.attempt, Safety: o.safety, Remaining: retry.Remaining(o.ctx),
		Received: true, Pushback: retry.PushbackOf(trailer[pushbackKey]), Hold: hold,
	})
	return d.Retry
}

// inAll makes an error that says "nothing was changed" speak of the attempts before,
// too. Of one that failed without a word of ours nobody knows.
func (o *outgoing) inAll(err error) error {
	if o.last != nil {
		o.note(o.last)
	}
	return o.refine(err)
}

// note keeps account of what the attempt that failed with err may have changed.
func (o *outgoing) note(err error) {
	e, _ := translate.FromError(err)
	next := new(retry.Ledger)
	next.Follow(o.ledger, e)
	o.ledger = next
}

// refine makes an error of ours say what all attempts that were noted did.
func (o *outgoing) refine(err error) error {
	e, ok := translate.FromError(err)
	if !ok || o.safety == retry.ReadOnly {
		return err
	}
	if all := o.ledger.Refine(e); all.Outcome() != e.Outcome() {
		return all
	}
	return err
}

// context is that of the next attempt. Servers learn from it that somebody retries.
func (o *outgoing) context() context.Context {
	return metadata.AppendToOutgoingContext(o.ctx, retryAttemptKey, strconv.Itoa(o.attempt), obeysKey, "pushback")
}

// err is what the caller gets in the end: the last real error. Where the deadline
// cut an attempt off, that is the one before, unless the attempt may have done
// something that cannot be repeated. That it may have done something, it says in any case.
func (o *outgoing) err() error {
	ended := o.ctx.Err()
	switch {
	case ended == nil:
		return o.last
	case !cutOff(o.last):
		return &ending{o.last, []error{o.last, ended}}
	case o.before == nil:
		return o.last
	case o.safety.Repeatable():
		o.note(o.last)
		before := o.refine(o.before)
		return &ending{before, []error{before, ended}}
	}
	return &ending{o.last, []error{o.last, ended, o.before}}
}

func cutOff(err error) bool {
	code := status.Code(err)
	return code == codes.DeadlineExceeded || code == codes.Canceled
}

// ending is an RPC's status, and what else there is to know about its end.
type ending struct {
	status error
	all    []error
}

func (e *ending) Error() string { return e.status.Error() }

func (e *ending) GRPCStatus() *status.Status { return status.Convert(e.status) }

func (e *ending) Unwrap() []error { return e.all }
