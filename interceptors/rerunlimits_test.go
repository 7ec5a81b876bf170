// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Attempts of the layers must not multiply: what a run leaves to the layer below is
// what the runs before it have left, and behind a caller who retries one request is
// all. Else a Box that is down gets nine times the load.
func TestTheLayerBelowGetsWhatIsLeft(t *testing.T) {
	situations := map[string]struct {
		answers  []error // of the upstream, the last for ever
		md       []string
		perRun   []int // requests
		attempts int
	}{
		"the first run has all":                       {[]error{slowDown}, nil, []int{3}, 3},
		"the second has two":                          {[]error{brokenWrite, slowDown}, nil, []int{1, 2}, 3},
		"the third has one":                           {[]error{brokenWrite, brokenWrite, slowDown}, nil, []int{1, 1, 1}, 3},
		"what the layer below has used, it has used":  {[]error{slowDown, brokenWrite, slowDown}, nil, []int{2, 1}, 3},
		"the caller retries":                          {[]error{slowDown}, []string{"grpc-previous-rpc-attempts", "1"}, []int{1}, 1},
		"the caller retries with an interceptor":      {[]error{slowDown}, []string{"x-retry-attempt", "1"}, []int{1}, 1},
		"the caller retries, and nobody knows how":    {[]error{slowDown}, []string{"x-retry-attempt", "once"}, []int{1}, 1},
		"a caller that retries has it done only once": {[]error{brokenWrite, slowDown}, []string{"x-retry-attempt", "1"}, []int{1}, 1},
	}
	for name, tt := range situations {
		for _, method := range []string{idempotent, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					up, ctl := answers(tt.answers...), retry.New()
					send := up.through(ctl, retry.SingleUpstreamCall)
					var perRun []int
					s := succeeding(func(ctx context.Context) error {
						before := up.count()
						err := send(ctx)
						perRun = append(perRun, up.count()-before)
						return err
					})
					s.ctl = ctl
					a := call(metadata.AppendToOutgoingContext(t.Context(), tt.md...), s.dial(t, grpc.WithDisableRetry()), method)
					if !slices.Equal(perRun, tt.perRun) {
						t.Errorf("requests of each run = %v, want %v", perRun, tt.perRun)
					}
					if e, ok := translate.FromError(a.err); !ok || e.Attempts() != tt.attempts {
						t.Errorf("attempts = %d, want %d", e.Attempts(), tt.attempts)
					}
				})
			})
		}
	}
}

// The last failure is not the whole truth: what an earlier run may have done, the
// caller must know, or it creates the folder a second time.
func TestWhatAllRunsDidTogether(t *testing.T) {
	afterWrite := first(other(retry.SingleUpstreamCall, nil))
	situations := map[string]struct {
		answers []error
		handler handler
		want    account
	}{
		"nothing in any run":                      {[]error{slowDown}, sdk, account{3, "NOT_APPLIED"}},
		"ambiguous at first, then 429":            {[]error{brokenWrite, slowDown}, sdk, account{3, "UNKNOWN"}},
		"ambiguous in the middle":                 {[]error{slowDown, brokenWrite, slowDown}, sdk, account{3, "UNKNOWN"}},
		"ambiguous at last":                       {[]error{slowDown, slowDown, brokenWrite}, sdk, account{3, "UNKNOWN"}},
		"ambiguous at first, then a final answer": {[]error{brokenWrite, nameInUse}, sdk, account{2, "UNKNOWN"}},
		"a write before each":                     {[]error{slowDown}, afterWrite, account{3, "PARTIAL"}},
		"a write before, ambiguous at first":      {[]error{brokenWrite, slowDown}, afterWrite, account{3, "UNKNOWN"}},
	}
	for name, tt := range situations {
		for _, method := range []string{idempotent, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctl := retry.New()
					s := succeeding(tt.handler(answers(tt.answers...), ctl))
					s.ctl, s.options = ctl, safety(retry.Idempotent)
					checkAccount(t, ask(t, s, method).err, tt.want)
				})
			})
		}
	}
}

// A success gives back what failures took. Else a service that runs for a week has no
// second runs left.
func TestASuccessRefillsTheBudget(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fail bool
				runs := 0
				s := succeeding(func(context.Context) error {
					if runs++; fail {
						return brokenRead
					}
					return nil
				})
				s.ctl = retry.New(retry.WithBudget(4, 1)) // for one second run, and a success is worth one
				conn := s.dial(t)
				var got []int
				for _, fail = range []bool{true, true, false, false, false, true} {
					runs = 0
					call(t.Context(), conn, method)
					got = append(got, runs)
				}
				if want := []int{2, 1, 1, 1, 1, 2}; !slices.Equal(got, want) {
					t.Errorf("runs = %v, want %v", got, want)
				}
			})
		})
	}
}

// A caller that goes away frees the service at once, and what is left for the logs is
// the upstream's error, not that somebody stopped waiting.
func TestACallerThatGoesAwayDuringTheWait(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var outcome error
				var ended time.Duration
				up := always(slowDownGet)
				s := rerunning(succeeding(up.direct), retry.Unknown)
				s.outside = afterwards(func(err error) { outcome, ended = err, time.Since(up.start) })
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				a := call(ctx, s.dial(t), method)
				synctest.Wait()
				if got := status.Code(a.err); got != codes.Canceled {
					t.Errorf("code of the caller = %v, want CANCELED", got)
				}
				if up.count() != 1 || ended != time.Second {
					t.Errorf("%d requests, ended after %v; want 1, when the caller went away", up.count(), ended)
				}
				checkSameFacts(t, outcome, slowDownGet)
			})
		})
	}
}

// A panic is a bug, and not the upstream's word: who runs into it again does harm
// again.
func TestAPanicIsNeverRunAgain(t *testing.T) {
	recovered := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.Internal, "recovered") })
	guard := inner{recovery.UnaryServerInterceptor(recovered), recovery.StreamServerInterceptor(recovered)}
	for name, inside := range map[string]bool{"recovered outside": false, "recovered inside": true} {
		for _, method := range []string{readOnly, listFolder, uploadFile} {
			for _, panicsIn := range []int{1, 2} {
				t.Run(name+method, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						runs := 0
						s := succeeding(func(ctx context.Context) error {
							runs++
							_ = grpc.SetHeader(ctx, metadata.Pairs("x-half", "1"))
							if runs == panicsIn {
								panic(box(http.MethodGet, 503, "unavailable"))
							}
							return slowDownGet
						})
						s.options = safety(retry.ReadOnly)
						if inside {
							s.surround(retry.New(), guard)
						} else {
							s.outside = []grpc.ServerOption{grpc.ChainUnaryInterceptor(guard.unary), grpc.ChainStreamInterceptor(guard.stream)}
							s.surround(retry.New())
						}
						a := ask(t, s, method)
						if runs != panicsIn || status.Code(a.err) != codes.Internal {
							t.Errorf("%d runs, %v; want %d, INTERNAL", runs, a.err, panicsIn)
						}
						checkTold(t, a, nothing)
						if n := len(a.trailer["x-half"]); n > 1 {
							t.Errorf("x-half %d times, want that of the last run at most", n)
						}
					})
				})
			}
		}
	}
}

// Who registers the interceptors twice, as in a chain that a library builds, must not
// get nine runs, nor two pushbacks, which mean "stop".
func TestRegisteredTwice(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		for name, tt := range map[string]struct {
			err  error
			runs int
			told told
		}{
			"429":                {slowDownGet, 3, told{2 * time.Second, "-1"}},
			"503":                {brokenRead, 3, told{window(3), "-1"}},
			"a wait too long":    {longHint, 1, waiting(time.Minute)},
			"a final answer":     {noSpace, 1, stop},
			"the handler's word": {status.Error(codes.NotFound, "no"), 1, nothing},
		} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					runs, ctl := 0, retry.New()
					s := succeeding(marked(func(context.Context) error { runs++; return tt.err }))
					s.surround(ctl, inner{interceptors.UnaryServerInterceptor(ctl), interceptors.StreamServerInterceptor(ctl)})
					a := ask(t, s, method)
					if runs != tt.runs || len(a.header) != 0 {
						t.Errorf("%d runs, header %v; want %d, none", runs, a.header, tt.runs)
					}
					checkTold(t, a, tt.told)
					if diff := cmp.Diff(a.trailer["x-held"], a.trailer["x-run"]); diff != "" || len(a.trailer["x-run"]) != 1 {
						t.Errorf("x-run = %q, want that of the last run, once", a.trailer["x-run"])
					}
				})
			})
		}
	}
}
