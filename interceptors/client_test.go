// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A span is a wait: at least, and at most.
type span [2]time.Duration

func exactly(d time.Duration) span { return span{d, d} }

// The order is the server's pushback, its RetryInfo, and only then what the client
// thinks by itself. If it breaks, callers come back too early, or to a server that
// said stop, or send a write twice.
func TestTheClientObeysTheServer(t *testing.T) {
	const second, ms = time.Second, time.Millisecond
	tests := []struct {
		name         string
		said         said
		safe, unsafe []span // between attempts; none: there is one attempt
	}{
		{"pushback", said{codes.Unavailable, noHint, []string{"700"}}, []span{exactly(700 * ms), exactly(700 * ms)}, []span{exactly(700 * ms), exactly(700 * ms)}},
		{"pushback of nothing", said{codes.Unavailable, noHint, []string{"0"}}, []span{exactly(0), exactly(0)}, []span{exactly(0), exactly(0)}},
		{"pushback before a longer RetryInfo", said{codes.ResourceExhausted, 5 * second, []string{"700"}}, []span{exactly(700 * ms), exactly(700 * ms)}, []span{exactly(700 * ms), exactly(700 * ms)}},
		{"pushback before a shorter RetryInfo", said{codes.ResourceExhausted, second, []string{"4000"}}, []span{exactly(4 * second), exactly(4 * second)}, []span{exactly(4 * second), exactly(4 * second)}},
		{"pushback of the longest wait", said{codes.Unavailable, noHint, []string{"10000"}}, []span{exactly(10 * second), exactly(10 * second)}, []span{exactly(10 * second), exactly(10 * second)}},
		{"pushback longer than that", said{codes.Unavailable, second, []string{"10001"}}, nil, nil},
		{"stop", said{codes.Unavailable, second, []string{"-1"}}, nil, nil},
		{"stop, in another way", said{codes.Unavailable, second, []string{"-5"}}, nil, nil},
		{"a pushback that is no number", said{codes.Unavailable, second, []string{"soon"}}, nil, nil},
		{"an empty pushback", said{codes.Unavailable, second, []string{""}}, nil, nil},
		{"a pushback that is no int32", said{codes.Unavailable, second, []string{"2147483648"}}, nil, nil},
		{"two pushbacks", said{codes.Unavailable, second, []string{"10", "20"}}, nil, nil},
		{"RetryInfo", hinting(2 * second), []span{{2 * second, 2200 * ms}, {2 * second, 2200 * ms}}, []span{{2 * second, 2200 * ms}, {2 * second, 2200 * ms}}},
		{"RetryInfo of less than the backoff", hinting(100 * ms), []span{{100 * ms, 500 * ms}, {100 * ms, second}}, []span{{100 * ms, 500 * ms}, {100 * ms, second}}},
		{"RetryInfo of nothing", hinting(0), []span{{0, 500 * ms}, {0, second}}, []span{{0, 500 * ms}, {0, second}}},
		{"RetryInfo under ABORTED", said{codes.Aborted, second, nil}, []span{{second, 1100 * ms}, {second, 1100 * ms}}, []span{{second, 1100 * ms}, {second, 1100 * ms}}},
		{"RetryInfo longer than the longest wait", hinting(11 * second), nil, nil},
		{"UNAVAILABLE alone", down, []span{{0, 500 * ms}, {0, second}}, nil},
		{"RESOURCE_EXHAUSTED alone", hinting(noHint), nil, nil},
		{"ABORTED alone", said{codes.Aborted, noHint, nil}, nil, nil},
		{"INTERNAL alone", said{codes.Internal, noHint, nil}, nil, nil},
		{"DEADLINE_EXCEEDED of the server", said{codes.DeadlineExceeded, noHint, nil}, nil, nil},
		{"UNAUTHENTICATED", said{codes.Unauthenticated, noHint, nil}, nil, nil},
	}
	for _, tt := range tests {
		for method, want := range map[string][]span{readOnly: tt.safe, listFolder: tt.safe, idempotent: tt.safe, undeclared: tt.unsafe} {
			t.Run(tt.name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := tt.said.always()
					a := invoke(t.Context(), p.ours(t), method)
					checkSpans(t, p.waits(), want)
					checkRealError(t, a.err, tt.said.code, len(want)+1)
				})
			})
		}
	}
}

func checkSpans(t *testing.T, got []time.Duration, want []span) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d attempts with waits of %v, want %d", len(got)+1, got, len(want)+1)
		return
	}
	for i, w := range want {
		if got[i] < w[0] || got[i] > w[1] {
			t.Errorf("wait %d = %v, want %v to %v", i+1, got[i], w[0], w[1])
		}
	}
}

// Callers who were all told the same moment must not all come in it: that is the
// next outage. They spread upward only, and over the whole of the window.
func TestTheWaitsOfManyCallersSpread(t *testing.T) {
	tests := map[string]struct {
		said said
		span span
	}{
		"RetryInfo":   {hinting(time.Second), span{time.Second, 1100 * time.Millisecond}},
		"own backoff": {down, span{0, 500 * time.Millisecond}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := tt.said.always()
				conn := p.ours(t, interceptors.WithRetry(retry.WithMaxAttempts(2), retry.WithoutBudget()))
				least, most := time.Hour, time.Duration(0)
				for range 60 {
					start := time.Now()
					_ = invoke(t.Context(), conn, readOnly)
					least, most = min(least, time.Since(start)), max(most, time.Since(start))
				}
				width := tt.span[1] - tt.span[0]
				if least < tt.span[0] || most > tt.span[1] || least > tt.span[0]+width/3 || most < tt.span[1]-width/3 {
					t.Errorf("60 waits were %v to %v, want them spread over %v", least, most, tt.span)
				}
			})
		})
	}
}

// Most servers have nothing of ours behind them but something of ours in them. What
// the server interceptors tell, the client interceptors must understand.
func TestTheClientObeysOurServer(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		method string
		want   []span
	}{
		{"a wait", box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2"), readOnly, []span{{2 * time.Second, 2201 * time.Millisecond}}},
		{"a wait, on a stream", box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2"), listFolder, []span{{2 * time.Second, 2201 * time.Millisecond}}},
		{"a full drive", box(http.MethodGet, 507, "storage_limit_exceeded"), readOnly, nil},
		{"a permanent error", box(http.MethodGet, 404, "not_found"), readOnly, nil},
		{"a write that may have worked", box(http.MethodPost, 503, "unavailable"), undeclared, nil},
		{"a deletion that may have worked", box(http.MethodDelete, 503, "unavailable"), idempotent, []span{{time.Second, 1101 * time.Millisecond}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newRemote(func(_ context.Context, n int) error {
					if n == 1 {
						return tt.err
					}
					return nil
				})
				p.bare = false
				a := invoke(t.Context(), p.ours(t), tt.method)
				checkSpans(t, p.waits(), tt.want)
				if got, want := a.err == nil, tt.want != nil; got != want {
					t.Errorf("error = %v, want success: %v", a.err, want)
				}
			})
		})
	}
}

// Servers learn from the metadata that somebody retries, and leave it to them: a lost
// or wrong count multiplies the attempts. What the caller sends along must come each
// time.
func TestTheMetadataOfEachAttempt(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := down.until(3)
				ctx := metadata.AppendToOutgoingContext(t.Context(), "x-mine", "1")
				if a := invoke(ctx, p.ours(t), method); a.err != nil {
					t.Fatal(a.err)
				}
				want := []metadata.MD{{"x-mine": {"1"}}, {"x-mine": {"1"}, attemptKey: {"1"}}, {"x-mine": {"1"}, attemptKey: {"2"}}}
				for i, md := range p.mds {
					got := metadata.MD{}
					for _, key := range []string{"x-mine", attemptKey, "grpc-previous-rpc-attempts"} {
						if v := md[key]; len(v) > 0 {
							got[key] = v
						}
					}
					if diff := cmp.Diff(want[i], got); diff != "" {
						t.Errorf("metadata of attempt %d (-want +got):\n%s", i+1, diff)
					}
				}
			})
		})
	}
}

// One of the two owns the retrying. If both did, three attempts would be twelve.
func TestDialOptionsTurnTheBuiltInRetryOff(t *testing.T) {
	tests := map[string]struct {
		options []grpc.DialOption
		want    int
	}{
		"ours":     {interceptors.DialOptions(), 1},
		"built in": {nil, 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, method := range []string{readOnly, listFolder} {
					p := hinting(noHint).always()
					_ = invoke(t.Context(), p.dial(t, append(tt.options, grpc.WithDefaultServiceConfig(retryPolicy))...), method)
					if got := p.attempts(); got != tt.want {
						t.Errorf("%s: %d requests, want %d", method, got, tt.want)
					}
				}
			})
		})
	}
}
