// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// One call is not like another: what is given to a call counts for it alone, and more
// than what was given to the connection. If an option leaked, the next call would be
// repeated, or not, on somebody else's word.
func TestCallOptions(t *testing.T) {
	withRetry, safe := interceptors.WithRetry, interceptors.WithCallSafety
	one, five := withRetry(retry.WithMaxAttempts(1)), withRetry(retry.WithMaxAttempts(5))
	minute := withRetry(retry.WithMaxWait(time.Minute))
	pushback := said{codes.ResourceExhausted, noHint, []string{"1"}}
	tests := []struct {
		name       string
		said       said
		method     string
		connection []interceptors.CallOption
		call       []grpc.CallOption
		want, rest int // attempts of the call, and of one without options
	}{
		{"one attempt", pushback, readOnly, nil, []grpc.CallOption{one}, 1, 3},
		{"one attempt, of a stream", pushback, listFolder, nil, []grpc.CallOption{one}, 1, 3},
		{"five attempts", pushback, readOnly, nil, []grpc.CallOption{five}, 5, 3},
		{"per connection", pushback, readOnly, []interceptors.CallOption{five}, nil, 5, 5},
		{"the call before the connection", pushback, listFolder, []interceptors.CallOption{one}, []grpc.CallOption{five}, 5, 1},
		{"the last one", pushback, readOnly, []interceptors.CallOption{one, five}, []grpc.CallOption{five, one}, 1, 5},
		{"several", hinting(30 * time.Second), readOnly, nil, []grpc.CallOption{minute, five}, 5, 1},
		{"several in one", hinting(30 * time.Second), readOnly, nil, []grpc.CallOption{withRetry(retry.WithMaxAttempts(5), retry.WithMaxWait(time.Minute))}, 5, 1},
		{"a longer wait", hinting(30 * time.Second), listFolder, nil, []grpc.CallOption{minute}, 3, 1},
		{"a longer wait, per connection", hinting(30 * time.Second), readOnly, []interceptors.CallOption{minute}, nil, 3, 3},
		{"safe after all", down, undeclared, nil, []grpc.CallOption{safe(retry.Idempotent)}, 3, 1},
		{"read only after all", down, undeclared, nil, []grpc.CallOption{safe(retry.ReadOnly)}, 3, 1},
		{"not safe after all", down, readOnly, nil, []grpc.CallOption{safe(retry.NotIdempotent)}, 1, 3},
		{"unknown after all, of a stream", down, listFolder, nil, []grpc.CallOption{safe(retry.Unknown)}, 1, 3},
		{"conditional", down, undeclared, nil, []grpc.CallOption{safe(retry.Conditional)}, 1, 1},
		{"safe, per connection", down, undeclared, []interceptors.CallOption{safe(retry.Idempotent)}, nil, 3, 3},
		{"safe, but not this call", down, undeclared, []interceptors.CallOption{safe(retry.Idempotent)}, []grpc.CallOption{safe(retry.Unknown)}, 1, 3},
		{"a call that is not safe, and a server that says so", pushback, readOnly, nil, []grpc.CallOption{safe(retry.NotIdempotent)}, 3, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := tt.said.always()
				conn := p.ours(t, append([]interceptors.CallOption{withRetry(retry.WithoutBudget())}, tt.connection...)...)
				for i, want := range []int{tt.rest, tt.want, tt.rest} {
					opts := tt.call
					if i != 1 {
						opts = nil
					}
					before := p.attempts()
					_ = invoke(t.Context(), conn, tt.method, opts...)
					if got := p.attempts() - before; got != want {
						t.Errorf("call %d: %d attempts, want %d", i+1, got, want)
					}
				}
			})
		})
	}
}

// A call with its own settings still counts against the budget of its connection: else
// every careful caller would make the storm worse.
func TestCallOptionsKeepTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &decisions{}
		p := down.always()
		conn := p.ours(t, interceptors.WithRetry(d.observer()))
		_ = invoke(t.Context(), conn, readOnly, interceptors.WithRetry(retry.WithMaxAttempts(10)))
		if p.attempts() != 5 {
			t.Errorf("%d attempts, want 5: then half of the budget is gone", p.attempts())
		}
		if got := d.reasons(); len(got) != 5 || got[4] != retry.ReasonBudget {
			t.Errorf("the connection's observer was told %v, want 5 decisions, the last because of the budget", got)
		}
		_ = invoke(t.Context(), conn, readOnly)
		if p.attempts() != 6 {
			t.Errorf("the next call: %d attempts, want 1", p.attempts()-5)
		}
	})
}

// grpc's own options work as without us, however many there are, and what they fill
// in is of the last attempt only: a trailer of an attempt that failed would be taken
// for the answer's.
func TestGRPCsOwnCallOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRemote(func(ctx context.Context, n int) error {
			if n%3 != 0 {
				return hinting(time.Second).to(ctx, n)
			}
			return grpc.SetTrailer(ctx, metadata.Pairs("x-last", "1"))
		})
		conn := p.ours(t)
		for _, method := range []string{readOnly, listFolder} {
			var header, trailer metadata.MD
			var from peer.Peer
			finished := 0
			before := p.attempts()
			a := invoke(t.Context(), conn, method, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&from), grpc.WaitForReady(true),
				grpc.MaxCallRecvMsgSize(1<<20), grpc.OnFinish(func(error) { finished++ }), interceptors.WithRetry(retry.WithMaxAttempts(4)))
			if a.err != nil || from.Addr == nil {
				t.Errorf("%s: error %v, peer %v, want success and an address", method, a.err, from.Addr)
			}
			if attempts := p.attempts() - before; finished != attempts {
				t.Errorf("%s: OnFinish was called %d times for %d attempts", method, finished, attempts)
			}
			if !slices.Equal(trailer["x-last"], []string{"1"}) || len(trailer["x-answer"]) != 0 || len(header["content-type"]) != 1 {
				t.Errorf("%s: header %v, trailer %v, want those of the last attempt only", method, header, trailer)
			}
		}
	})
}

// Options that are ours are harmless on a connection that is not.
func TestCallOptionsWithoutTheInterceptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hinting(0).until(1)
		for _, method := range []string{readOnly, listFolder} {
			if a := invoke(t.Context(), p.dial(t), method, interceptors.WithCallSafety(retry.ReadOnly), interceptors.WithRetry(retry.WithMaxAttempts(1))); a.err != nil {
				t.Errorf("%s: %v, want success", method, a.err)
			}
		}
	})
}

// A mistake is found when it is made, with the name of the option, and not in the
// first call that fails.
func TestMistakesOfCallersPanicWithTheirName(t *testing.T) {
	t.Parallel()
	checkMistakes(t, map[string]mistake{
		"no controller, unary":   {func() { interceptors.UnaryClientInterceptor(nil) }, []string{"interceptors:", "*retry.Controller", "retry.New()"}},
		"no controller, streams": {func() { interceptors.StreamClientInterceptor(nil) }, []string{"interceptors:", "*retry.Controller", "retry.New()"}},
		"a safety too small":     {func() { interceptors.WithCallSafety(-1) }, []string{"interceptors:", "WithCallSafety", "-1"}},
		"a safety too large":     {func() { interceptors.WithCallSafety(retry.NotIdempotent + 1) }, []string{"interceptors:", "WithCallSafety", "6"}},
		"attempts":               {func() { interceptors.WithRetry(retry.WithMaxAttempts(0)) }, []string{"WithMaxAttempts", "0"}},
		"a nil option":           {func() { interceptors.WithRetry(nil) }, []string{"interceptors:", "WithRetry", "nil"}},
	})
}

// The zero option says nothing. In a call that failed it must not panic: nobody
// tests that path.
func TestTheZeroCallOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if r := recover(); r != nil {
				t.Errorf("panic: %v", r)
			}
		}()
		p := down.until(2)
		if a := invoke(t.Context(), p.ours(t, interceptors.CallOption{}), readOnly, interceptors.CallOption{}); a.err != nil {
			t.Errorf("error = %v, want success", a.err)
		}
	})
}
