// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/retry"
)

// rerunning is a service whose interceptors run handlers again.
func rerunning(s *service, safety retry.Safety) *service {
	s.ctl = retry.New()
	if safety != retry.Unknown {
		s.options = safetyOf(safety)
	}
	return s
}

var safetyOf = safety // where a parameter has its name

// until is a handler that succeeds in run n, and fails before.
func until(n int, handler func(ctx context.Context, run int)) func(context.Context) error {
	run := 0
	return func(ctx context.Context) error {
		run++
		handler(ctx, run)
		if run < n {
			return slowDown
		}
		return nil
	}
}

// What a run sets that came to nothing is not true of the RPC: an ETag, a request id,
// a cookie of an upstream that refused. And what the last run sets must arrive once:
// clients take a second pushback for "stop".
func TestOnlyTheLastRunIsHeard(t *testing.T) {
	set := func(ctx context.Context, run int) {
		_ = grpc.SetHeader(ctx, metadata.Pairs("x-run", strconv.Itoa(run), "x-header-"+strconv.Itoa(run), "1"))
		_ = grpc.SetTrailer(ctx, metadata.Pairs("x-run", strconv.Itoa(run), "x-trailer-"+strconv.Itoa(run), "1"))
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackKey, "1"))
	}
	for _, method := range []string{readOnly, listFolder, uploadFile} {
		t.Run("success"+method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, rerunning(succeeding(until(3, set)), retry.Idempotent), method)
				if diff := cmp.Diff(metadata.MD{"x-run": {"3"}, "x-header-3": {"1"}}, grpcOnly(a.header)); diff != "" || a.err != nil {
					t.Errorf("error = %v; header of the last run (-want +got):\n%s", a.err, diff)
				}
				if diff := cmp.Diff(metadata.MD{"x-run": {"3"}, "x-trailer-3": {"1"}, pushbackKey: {"1"}}, a.trailer); diff != "" {
					t.Errorf("trailer of the last run (-want +got):\n%s", diff)
				}
			})
		})
		t.Run("failure"+method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, rerunning(succeeding(until(4, set)), retry.Idempotent), method)
				checkTold(t, a, told{2 * time.Second, "-1"})
				checkAccount(t, a.err, account{3, "NOT_APPLIED"})
				want := metadata.MD{"x-run": {"3", "3"}, "x-header-3": {"1"}, "x-trailer-3": {"1"}}
				if diff := cmp.Diff(want, without(a.trailer, pushbackKey, "grpc-status-details-bin")); diff != "" || len(a.header) != 0 {
					t.Errorf("header = %v, want none; trailer of the last run (-want +got):\n%s", a.header, diff)
				}
			})
		})
	}
}

// After two dropped runs the answer is still one frame: the only form in which the
// caller's own library would obey what it says.
func TestARerunStaysTrailersOnlyOnTheWire(t *testing.T) {
	t.Parallel()
	at0 := box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "0") // this test does not wait in a bubble
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			runs := 0
			s := succeeding(marked(func(context.Context) error { runs++; return at0 }))
			s.ctl = retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
			got := onWire(t, s.serve(t), method)
			if !got.trailersOnly() || runs != 3 {
				t.Errorf("%d runs, header %v, trailer %v, want 3 and one frame", runs, got.header, got.trailer)
			}
			if h := got.header.Values("X-Held"); len(h) != 1 || h[0] != "3" {
				t.Errorf("x-held = %q, want that of the last run", h)
			}
		})
	}
}

// Goroutines outlive their run. One that goes on while the next run is at work must
// not speak for it: its caller would get headers of a run that failed, or a message
// of a list that was begun again.
func TestALateGoroutineOfADroppedRun(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dropped []context.Context
				s := rerunning(succeeding(until(3, func(ctx context.Context, run int) {
					for _, late := range dropped {
						checkSilent(late, t)
					}
					dropped = append(dropped, ctx)
					_ = grpc.SetHeader(ctx, metadata.Pairs("x-run", strconv.Itoa(run)))
				})), retry.Idempotent)
				s.outside = afterwards(func(error) { checkSilent(dropped[0], t) })
				a := ask(t, s, method)
				if diff := cmp.Diff(metadata.MD{"x-run": {"3"}}, grpcOnly(a.header)); diff != "" || a.err != nil {
					t.Errorf("error = %v; header (-want +got):\n%s", a.err, diff)
				}
				if len(a.trailer) != 0 {
					t.Errorf("trailer = %v, want none", a.trailer)
				}
				for i, ctx := range dropped[:2] {
					if ctx == dropped[i+1] {
						t.Errorf("runs %d and %d have one context", i+1, i+2)
					}
				}
			})
		})
	}
}

// checkSilent does what a goroutine of a dropped run may still do.
func checkSilent(ctx context.Context, t *testing.T) {
	t.Helper()
	late := metadata.Pairs("x-late", "1")
	if grpc.SetHeader(ctx, late) == nil || grpc.SendHeader(ctx, late) == nil || grpc.SetTrailer(ctx, late) == nil {
		t.Error("SetHeader, SendHeader or SetTrailer in a dropped run = nil, want an error: nobody gets it")
	}
}

// Between two runs nobody runs, but for the goroutines of the one that failed. What
// they send then, the next run would send a second time.
func TestALateGoroutineDuringTheWait(t *testing.T) {
	late := func(t *testing.T, send func() error) {
		t.Helper()
		time.AfterFunc(time.Second, func() { // of two that the upstream asked for
			if send() == nil {
				t.Error("a message or a header after the run, during the wait = nil, want an error")
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := rerunning(succeeding(until(2, func(ctx context.Context, run int) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-run", strconv.Itoa(run)))
			if run == 1 {
				late(t, func() error { return grpc.SendHeader(ctx, metadata.Pairs("x-late", "1")) })
			}
		})), retry.Unknown)
		a := ask(t, s, readOnly)
		if diff := cmp.Diff(metadata.MD{"x-run": {"2"}}, grpcOnly(a.header)); diff != "" || a.err != nil {
			t.Errorf("error = %v; header (-want +got):\n%s", a.err, diff)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, runs := rerunning(failing(nil), retry.Unknown), 0
		s.list = func(ss listStream) error {
			if runs++; runs > 1 {
				return ss.Send(&filesv1.ListFolderResponse{})
			}
			late(t, func() error { return ss.Send(&filesv1.ListFolderResponse{}) })
			return slowDownGet
		}
		if a := ask(t, s, listFolder); a.err != nil || a.messages != 1 {
			t.Errorf("%d messages, error %v; want 1, of the second run", a.messages, a.err)
		}
	})
}

// The same for the stream itself.
func TestALateMessageOfADroppedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dropped []listStream
		s := rerunning(failing(nil), retry.Unknown)
		s.list = func(ss listStream) error {
			for _, late := range dropped {
				if late.Send(&filesv1.ListFolderResponse{Items: []*filesv1.Item{{Id: "late"}}}) == nil {
					t.Error("Send in a dropped run = nil, want an error")
				}
				if late.SetHeader(metadata.Pairs("x-late", "1")) == nil || late.SendHeader(nil) == nil {
					t.Error("SetHeader or SendHeader in a dropped run = nil, want an error")
				}
				late.SetTrailer(metadata.Pairs("x-late", "1"))
			}
			dropped = append(dropped, ss)
			if len(dropped) < 3 {
				return slowDownGet
			}
			return ss.Send(&filesv1.ListFolderResponse{})
		}
		a := ask(t, s, listFolder)
		if a.err != nil || a.messages != 1 || len(grpcOnly(a.header)) != 0 || len(a.trailer) != 0 {
			t.Errorf("%d messages, header %v, trailer %v, error %v; want 1 and nothing else", a.messages, a.header, a.trailer, a.err)
		}
	})
}

// A message that was sent cannot be taken back: its caller would get it twice.
func TestAStreamThatHasSentIsNotRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		s := failing(nil)
		s.ctl = retry.New()
		s.list = func(ss listStream) error {
			runs++
			_ = ss.Send(&filesv1.ListFolderResponse{})
			return box(http.MethodGet, 503, "unavailable")
		}
		a := ask(t, s, listFolder)
		if runs != 1 || a.messages != 1 || status.Code(a.err) != codes.Unavailable {
			t.Errorf("%d runs, %d messages, %v; want 1, 1, UNAVAILABLE", runs, a.messages, a.err)
		}
	})
}
