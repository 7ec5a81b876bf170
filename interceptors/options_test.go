// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A mistake in a service's wiring is found when it starts, with the name of what is
// wrong; a nil pointer in the first failed RPC names nothing.
func TestMistakesPanicWithTheirName(t *testing.T) {
	t.Parallel()
	checkMistakes(t, map[string]mistake{
		"no controller, unary":   {func() { interceptors.UnaryServerInterceptor(nil) }, []string{"interceptors:", "*retry.Controller", "retry.New()"}},
		"no controller, streams": {func() { interceptors.StreamServerInterceptor(nil) }, []string{"interceptors:", "*retry.Controller", "retry.New()"}},
		"no matcher":             {func() { interceptors.WithSafety(retry.ReadOnly, nil) }, []string{"interceptors:", "WithSafety", "matcher"}},
		"a safety too small":     {func() { interceptors.WithSafety(-1, every) }, []string{"interceptors:", "WithSafety", "-1"}},
		"a safety too large":     {func() { interceptors.WithSafety(retry.NotIdempotent+1, every) }, []string{"interceptors:", "WithSafety", "6"}},
		"no option":              {func() { interceptors.UnaryServerInterceptor(retry.New(), nil) }, []string{"interceptors:", "option 0", "nil"}},
	})
}

// A mistake is one of who wires up a service, and what the panic must name.
type mistake struct {
	f    func()
	want []string
}

func checkMistakes(t *testing.T, mistakes map[string]mistake) {
	t.Helper()
	for name, tt := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				got := fmt.Sprint(recover())
				for _, want := range tt.want {
					if !strings.Contains(got, want) {
						t.Errorf("panic = %q, want %q in it", got, want)
					}
				}
			}()
			tt.f()
		})
	}
}

// Every value that package retry has must be taken, or a service cannot say what
// its method is.
func TestEverySafetyIsTaken(t *testing.T) {
	t.Parallel()
	for s := retry.Unknown; s <= retry.NotIdempotent; s++ {
		interceptors.WithSafety(s, every)
	}
}

// The first option that matches counts: a service lists its exceptions first, and
// what holds for the rest last. The other way round an exception is repeated.
func TestTheFirstSafetyThatMatchesCounts(t *testing.T) {
	t.Parallel()
	creating := selector.MatchFunc(func(_ context.Context, c mwinterceptors.CallMeta) bool { return c.Method == "CreateFolder" })
	options := []interceptors.Option{
		interceptors.WithSafety(retry.NotIdempotent, creating),
		interceptors.WithSafety(retry.Idempotent, every),
	}
	situations := map[string]told{undeclared: stop, readOnly: waiting(time.Second), uploadFile: waiting(time.Second)}
	for method, want := range situations {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			checkTold(t, ask(t, failing(unavailable, options...), method), want)
		})
	}
}

// Matchers decide by what they are told of the call; with wrong facts the wrong
// methods are repeated.
func TestWhatMatchersSee(t *testing.T) {
	t.Parallel()
	want := map[string]mwinterceptors.GRPCType{
		readOnly: mwinterceptors.Unary, listFolder: mwinterceptors.ServerStream, uploadFile: mwinterceptors.ClientStream,
	}
	for method, typ := range want {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var seen atomic.Pointer[mwinterceptors.CallMeta]
			m := selector.MatchFunc(func(ctx context.Context, c mwinterceptors.CallMeta) bool {
				if _, ok := grpc.Method(ctx); !ok {
					t.Error("the matcher's context is not the RPC's")
				}
				seen.Store(&c)
				return true
			})
			ask(t, failing(unavailable, interceptors.WithSafety(retry.ReadOnly, m)), method)
			got := *seen.Load()
			if (got.ReqOrNil != nil) != (typ == mwinterceptors.Unary) {
				t.Errorf("request = %v, want one for unary RPCs only", got.ReqOrNil)
			}
			got.ReqOrNil = nil
			service, name, _ := strings.Cut(method[1:], "/")
			if diff := cmp.Diff(mwinterceptors.CallMeta{Typ: typ, Service: service, Method: name}, got); diff != "" {
				t.Errorf("CallMeta (-want +got):\n%s", diff)
			}
		})
	}
}

// Matchers run for failed RPCs only: one that is slow, or asks a database, must not
// slow down a service whose RPCs succeed.
func TestMatchersDoNotRunForASuccess(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	m := selector.MatchFunc(func(context.Context, mwinterceptors.CallMeta) bool { asked.Add(1); return true })
	s := succeeding(func(context.Context) error { return nil })
	s.options = []interceptors.Option{interceptors.WithSafety(retry.ReadOnly, m)}
	ask(t, s, readOnly)
	ask(t, s, listFolder)
	if n := asked.Load(); n != 0 {
		t.Errorf("matcher asked %d times, want 0", n)
	}
}

// Proxies serve methods that their binary has no descriptor of. Unknown means not
// safe; and strangers choose these names, so any of them must do no harm.
func TestMethodsWithoutADescriptor(t *testing.T) {
	t.Parallel()
	err := box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2")
	s := failing(err)
	s.outside = []grpc.ServerOption{grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return err })}
	conn := s.dial(t)
	for _, method := range []string{
		"/no.Such/Method", "/files.v1.FileService/NoSuch", "/files.v1.FileService/GetFile/", "/files.v1/FileService",
		"/files.v1.GetFileRequest/file_id", "//", "/a/b/c/d", "/files.v1.FileService/getfile",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			checkTold(t, call(t.Context(), conn, method), stop)
		})
	}
}
