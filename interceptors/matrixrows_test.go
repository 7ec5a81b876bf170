// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// patient is our client with a longer wait than the default.
var patient = caller{name: "our client, patient", options: func() []grpc.DialOption {
	return interceptors.DialOptions(interceptors.WithRetry(retry.WithMaxWait(2 * time.Minute)))
}}

// In the matrix the service makes all attempts. Here it cannot, and leaves them to the
// caller: then the pushback is a wait, and each caller that listens comes back exactly
// as often as there are attempts, and not before. If it fails, callers hammer a Box
// that has asked for a minute's rest, or never come back at all.
func TestCallersThatRetryThemselves(t *testing.T) {
	plain := []interceptors.Option{interceptors.WithoutIsolation()}
	last := func(d time.Duration) told { return told{d, "-1"} }
	minute, two := time.Minute, 2*time.Second
	declared := []string{readOnly, listFolder}
	rows := []struct {
		name    string
		err     error
		methods []string
		handler handler
		options []interceptors.Option
		retry   []retry.Option
		wait    time.Duration // between two requests of callers that listen
		want    sent
		once    told // to who made one request
		more    told // to who made all
	}{
		// A minute is longer than what we wait, and than what our client waits by
		// default. A6 libraries have no such limit.
		{"60 s", longHint, declared, sdk, nil, nil, minute, sent{1, 3, 3, 3, 1, 3}, waiting(minute), last(minute)},
		// Nobody says that a repeat does no harm: all are told to stop.
		{"60 s, undeclared", longHint, []string{undeclared}, sdk, nil, nil, minute, sent{1, 1, 1, 3, 1, 1}, stop, stop},
		// The ledger says so, of this RPC. The generated config has only methods that
		// are declared, and so has nothing for this one.
		{"60 s, proven", longHint, []string{undeclared}, first(), nil, nil, minute, sent{1, 3, 1, 3, 1, 3}, waiting(minute), last(minute)},
		// The service could wait for it, but no one said that the handler may run again.
		{"2 s, proven", slowDown, []string{undeclared}, first(), nil, nil, two, sent{1, 3, 1, 3, 3, 3}, waiting(two), last(two)},
		// Handlers run once.
		{"not isolated", slowDown, declared, sdk, plain, nil, two, sent{1, 3, 3, 3, 3, 3}, waiting(two), last(two)},
		// The layer below made all attempts, and its error says so. Without isolation it
		// does not learn that go-grpc-middleware is at it again: 3 times 3.
		{"not isolated, spent below", slowDown, declared, spending, plain, nil, two, sent{3, 3, 3, 9, 3, 3}, last(two), last(two)},
		// The owner of the service has left all attempts to the callers: each makes its
		// own number. That of the built-in retry is 4, for that is its policy here.
		{"1 attempt", slowDown, declared, sdk, nil, []retry.Option{retry.WithMaxAttempts(1)}, two, sent{1, 4, 3, 3, 3, 3}, waiting(two), waiting(two)},
	}
	for _, row := range rows {
		for i, who := range []caller{noRetry, builtIn, generated, middleware, ourClient, patient} {
			for _, method := range row.methods {
				t.Run(row.name+", "+who.name+method, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						up, ctl := always(row.err), retry.New(row.retry...)
						s := succeeding(row.handler(up, ctl))
						s.ctl, s.options = ctl, row.options
						a := call(t.Context(), s.dial(t, who.options()...), method)
						if got := up.times(); who.sends == 0 {
							checkGaps(t, got, row.want[i], row.wait)
						} else if len(got) != row.want[i] {
							t.Errorf("%d requests, want %d", len(got), row.want[i])
						}
						switch {
						case row.want[i] == 1:
							checkTold(t, a, row.once)
						case who.sends > 0: // a library below it might listen
							checkTold(t, a, told{row.more.delay, "-1"})
						default:
							checkTold(t, a, row.more)
						}
						checkSameFacts(t, withoutWords(a.err), row.err)
					})
				})
			}
		}
	}
}

// A handler creates a folder, and the request after that meets a 429. Nobody who
// listens creates a second folder: the ledger has seen the first.
func TestAWriteBeforeTheFailure(t *testing.T) {
	for _, who := range callers {
		for _, method := range []string{undeclared, listFolder} {
			t.Run(who.name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctl, writes, up := retry.New(), always(nil), always(slowDown)
					write, send := writes.through(ctl, retry.SingleUpstreamCall), up.through(ctl, retry.SingleUpstreamCall)
					s := succeeding(func(ctx context.Context) error {
						if err := write(ctx); err != nil {
							return err
						}
						return send(ctx)
					})
					s.ctl, s.options = ctl, safety(retry.Unknown)
					a := call(t.Context(), s.dial(t, who.options()...), method)
					more := who.resends(codes.ResourceExhausted) // and a folder each, which only go-grpc-middleware answers for
					if writes.count() != 1+more || up.count() != 3+more {
						t.Errorf("%d writes, %d requests after them; want %d, %d", writes.count(), up.count(), 1+more, 3+more)
					}
					checkTold(t, a, stop)
					attempts := 3
					if more > 0 {
						attempts = 1
					}
					checkAccount(t, a.err, account{attempts, "PARTIAL"})
				})
			})
		}
	}
}

// sent is how many requests the upstream gets behind no retry, the built-in one, that
// with the generated config, go-grpc-middleware, our client, and a patient one.
type sent [6]int

// withoutWords takes away what grpc-go puts in front of a message when its own attempts
// are used up. A pushback of -1 prevents that.
func withoutWords(err error) error {
	p := status.Convert(err).Proto()
	if _, message, ok := strings.Cut(p.GetMessage(), " attempts: rpc error: code = ResourceExhausted desc = "); ok {
		p.Message = message
	}
	return status.ErrorProto(p)
}

// checkGaps: so many requests, each after the wait and at most a tenth more.
func checkGaps(t *testing.T, at []time.Duration, n int, wait time.Duration) {
	t.Helper()
	if len(at) != n {
		t.Errorf("%d requests, want %d", len(at), n)
	}
	for i := 1; i < len(at); i++ {
		if gap := at[i] - at[i-1]; gap < wait || gap > wait+wait/10+time.Millisecond {
			t.Errorf("request %d came %v after the one before, want %v to a tenth more", i+1, gap, wait)
		}
	}
}
