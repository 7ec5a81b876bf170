// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// An accessLog is what a service logs with: the fields of each finished call.
type accessLog struct {
	mu    sync.Mutex
	lines []map[string]string
}

func (l *accessLog) Log(_ context.Context, _ logging.Level, msg string, fields ...any) {
	line := map[string]string{"message": msg}
	for i := logging.Fields(fields).Iterator(); i.Next(); {
		key, value := i.At()
		line[key] = fmt.Sprint(value)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// finished are the lines of finished calls.
func (l *accessLog) finished() (lines []map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if line["message"] == "finished call" {
			lines = append(lines, line)
		}
	}
	return lines
}

const token = "Bearer let-me-in"

func authenticate(ctx context.Context) (context.Context, error) {
	if got := metadata.ValueFromIncomingContext(ctx, "authorization"); len(got) != 1 || got[0] != token {
		return nil, status.Error(codes.Unauthenticated, "who are you?")
	}
	return ctx, nil
}

// notDeletions is a selector: every method but one goes through the interceptor.
var notDeletions = selector.MatchFunc(func(_ context.Context, c mwinterceptors.CallMeta) bool { return c.Method != "DeleteFolder" })

// chained is the documented order: recovery, logging, authentication, and ours last,
// nearest to the handler, with a selector for the exceptions.
func chained(l *accessLog, ctl *retry.Controller) []grpc.ServerOption {
	recovered := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.Internal, "recovered") })
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(
			recovery.UnaryServerInterceptor(recovered),
			logging.UnaryServerInterceptor(l),
			auth.UnaryServerInterceptor(authenticate),
			selector.UnaryServerInterceptor(interceptors.UnaryServerInterceptor(ctl), notDeletions)),
		grpc.ChainStreamInterceptor(
			recovery.StreamServerInterceptor(recovered),
			logging.StreamServerInterceptor(l),
			auth.StreamServerInterceptor(authenticate),
			selector.StreamServerInterceptor(interceptors.StreamServerInterceptor(ctl), notDeletions)),
	}
}

// inChain is a service in the documented chain, and what it logs.
func inChain(handle func(ctx context.Context, n int) error, ctl *retry.Controller) (*remote, *accessLog) {
	l, p := &accessLog{}, newRemote(handle)
	p.outside = chained(l, ctl)
	return p, l
}

func letMeIn(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", token)
}

// Operators find a failed call by what Box calls it. If a field is lost, they cannot
// ask Box about the request; if a wrap text gets in, tokens are in the logs.
func TestTheAccessLogOfAFailedCall(t *testing.T) {
	for _, method := range []string{readOnly, listFolder, uploadFile} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wrapped := fmt.Errorf("GET /files/1 with %s: %w", secret, box(http.MethodGet, 503, "unavailable"))
				p, l := inChain(func(context.Context, int) error { return wrapped }, retry.New())
				a := call(letMeIn(t.Context()), p.dial(t), method)
				lines := l.finished()
				if len(lines) != 1 || status.Code(a.err) != codes.Unavailable {
					t.Fatalf("%d lines for %v, want 1 for UNAVAILABLE", len(lines), a.err)
				}
				want := map[string]string{
					"grpc.code": "Unavailable", "boxgrpc.code": "unavailable", "boxgrpc.reason": "UNAVAILABLE", "boxgrpc.request_id": "req1",
					"boxgrpc.attempts": fmt.Sprint(p.attempts()), "boxgrpc.outcome": "NOT_APPLIED",
				}
				for key, value := range want {
					if got := lines[0][key]; got != value {
						t.Errorf("%s = %q, want %q", key, got, value)
					}
				}
				if want := map[bool]int{true: 1, false: 3}[method == uploadFile]; p.attempts() != want {
					t.Errorf("%d runs, want %d", p.attempts(), want)
				}
				for _, line := range l.lines {
					if text := fmt.Sprint(line); strings.Contains(text, secret) || strings.Contains(text, "GET /files") {
						t.Errorf("log line = %s, want no wrap text in it", text)
					}
				}
			})
		})
	}
}

// A call that succeeded in the end is a success in the log, with nothing of ours.
func TestTheAccessLogOfASuccess(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		synctest.Test(t, func(t *testing.T) {
			p, l := inChain(func(_ context.Context, n int) error {
				if n == 1 {
					return box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "1")
				}
				return nil
			}, retry.New())
			a := invoke(letMeIn(t.Context()), p.dial(t), method)
			lines := l.finished()
			if a.err != nil || p.attempts() != 2 || len(lines) != 1 {
				t.Fatalf("%s: %v after %d runs, %d lines, want success, 2, 1", method, a.err, p.attempts(), len(lines))
			}
			for key := range lines[0] {
				if strings.HasPrefix(key, "boxgrpc.") {
					t.Errorf("%s: field %s = %s, want none of ours", method, key, lines[0][key])
				}
			}
		})
	}
}

// A caller without credentials is turned away before anything runs, is told nothing of
// ours, and does not come back.
func TestAuthFailuresPassUntouched(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		synctest.Test(t, func(t *testing.T) {
			p, l := inChain(func(context.Context, int) error { return unavailable }, retry.New())
			a := invoke(t.Context(), p.ours(t), method)
			st := status.Convert(a.err)
			if st.Code() != codes.Unauthenticated || st.Message() != "who are you?" || len(st.Details()) != 0 || len(a.trailer[pushbackKey]) != 0 {
				t.Errorf("%s: error %v with %d details, trailer %v, want the interceptor's own", method, a.err, len(st.Details()), a.trailer)
			}
			if lines := len(l.finished()); p.attempts() != 0 || lines != 1 {
				t.Errorf("%s: %d runs, %d calls, want none and 1", method, p.attempts(), lines)
			}
		})
	}
}

// A method that the selector leaves out is one that we never touch: no further run, no
// pushback, and the error as the handler translated it.
func TestASelectorKeepsAMethodOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := inChain(func(context.Context, int) error { return unavailable }, retry.New())
		a := invoke(letMeIn(t.Context()), p.dial(t), idempotent)
		if p.attempts() != 1 || len(a.trailer[pushbackKey]) != 0 || status.Code(a.err) != codes.Unavailable {
			t.Errorf("%d runs, trailer %v, %v, want 1, no pushback, UNAVAILABLE", p.attempts(), a.trailer, a.err)
		}
		for _, line := range l.finished() {
			if reason, ok := line["boxgrpc.reason"]; ok {
				t.Errorf("boxgrpc.reason = %q, want no field", reason)
			}
		}
	})
}

// A panic is no upstream's error: it is recovered where the service recovers it,
// outside of ours or inside, and runs nothing again.
func TestAPanicInTheChain(t *testing.T) {
	recovered := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.Internal, "recovered") })
	inside := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(retry.New()), recovery.UnaryServerInterceptor(recovered)),
		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(retry.New()), recovery.StreamServerInterceptor(recovered)),
	}
	for name, options := range map[string][]grpc.ServerOption{"outside": chained(&accessLog{}, retry.New()), "inside": inside} {
		for _, method := range []string{readOnly, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newRemote(func(ctx context.Context, _ int) error {
						_ = grpc.SetHeader(ctx, metadata.Pairs("x-half", "1"))
						panic("handler")
					})
					p.outside = options
					a := invoke(letMeIn(t.Context()), p.ours(t), method)
					if st := status.Convert(a.err); st.Code() != codes.Internal || st.Message() != "recovered" || p.attempts() != 1 {
						t.Errorf("%d runs, %v, want 1 and INTERNAL", p.attempts(), a.err)
					}
				})
			})
		}
	}
}
