// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Each test here is an experiment that went wrong with the libraries that people use
// today. What it saw there stands in its comment.

// Stock grpc-go takes no notice of RetryInfo and comes back after 10 ms; it obeys the
// pushback, but not behind a header, and of two pushbacks neither.
func TestBuiltInRetryWaitsAsToldWhateverTheHandlerSets(t *testing.T) {
	sets := map[string]func(context.Context){
		"nothing":          func(context.Context) {},
		"a header":         func(ctx context.Context) { _ = grpc.SetHeader(ctx, metadata.Pairs("x-id", "1")) },
		"a pushback":       func(ctx context.Context) { _ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackKey, "5")) },
		"two, in a header": func(ctx context.Context) { _ = grpc.SetHeader(ctx, metadata.Pairs(pushbackKey, "5", pushbackKey, "6")) },
	}
	for name, set := range sets {
		for _, method := range []string{readOnly, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					up := answers(longHint, longHint, nil)
					s := rerunning(succeeding(func(ctx context.Context) error { set(ctx); return up.send() }), retry.Unknown)
					a := call(t.Context(), s.dial(t, builtIn.options()...), method)
					checkGaps(t, up.times(), 3, time.Minute)
					if a.err != nil {
						t.Errorf("error = %v, want success at the third attempt", a.err)
					}
				})
			})
		}
	}
}

// Both libraries waited until the deadline and returned DEADLINE_EXCEEDED without any
// detail, so that nobody knew of the 30 s. go-grpc-middleware still sends what it
// sends, but has the real error in the end.
func TestAHintBeyondTheDeadline(t *testing.T) {
	hint := box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "30")
	for _, who := range callers {
		for _, method := range []string{readOnly, listFolder} {
			t.Run(who.name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					up := always(hint)
					ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
					defer cancel()
					a := call(ctx, rerunning(succeeding(up.direct), retry.Unknown).dial(t, who.options()...), method)
					if want := 1 + who.resends(codes.ResourceExhausted); up.count() != want {
						t.Errorf("%d requests, want %d", up.count(), want)
					}
					if waited := time.Since(up.start); waited > time.Duration(who.resends(codes.ResourceExhausted))*55*time.Millisecond {
						t.Errorf("waited %v, want no wait but the caller's own", waited)
					}
					checkTold(t, a, told{30 * time.Second, "-1"})
					checkSameFacts(t, a.err, hint)
				})
			})
		}
	}
}

// Told to wait 30 s, go-grpc-middleware sent 5 requests in 200 ms. Our client sends
// one, or waits where it may.
func TestOurClientHeedsAHint(t *testing.T) {
	hint := box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "30")
	for name, tt := range map[string]struct {
		options []grpc.DialOption
		want    int
	}{
		"by default":              {interceptors.DialOptions(), 1},
		"with time":               {interceptors.DialOptions(interceptors.WithRetry(retry.WithMaxWait(time.Minute))), 3},
		"with time, many times":   {interceptors.DialOptions(interceptors.WithRetry(retry.WithMaxWait(time.Minute), retry.WithMaxAttempts(9))), 3}, // the service stops it
		"with time, only one try": {interceptors.DialOptions(interceptors.WithRetry(retry.WithMaxWait(time.Minute), retry.WithMaxAttempts(1))), 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				up := always(hint)
				call(t.Context(), rerunning(succeeding(up.direct), retry.Unknown).dial(t, tt.options...), readOnly)
				checkGaps(t, up.times(), tt.want, 30*time.Second)
			})
		})
	}
}

// The callers' libraries say how often they have sent an RPC, and nobody reads it:
// their attempts and the server's multiply.
func TestTheCallersAttemptsAreRead(t *testing.T) {
	var got []string
	synctest.Test(t, func(t *testing.T) {
		up := always(longHint)
		s := rerunning(succeeding(func(ctx context.Context) error {
			got = append(got, strings.Join(metadata.ValueFromIncomingContext(ctx, "grpc-previous-rpc-attempts"), ","))
			return up.send()
		}), retry.Unknown)
		call(t.Context(), s.dial(t, builtIn.options()...), readOnly)
	})
	if want := []string{"", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("attempts that the service saw = %q, want %q", got, want)
	}
}

// Three minutes of waiting cost no time in a test.
func TestThreeMinutesTakeNoTime(t *testing.T) {
	begun := time.Now()
	synctest.Test(t, func(t *testing.T) {
		up := answers(longHint, longHint, longHint, nil)
		s := succeeding(up.direct)
		s.ctl = retry.New(retry.WithMaxAttempts(4))
		a := call(t.Context(), s.dial(t, builtIn.options()...), readOnly)
		checkGaps(t, up.times(), 4, time.Minute)
		if waited := time.Since(up.start); a.err != nil || waited < 3*time.Minute {
			t.Errorf("error = %v after %v, want success after 3 minutes", a.err, waited)
		}
	})
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("took %v, want no time", took)
	}
}

// One call of a user became 180 requests to Box: go-grpc-middleware 3 times, grpc-go 4
// times, a server that runs its handlers 3 times, an SDK that sends 5 times. Each adds
// its own here; who makes more than 3 is named.
func TestAttemptsDoNotMultiply(t *testing.T) {
	sdk := retry.New(retry.WithMaxAttempts(5))
	stack := func(options ...grpc.DialOption) []grpc.DialOption { return options }
	mw := grpc.WithChainUnaryInterceptor(mwretry.UnaryClientInterceptor(mwretry.WithMax(3)))
	config := grpc.WithDefaultServiceConfig(retryPolicy)
	for _, tt := range []struct {
		name    string
		options []grpc.DialOption
		below   *retry.Controller // nil: a closed SDK that is told to send once
		want    int
	}{
		{"none", stack(grpc.WithDisableRetry()), nil, 3},
		{"built-in", stack(config), nil, 3},
		{"our client", interceptors.DialOptions(), nil, 3},
		{"our client, and the built-in config that it turns off", append(interceptors.DialOptions(), config), nil, 3},
		{"go-grpc-middleware", stack(mw, grpc.WithDisableRetry()), nil, 5}, // 3, then one for each attempt of its own
		{"built-in, and a layer below", stack(config), retry.New(), 3},
		{"go-grpc-middleware, and a layer below", stack(mw, grpc.WithDisableRetry()), retry.New(), 5},
		{"built-in, and a layer below that sends 5 times", stack(config), sdk, 5}, // as its owner says
		{"go-grpc-middleware and built-in", stack(mw, config), nil, 5},
		{"all of them", stack(mw, config), retry.New(), 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				up := always(slowDownGet)
				s := rerunning(succeeding(up.direct), retry.Unknown)
				if tt.below != nil {
					s = rerunning(succeeding(up.through(tt.below, retry.ReadOnly)), retry.Unknown)
				}
				a := call(t.Context(), s.dial(t, tt.options...), readOnly)
				if up.count() != tt.want {
					t.Errorf("%d requests to the upstream at %v, want %d", up.count(), up.times(), tt.want)
				}
				checkSameFacts(t, a.err, slowDownGet)
			})
		})
	}
}
