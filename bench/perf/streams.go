// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/boxgrpc/boxgrpc/bench/paired"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// messages is what each message of a stream pays, without a connection.
func messages() *table {
	return &table{
		name: "messages", rounds: usualRounds, batch: callsOfFunctions, count: 10_000,
		cases: []paired.Case{
			sent("sent", passStreamServer),
			sent("ours sends", interceptors.StreamServerInterceptor(retry.New())),
			sent("ours sends, not isolated", interceptors.StreamServerInterceptor(retry.New(), interceptors.WithoutIsolation())),
			sent("recovery sends", recovery.StreamServerInterceptor()),
			read("received", passStreamClient),
			read("ours receives", interceptors.StreamClientInterceptor(retry.New())),
			read("mwretry receives", mwretry.StreamClientInterceptor(mwretry.WithMax(3))),
		},
		goals: []goal{
			{id: "G4", what: "client, a message", base: "go-grpc-middleware retry max 3", figure: ratio("ours receives", "mwretry receives"), unit: times, of: "ours receives", hard: most(0.5), allocs: most(0)},
			{id: "G4", what: "server, a message, WithoutIsolation", base: "go-grpc-middleware recovery", figure: difference("ours sends, not isolated", "recovery sends"), unit: nanos, of: "ours sends, not isolated",
				hard: most(1), allocs: most(0)},
			{id: "G4", what: "server, a message, isolated (the default)", base: "go-grpc-middleware recovery", figure: difference("ours sends", "recovery sends"), unit: nanos, of: "ours sends", allocs: most(0)},
			{id: "G4", what: "go-grpc-middleware retry max 3, a message", base: "empty interceptor", figure: difference("mwretry receives", "received"), unit: nanos, of: "mwretry receives"},
		},
	}
}

// streamRPC is a stream of 100 messages, with interceptors on both sides.
func streamRPC() *table {
	t := &table{name: "stream of 100", rounds: usualRounds, batch: streams, count: 200}
	for _, c := range []struct {
		name   string
		server []grpc.ServerOption
		client []grpc.DialOption
	}{
		{"none", nil, nil},
		{"pass", []grpc.ServerOption{grpc.ChainStreamInterceptor(passStreamServer)}, []grpc.DialOption{grpc.WithChainStreamInterceptor(passStreamClient)}},
		{"ours", []grpc.ServerOption{grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(retry.New()))}, interceptors.DialOptions()},
		{"mw", []grpc.ServerOption{grpc.ChainStreamInterceptor(recovery.StreamServerInterceptor())},
			[]grpc.DialOption{grpc.WithChainStreamInterceptor(mwretry.StreamClientInterceptor(mwretry.WithMax(3)))}},
	} {
		t.add(c.name, inMemory, succeed, c.server, c.client, each(func(cc *grpc.ClientConn) { must(0, receive(cc, 100)) }))
	}
	t.goals = []goal{
		{id: "G4", what: "stream of 100 messages, both sides", base: "no interceptors", figure: ratio("ours", "none"), unit: times, of: "ours", hard: most(1.01)},
		{id: "G4", what: "stream of 100 messages, both sides", base: "empty interceptors", figure: ratio("ours", "pass"), unit: times},
		{id: "G4", what: "empty interceptors, 100 messages", base: "no interceptors", figure: ratio("pass", "none"), unit: times, of: "pass"},
		{id: "G4", what: "go-grpc-middleware retry and recovery, 100 messages", base: "no interceptors", figure: ratio("mw", "none"), unit: times, of: "mw"},
	}
	return t
}

// A quietServer and a quietClient have nothing to do.
type (
	quietServer struct{ grpc.ServerStream }
	quietClient struct{ grpc.ClientStream }
)

func (quietServer) Context() context.Context { return context.Background() }
func (quietServer) SendMsg(any) error        { return nil }
func (quietClient) RecvMsg(any) error        { return nil }

// sent is a message of a handler, in one stream that goes on and on.
func sent(name string, i grpc.StreamServerInterceptor) paired.Case {
	info := &grpc.StreamServerInfo{FullMethod: streamMethod, IsServerStream: true}
	return paired.Case{Name: name, Runs: []func(int){func(n int) {
		must(0, i(nil, quietServer{}, info, func(_ any, ss grpc.ServerStream) error {
			for range n {
				if err := ss.SendMsg(empty); err != nil {
					return err
				}
			}
			return nil
		}))
	}}}
}

// read is a message that a caller gets, in one stream that goes on and on.
func read(name string, i grpc.StreamClientInterceptor) paired.Case {
	streamer := func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
		return quietClient{}, nil
	}
	m := new(emptypb.Empty)
	return paired.Case{Name: name, Runs: []func(int){func(n int) {
		cs := must(i(context.Background(), streamDesc, nil, streamMethod, streamer))
		for range n {
			must(0, cs.RecvMsg(m))
		}
	}}}
}
