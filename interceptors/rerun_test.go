// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A handler is made for an upstream and the controller that it shares with the
// interceptors.
type handler func(*requests, *retry.Controller) func(context.Context) error

// sdk is a handler with a closed SDK: nobody keeps account of what it sends.
func sdk(up *requests, _ *retry.Controller) func(context.Context) error { return up.direct }

// first is a handler that does something else before it sends its request. The layer
// below keeps account and makes no further attempts.
func first(before ...func(context.Context, *retry.Controller)) handler {
	return func(up *requests, ctl *retry.Controller) func(context.Context) error {
		once := ctl.With(retry.WithMaxAttempts(1))
		send := up.through(once, retry.SingleUpstreamCall)
		return func(ctx context.Context) error {
			for _, f := range before {
				f(ctx, once)
			}
			return send(ctx)
		}
	}
}

// other is another request of the handler, whose error it does not mind.
func other(safety retry.Safety, err error) func(context.Context, *retry.Controller) {
	return func(ctx context.Context, ctl *retry.Controller) {
		op := retry.Operation{Name: "other request", Safety: safety}
		_, _ = retry.Do(ctx, ctl, op, func(context.Context) (int, error) { return 0, err }, nil)
	}
}

// underWay is a request whose answer the handler does not await.
func underWay(ctx context.Context, ctl *retry.Controller) {
	sent := make(chan struct{})
	go func() {
		op := retry.Operation{Name: "other request", Safety: retry.SingleUpstreamCall}
		_, _ = retry.Do(ctx, ctl, op, func(ctx context.Context) (int, error) {
			close(sent)
			<-ctx.Done()
			return 0, ctx.Err()
		}, nil)
	}()
	<-sent
}

// spending is a handler whose layer below makes all attempts.
func spending(up *requests, ctl *retry.Controller) func(context.Context) error {
	return up.through(ctl, retry.SingleUpstreamCall)
}

// broke is a handler whose layer below has a budget of its own, and nothing left in it.
func broke(up *requests, _ *retry.Controller) func(context.Context) error {
	return up.through(retry.New(retry.WithBudget(1, 0.1)), retry.SingleUpstreamCall)
}

// A condition is one under which a handler is run again, broken or not.
type condition struct {
	name    string
	safety  retry.Safety
	err     error
	handler handler
	options []interceptors.Option
	retry   []retry.Option
	md      []string // of the caller
	timeout time.Duration

	runs int
	last retry.Reason // why there was no further one
	told told
}

// Every condition for a second run, one by one, broken alone; and beside it the
// situation in which it holds. The reason that observers see proves that it was this
// one. Where a row fails, users get a write twice, or an RPC that a second try would
// have saved, or more load on a Box that is down.
var conditions = []condition{
	{name: "all hold", safety: retry.ReadOnly, err: slowDown, handler: sdk, runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "all hold, for a method that is idempotent", safety: retry.Idempotent, err: brokenWrite, handler: sdk, runs: 3, last: retry.ReasonAttempts, told: told{window(3), "-1"}},

	// The method declares that it may be run again.
	{name: "undeclared", err: slowDown, handler: sdk, runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "undeclared, and proven", err: slowDown, handler: first(), runs: 1, last: retry.ReasonUndeclared, told: waiting(2 * time.Second)},
	{name: "not idempotent, and proven", safety: retry.NotIdempotent, err: slowDown, handler: first(), runs: 1, last: retry.ReasonUnsafe, told: stop},

	// The error is the upstream's.
	{name: "a status of the handler's own", safety: retry.ReadOnly, err: status.Error(codes.Unavailable, "no"), handler: sdk, runs: 1, told: nothing},
	{name: "an error of the handler's own", safety: retry.ReadOnly, err: errors.New("no"), handler: sdk, runs: 1, told: nothing},
	{name: "the upstream's error on its way through a gateway", safety: retry.ReadOnly, err: status.Convert(brokenRead).Err(), handler: sdk, runs: 1, told: waiting(time.Second).without()},
	{name: "the upstream's error beside another status", safety: retry.ReadOnly, err: errors.Join(brokenRead, status.Error(codes.Unavailable, "no")), handler: sdk, runs: 1, last: retry.ReasonPermanent, told: stop},

	// It is one that passes.
	{name: "507", safety: retry.ReadOnly, err: noSpace, handler: sdk, runs: 1, last: retry.ReasonPermanent, told: stop},
	{name: "409 name in use", safety: retry.Idempotent, err: nameInUse, handler: sdk, runs: 1, last: retry.ReasonPermanent, told: nothing},
	{name: "401", safety: retry.ReadOnly, err: noToken, handler: sdk, runs: 1, last: retry.ReasonPermanent, told: nothing},

	// The account shows no write of this run that was applied, or may have been.
	{name: "conditional, proven", safety: retry.Conditional, err: slowDown, handler: first(), runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "conditional, no account", safety: retry.Conditional, err: slowDown, handler: sdk, runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "conditional, an account of other requests only", safety: retry.Conditional, err: slowDown, handler: beside, runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "conditional, after a read", safety: retry.Conditional, err: slowDown, handler: first(other(retry.ReadOnly, nil)), runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "conditional, after a write that was refused", safety: retry.Conditional, err: slowDown, handler: first(other(retry.SingleUpstreamCall, nameInUse)), runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "conditional, after a write", safety: retry.Conditional, err: slowDown, handler: first(other(retry.SingleUpstreamCall, nil)), runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "conditional, after an ambiguous write", safety: retry.Conditional, err: slowDown, handler: first(other(retry.SingleUpstreamCall, brokenWrite)), runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "conditional, a write is under way", safety: retry.Conditional, err: slowDown, handler: first(underWay), runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "single call, no account", safety: retry.SingleUpstreamCall, err: slowDown, handler: sdk, runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "single call, ambiguous", safety: retry.SingleUpstreamCall, err: brokenWrite, handler: sdk, runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "single call, after a write", safety: retry.SingleUpstreamCall, err: slowDown, handler: first(other(retry.SingleUpstreamCall, nil)), runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "single call, a write is under way", safety: retry.SingleUpstreamCall, err: slowDown, handler: first(underWay), runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "undeclared, after a write", err: slowDown, handler: first(other(retry.SingleUpstreamCall, nil)), runs: 1, last: retry.ReasonUnsafe, told: stop},
	{name: "idempotent, after a write", safety: retry.Idempotent, err: slowDown, handler: first(other(retry.SingleUpstreamCall, nil)), runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},

	// Nothing was sent to the caller.
	{name: "headers were sent", safety: retry.ReadOnly, err: slowDown, handler: first(sendHeader), runs: 1, last: retry.ReasonCommitted, told: waiting(2 * time.Second)},

	// The layer below has not made all attempts.
	{name: "the layer below made 3", safety: retry.ReadOnly, err: slowDown, handler: spending, runs: 1, last: retry.ReasonSpent, told: told{2 * time.Second, "-1"}},
	{name: "the layer below has no budget left", safety: retry.ReadOnly, err: brokenRead, handler: broke, runs: 1, last: retry.ReasonSpent, told: told{time.Second, "-1"}},
	{name: "the layer below says that it made 3", safety: retry.ReadOnly, err: attempted(slowDown, 3), handler: sdk, runs: 1, last: retry.ReasonSpent, told: told{2 * time.Second, "-1"}},

	// The caller does not retry by itself. An interceptor that does so without a word
	// that it listens is told to stop, for the sake of a gRPC library below it that does.
	{name: "gRPC retries", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"grpc-previous-rpc-attempts", "1"}, runs: 1, last: retry.ReasonNotOwner, told: waiting(2 * time.Second)},
	{name: "gRPC retries for the last time", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"grpc-previous-rpc-attempts", "2"}, runs: 1, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "gRPC retries, nobody knows how often", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"grpc-previous-rpc-attempts", "many"}, runs: 1, last: retry.ReasonNotOwner, told: waiting(2 * time.Second)},
	{name: "an interceptor retries", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"x-retry-attempt", "1"}, runs: 1, last: retry.ReasonNotOwner, told: told{2 * time.Second, "-1"}},
	{name: "an interceptor retries, and listens", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"x-retry-attempt", "1", "x-retry-obeys", "pushback"}, runs: 1, last: retry.ReasonNotOwner, told: waiting(2 * time.Second)},
	{name: "an interceptor retries for the last time", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"x-retry-attempt", "2"}, runs: 1, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "an interceptor retries, nobody knows how often", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"x-retry-attempt", ""}, runs: 1, last: retry.ReasonNotOwner, told: told{2 * time.Second, "-1"}},
	{name: "both retry", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"x-retry-attempt", "0", "grpc-previous-rpc-attempts", "1"}, runs: 1, last: retry.ReasonNotOwner, told: waiting(2 * time.Second)},
	{name: "more values than one", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"x-retry-attempt", "0", "x-retry-attempt", "1"}, runs: 1, last: retry.ReasonNotOwner, told: told{2 * time.Second, "-1"}},
	{name: "a caller that counts from 0", safety: retry.ReadOnly, err: slowDown, handler: sdk, md: []string{"x-retry-attempt", "0"}, runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},

	// The deadline leaves time for the wait.
	{name: "the deadline is before the wait", safety: retry.ReadOnly, err: slowDown, handler: sdk, timeout: time.Second, runs: 1, last: retry.ReasonDeadline, told: told{2 * time.Second, "-1"}},
	{name: "the deadline is before the second wait", safety: retry.ReadOnly, err: slowDown, handler: sdk, timeout: 3 * time.Second, runs: 2, last: retry.ReasonDeadline, told: told{2 * time.Second, "-1"}},
	{name: "the deadline is far off", safety: retry.ReadOnly, err: slowDown, handler: sdk, timeout: time.Minute, runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},

	// The wait is one that we make.
	{name: "the wait is too long", safety: retry.ReadOnly, err: longHint, handler: sdk, runs: 1, last: retry.ReasonMaxWait, told: waiting(time.Minute)},
	{name: "the wait is longer than a minute by option", safety: retry.ReadOnly, err: longHint, handler: sdk, retry: []retry.Option{retry.WithMaxWait(time.Minute)}, runs: 3, last: retry.ReasonAttempts, told: told{time.Minute, "-1"}},

	// The budget allows it.
	{name: "the budget is used up", safety: retry.ReadOnly, err: brokenRead, handler: sdk, retry: []retry.Option{retry.WithBudget(1, 0.1)}, runs: 1, last: retry.ReasonBudget, told: told{time.Second, "-1"}},
	{name: "the budget is used up by the first", safety: retry.ReadOnly, err: brokenRead, handler: sdk, retry: []retry.Option{retry.WithBudget(4, 0.1)}, runs: 2, last: retry.ReasonBudget, told: told{time.Second, "-1"}},
	{name: "429 costs no budget", safety: retry.ReadOnly, err: slowDown, handler: sdk, retry: []retry.Option{retry.WithBudget(1, 0.1)}, runs: 3, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},

	// There are attempts left.
	{name: "2 attempts", safety: retry.ReadOnly, err: slowDown, handler: sdk, retry: []retry.Option{retry.WithMaxAttempts(2)}, runs: 2, last: retry.ReasonAttempts, told: told{2 * time.Second, "-1"}},
	{name: "1 attempt", safety: retry.ReadOnly, err: slowDown, handler: sdk, retry: []retry.Option{retry.WithMaxAttempts(1)}, runs: 1, last: retry.ReasonNotOwner, told: waiting(2 * time.Second)},

	// Headers and trailers of a run can be taken back.
	{name: "not isolated", safety: retry.ReadOnly, err: slowDown, handler: sdk, options: []interceptors.Option{interceptors.WithoutIsolation()}, runs: 1, last: retry.ReasonNotOwner, told: waiting(2 * time.Second)},
}

// without is what callers are told without a pushback.
func (w told) without() told { return told{w.delay, ""} }

// beside is a handler whose failed request goes past the account that others are in.
func beside(up *requests, ctl *retry.Controller) func(context.Context) error {
	return func(ctx context.Context) error {
		other(retry.ReadOnly, nil)(ctx, ctl)
		return up.send()
	}
}

func sendHeader(ctx context.Context, _ *retry.Controller) { _ = grpc.SendHeader(ctx, nil) }

// attempted is an upstream's error of a request that was sent n times.
func attempted(err error, n int) error {
	e, _ := translate.FromError(err)
	return e.WithAttempts(n)
}

func TestWhenAHandlerIsRunAgain(t *testing.T) {
	unary := map[retry.Safety]string{retry.ReadOnly: readOnly, retry.Idempotent: idempotent}
	for _, c := range conditions {
		method, options := unary[c.safety], c.options
		if method == "" {
			method, options = undeclared, append(safety(c.safety), options...)
		}
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.test(t, method, options) })
		})
		t.Run(c.name+", stream", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.test(t, listFolder, append(safety(c.safety), c.options...)) })
		})
	}
}

func (c *condition) test(t *testing.T, method string, options []interceptors.Option) {
	t.Helper()
	var last retry.Reason
	watch := retry.WithObserver(func(_ context.Context, e retry.Event) {
		if e.Operation == method {
			last = e.Reason
		}
	})
	up, ctl, runs := always(c.err), retry.New(append(c.retry, watch)...), 0
	run := c.handler(up, ctl)
	s := succeeding(func(ctx context.Context) error { runs++; return run(ctx) })
	s.ctl, s.options = ctl, options
	ctx := metadata.AppendToOutgoingContext(t.Context(), c.md...)
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	start := time.Now()
	a := call(ctx, s.dial(t, grpc.WithDisableRetry()), method)
	if runs != c.runs || last != c.last {
		t.Errorf("%d runs, the last reason is %q; want %d, %q", runs, last, c.runs, c.last)
	}
	if waited := time.Since(start); c.runs == 1 && c.last != retry.ReasonSpent && waited > 0 {
		t.Errorf("waited %v, want the answer at once", waited)
	}
	if got, want := status.Code(a.err), status.Code(c.err); got != want {
		t.Errorf("code = %v, want that of the real error: %v", got, want)
	}
	checkTold(t, a, c.told)
}
