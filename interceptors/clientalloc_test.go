// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// clientSuccesses are RPCs that succeed, as functions: a real connection would be
// counted along.
func clientSuccesses(ctx context.Context) map[string]success {
	var header, trailer metadata.MD
	three := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer), grpc.WaitForReady(true)}
	ours := []grpc.CallOption{interceptors.WithRetry(retry.WithMaxAttempts(2)), interceptors.WithCallSafety(retry.ReadOnly)}
	unary := func(opts []grpc.CallOption, of ...interceptors.CallOption) func() {
		i := interceptors.UnaryClientInterceptor(retry.New(), of...)
		invoker := func(_ context.Context, _ string, _, _ any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
			options = opts
			return nil
		}
		return func() { _ = i(ctx, readOnly, nil, nil, nil, invoker, opts...) }
	}
	stream := func(messages int, opts []grpc.CallOption, of ...interceptors.CallOption) func() {
		i := interceptors.StreamClientInterceptor(retry.New(), of...)
		left, desc := 0, &grpc.StreamDesc{ServerStreams: true}
		cs := &clientStub{send: func(any) error { return nil }, recv: func(any) error {
			if left--; left < 0 {
				return io.EOF
			}
			return nil
		}}
		streamer := func(_ context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			options = opts
			return cs, nil
		}
		return func() {
			left = messages
			s, err := i(ctx, desc, nil, listFolder, streamer, opts...)
			for err == nil {
				if err = s.SendMsg(cs); err == nil {
					err = s.RecvMsg(cs)
				}
			}
		}
	}
	const bytesOfUnary, bytesOfStream = 80, 160
	return map[string]success{
		"unary":                       {unary(nil), 1, bytesOfUnary},
		"unary with 3 options":        {unary(three), 1, bytesOfUnary},
		"unary with our options":      {unary(ours), 1, bytesOfUnary},
		"unary, connection's options": {unary(three, interceptors.WithCallSafety(retry.Idempotent)), 1, bytesOfUnary},
		"stream":                      {stream(0, nil), 1, bytesOfStream},
		"stream with 3 options":       {stream(1, three), 1, bytesOfStream},
		"stream of 1000 messages":     {stream(1000, ours), 1, bytesOfStream},
	}
}

// options makes the options outlive the call, as those of a real call do.
var options []grpc.CallOption

// Almost all calls succeed. What they pay for the few that fail is a promise of the
// documentation, and it grows one allocation at a time.
func TestASuccessOfTheClientCostsOneAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates on its own")
	}
	for name, s := range clientSuccesses(t.Context()) {
		allocs, bytes := testing.AllocsPerRun(1000, s.rpc), bytesPerRun(1000, s.rpc)
		if allocs > s.allocs {
			t.Errorf("%s: %v allocations, want at most %v", name, allocs, s.allocs)
		}
		if bytes > s.bytes {
			t.Errorf("%s: %d bytes, want at most %d", name, bytes, s.bytes)
		}
	}
}
