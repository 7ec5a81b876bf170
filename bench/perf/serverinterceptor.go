// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/failsafe-go/failsafe-go/failsafegrpc"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/bench/paired"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// serverInterceptor is what an RPC that succeeds pays on the other side.
func serverInterceptor() *table {
	return &table{
		name: "server interceptor", rounds: usualRounds, batch: callsOfFunctions, count: 1000,
		cases: []paired.Case{
			handled("pass", passUnaryServer),
			handled("ours", interceptors.UnaryServerInterceptor(retry.New())),
			handled("ours, not isolated", interceptors.UnaryServerInterceptor(retry.New(), interceptors.WithoutIsolation())),
			handled("recovery", recovery.UnaryServerInterceptor()),
			handled("failsafe", failsafegrpc.NewUnaryServerInterceptor[any](retrypolicy.NewWithDefaults[any]())),
		},
		goals: []goal{
			{id: "G2", what: "server, unary, WithoutIsolation", base: "go-grpc-middleware recovery", figure: excess("ours, not isolated", "recovery"), unit: times, of: "ours, not isolated",
				hard: most(1), stretch: most(0.3), allocs: most(0), bytes: most(0)},
			{id: "G2", what: "server, unary, isolated (the default)", base: "go-grpc-middleware recovery", figure: excess("ours", "recovery"), unit: times, of: "ours",
				allocs: most(1), bytes: most(192)},
			{id: "G2", what: "the same, ns more than an empty interceptor", base: "empty interceptor", figure: difference("ours", "pass"), unit: nanos},
			{id: "G2", what: "go-grpc-middleware recovery", base: "empty interceptor", figure: difference("recovery", "pass"), unit: nanos, of: "recovery"},
			{id: "G2", what: "failsafegrpc retry", base: "go-grpc-middleware recovery", figure: excess("failsafe", "recovery"), unit: times, of: "failsafe"},
		},
	}
}

func passUnaryServer(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
	return h(ctx, req)
}

func passStreamServer(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
	return h(srv, ss)
}

// handled is a handler that succeeds at once, and keeps its context as the compiler has
// to assume of real ones.
func handled(name string, i grpc.UnaryServerInterceptor) paired.Case {
	ctx, info := context.Background(), &grpc.UnaryServerInfo{FullMethod: unaryMethod}
	h := func(ctx context.Context, _ any) (any, error) { sinks.any = ctx; return empty, nil }
	return paired.Each(name, func() { sinks.any = must(i(ctx, empty, info, h)) })
}
