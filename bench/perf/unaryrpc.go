// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/failsafe-go/failsafe-go/failsafegrpc"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// unaryRPC is an RPC that succeeds, with interceptors on both sides.
func unaryRPC() *table {
	// Goroutines of grpc-go that happen to meet save an allocation now and then: of 500 RPCs
	// that is up to 0.05 for each, of 2000 it no longer counts.
	// Its bound is one percent, so it has more rounds than others.
	t := &table{name: "unary RPC", rounds: 2 * usualRounds, batch: rpcs, count: 2000}
	for _, c := range []struct {
		name   string
		server []grpc.ServerOption
		client []grpc.DialOption
	}{
		{"none", nil, nil},
		{"pass", chainServer(passUnaryServer), chainClient(passUnaryClient)},
		{"hearing", chainServer(passUnaryServer), chainClient(hearing)},
		{"ours", chainServer(interceptors.UnaryServerInterceptor(retry.New())), interceptors.DialOptions()},
		{"ours, not isolated", chainServer(interceptors.UnaryServerInterceptor(retry.New(), interceptors.WithoutIsolation())), interceptors.DialOptions()},
		{"mw", chainServer(recovery.UnaryServerInterceptor()), chainClient(mwretry.UnaryClientInterceptor(mwretry.WithMax(3)))},
		{"workers", []grpc.ServerOption{workers}, nil},
		{"ours, workers", append(chainServer(interceptors.UnaryServerInterceptor(retry.New())), workers), interceptors.DialOptions()},
		{"policy", nil, []grpc.DialOption{grpc.WithDefaultServiceConfig(retryPolicy)}},
		{"failsafe", chainServer(failsafegrpc.NewUnaryServerInterceptor[any](retrypolicy.NewWithDefaults[any]())),
			chainClient(failsafegrpc.NewUnaryClientInterceptor[any](failsafegrpc.NewRetryPolicyBuilder[any]().Build()))},
	} {
		t.add(c.name, inMemory, succeed, c.server, c.client, each(func(cc *grpc.ClientConn) { must(0, call(cc)) }))
	}
	t.goals = []goal{
		{id: "G3", what: "unary RPC, both sides", base: "no interceptors", figure: ratio("ours", "none"), unit: times, of: "ours", over: "hearing", hard: most(1.01), allocs: most(1), bytes: most(192 + 80)},
		{id: "G3", what: "unary RPC, both sides, WithoutIsolation", base: "no interceptors", figure: ratio("ours, not isolated", "none"), unit: times, of: "ours, not isolated", over: "hearing",
			hard: most(1.01), allocs: most(0), bytes: most(80)},
		{id: "G3", what: "unary RPC, both sides", base: "empty interceptors", figure: ratio("ours", "pass"), unit: times},
		{id: "G3", what: "empty interceptors", base: "no interceptors", figure: ratio("pass", "none"), unit: times, of: "pass"},
		{id: "G3", what: "interceptors that only hear the trailer", base: "no interceptors", figure: ratio("hearing", "none"), unit: times, of: "hearing"},
		{id: "G3", what: "go-grpc-middleware retry and recovery", base: "no interceptors", figure: ratio("mw", "none"), unit: times, of: "mw"},
		{id: "G3", what: "grpc.NumStreamWorkers, no interceptors", base: "no interceptors", figure: ratio("workers", "none"), unit: times, of: "workers"},
		{id: "G3", what: "grpc.NumStreamWorkers, ours on both sides", base: "no interceptors", figure: ratio("ours, workers", "none"), unit: times, of: "ours, workers"},
		{id: "G3", what: "grpc-go retryPolicy", base: "no interceptors", figure: ratio("policy", "none"), unit: times, of: "policy"},
		{id: "G3", what: "failsafegrpc retry", base: "no interceptors", figure: ratio("failsafe", "none"), unit: times, of: "failsafe"},
	}
	return t
}

// hearing is the least that a client interceptor can do that obeys the server's word:
// one allocation of its own, and what grpc-go makes of the trailer for it.
func hearing(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	var one struct {
		trailer metadata.MD
		opts    [1]grpc.CallOption
	}
	return invoker(ctx, method, req, reply, cc, append(append(one.opts[:0], opts...), grpc.Trailer(&one.trailer))...)
}

// workers keep their stacks from one RPC to the next. Without them each RPC has a goroutine of its
// own, whose stack has to grow.
var workers = grpc.NumStreamWorkers(8)

// retryPolicy is grpc-go's built-in retry (gRFC A6).
const retryPolicy = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s",
	"maxBackoff":"2s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}`

func chainServer(i grpc.UnaryServerInterceptor) []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(i)}
}

func chainClient(i grpc.UnaryClientInterceptor) []grpc.DialOption {
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(i)}
}
