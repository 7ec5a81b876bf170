// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafegrpc"
	"github.com/googleapis/gax-go/v2"
	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/boxgrpc/boxgrpc/bench/paired"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// clientInterceptor is what an RPC that succeeds pays for the retrying of those that do
// not, without a connection, which would be a thousand times as much.
func clientInterceptor() *table {
	ours := interceptors.UnaryClientInterceptor(retry.New())
	var header, trailer metadata.MD
	three := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer), grpc.WaitForReady(true)}
	return &table{
		name: "client interceptor", rounds: usualRounds, batch: callsOfFunctions, count: 1000,
		cases: []paired.Case{
			invoked("pass", passUnaryClient),
			invoked("ours", ours),
			invoked("ours, 3 options", ours, three...),
			opened("pass, bidi", passStreamClient, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}),
			opened("ours, bidi", interceptors.StreamClientInterceptor(retry.New()), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}),
			invoked("mwretry", mwretry.UnaryClientInterceptor(mwretry.WithMax(3))),
			invoked("failsafe", failsafegrpc.NewUnaryClientInterceptor[any](failsafegrpc.NewRetryPolicyBuilder[any]().Build())),
			invoked("gax", gaxRetry),
		},
		goals: []goal{
			{id: "G1", what: "client, stream that is not repeated", base: "go-grpc-middleware retry max 3", figure: added("ours, bidi", "pass, bidi", "mwretry", "pass"), unit: times, of: "ours, bidi",
				hard: most(0.6), stretch: most(0.35), allocs: most(0), bytes: most(0)},
			{id: "G1", what: "client, unary, which listens for the trailer", base: "go-grpc-middleware retry max 3", figure: excess("ours", "mwretry"), unit: times, of: "ours", allocs: most(1), bytes: most(80)},
			{id: "G1", what: "the same with 3 call options", base: "go-grpc-middleware retry max 3", figure: excess("ours, 3 options", "mwretry"), unit: times, of: "ours, 3 options", allocs: most(1), bytes: most(80)},
			{id: "G1", what: "the same, ns more than an empty interceptor", base: "empty interceptor", figure: difference("ours", "pass"), unit: nanos},
			{id: "G1", what: "go-grpc-middleware retry max 3", base: "empty interceptor", figure: difference("mwretry", "pass"), unit: nanos, of: "mwretry"},
			{id: "G1", what: "failsafegrpc retry", base: "go-grpc-middleware retry max 3", figure: excess("failsafe", "mwretry"), unit: times, of: "failsafe"},
			{id: "G1", what: "gax.Invoke, retry", base: "go-grpc-middleware retry max 3", figure: excess("gax", "mwretry"), unit: times, of: "gax"},
		},
	}
}

func passUnaryClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func passStreamClient(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(ctx, desc, cc, method, opts...)
}

func gaxRetry(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return gax.Invoke(ctx, func(ctx context.Context, _ gax.CallSettings) error {
		return invoker(ctx, method, req, reply, cc, opts...)
	}, gax.WithRetry(func() gax.Retryer {
		return gax.OnCodes([]codes.Code{codes.Unavailable}, gax.Backoff{Initial: 100 * time.Millisecond})
	}))
}

// invoked is a unary call that succeeds at once, and keeps its options as the compiler
// has to assume of real ones.
func invoked(name string, i grpc.UnaryClientInterceptor, opts ...grpc.CallOption) paired.Case {
	ctx, reply := context.Background(), new(emptypb.Empty)
	invoker := func(_ context.Context, _ string, _, _ any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
		sinks.options = opts
		return nil
	}
	return paired.Each(name, func() { must(0, i(ctx, unaryMethod, empty, reply, nil, invoker, opts...)) })
}

// opened is a stream that is opened, and no more.
func opened(name string, i grpc.StreamClientInterceptor, desc *grpc.StreamDesc) paired.Case {
	ctx := context.Background()
	streamer := func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
		return quietClient{}, nil
	}
	return paired.Each(name, func() { sinks.stream = must(i(ctx, desc, nil, streamMethod, streamer)) })
}
