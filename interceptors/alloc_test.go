// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// openStream is the least that an interceptor can be given; a real stream would
// be counted along.
type openStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *openStream) Context() context.Context { return s.ctx }
func (s *openStream) SendMsg(any) error        { return nil }
func (s *openStream) RecvMsg(any) error        { return nil }

// A success is an RPC that succeeds, and what the interceptor may allocate for it.
type success struct {
	rpc    func()
	allocs float64
	bytes  uint64
}

// sink makes contexts outlive their handlers, as the compiler has to assume of real
// ones.
var sink context.Context

func successes(ctx context.Context) map[string]success {
	unary := func(options ...interceptors.Option) func() {
		i := interceptors.UnaryServerInterceptor(retry.New(), options...)
		info := &grpc.UnaryServerInfo{FullMethod: readOnly}
		handler := func(ctx context.Context, _ any) (any, error) { sink = ctx; return nil, nil }
		return func() { _, _ = i(ctx, nil, info, handler) }
	}
	stream := func(messages int, options ...interceptors.Option) func() {
		i := interceptors.StreamServerInterceptor(retry.New(), options...)
		info, ss := &grpc.StreamServerInfo{FullMethod: listFolder, IsServerStream: true}, &openStream{ctx: ctx}
		handler := func(_ any, ss grpc.ServerStream) error {
			sink = ss.Context()
			for range messages {
				if err := errors.Join(ss.RecvMsg(nil), ss.SendMsg(nil)); err != nil {
					return err
				}
			}
			return nil
		}
		return func() { _ = i(nil, ss, info, handler) }
	}
	plain := interceptors.WithoutIsolation()
	return map[string]success{
		"unary":                           {unary(), 1, 192},
		"stream":                          {stream(0), 1, 192},
		"stream of 1000 messages":         {stream(1000), 1, 192},
		"unary, not isolated":             {unary(plain), 0, 0},
		"stream, not isolated":            {stream(0, plain), 0, 0},
		"1000 messages, not isolated":     {stream(1000, plain), 0, 0},
		"unary with safeties":             {unary(safety(retry.ReadOnly)...), 1, 192},
		"stream of 10 messages, safeties": {stream(10, safety(retry.ReadOnly)...), 1, 192},
	}
}

// Almost all RPCs succeed. What they pay for the few that fail is a promise of the
// documentation, and it grows one allocation at a time.
func TestASuccessCostsOneAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates on its own")
	}
	for name, s := range successes(t.Context()) {
		if got := testing.AllocsPerRun(1000, s.rpc); got > s.allocs {
			t.Errorf("%s: %v allocations, want at most %v", name, got, s.allocs)
		}
		if got := bytesPerRun(1000, s.rpc); got > s.bytes {
			t.Errorf("%s: %d bytes, want at most %d", name, got, s.bytes)
		}
	}
}

// An upstream in trouble makes every RPC fail. What the interceptor adds to an error that
// nobody repeats must not be a second one: it is made once, when grpc-go sends it.
func TestAnErrorIsMadeOnce(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates on its own")
	}
	conflict := translate.Answer{Method: "POST", Status: 409, Body: []byte(`{"type":"error","status":409,"code":"item_name_in_use","message":"Item with the same name already exists"}`)}
	handler := func(context.Context, any) (any, error) { return nil, translate.Box.Translate(conflict) }
	i := interceptors.UnaryServerInterceptor(retry.New())
	info := &grpc.UnaryServerInfo{FullMethod: readOnly}
	plain := func() { _, err := handler(t.Context(), nil); status.Convert(err) }
	intercepted := func() { _, err := i(t.Context(), nil, info, handler); status.Convert(err) }
	if more := bytesPerRun(1000, intercepted) - bytesPerRun(1000, plain); more > 512 {
		t.Errorf("the interceptor adds %d bytes to an error, want at most 512", more)
	}
}

// bytesPerRun does for bytes what testing.AllocsPerRun does for allocations;
// testing.Benchmark would take a second for each. The runtime allocates for itself
// now and then, which only adds, so the least of several measurements counts.
func bytesPerRun(runs uint64, f func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			f()
		}
		runtime.ReadMemStats(&after)
		least = min(least, (after.TotalAlloc-before.TotalAlloc)/runs)
	}
	return least
}
