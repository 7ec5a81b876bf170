// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// configured resolves boxgrpctest:///HOST:PORT, and brings a service config along, as
// DNS and xDS can.
type configured struct{}

func (configured) Scheme() string                        { return "boxgrpctest" }
func (configured) ResolveNow(resolver.ResolveNowOptions) {}
func (configured) Close()                                {}

func (c configured) Build(target resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	config := cc.ParseServiceConfig(`{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,
		"initialBackoff":"0.001s","maxBackoff":"0.001s","backoffMultiplier":1,"retryableStatusCodes":["UNIMPLEMENTED"]}}]}`)
	return c, cc.UpdateState(resolver.State{Addresses: []resolver.Address{{Addr: target.Endpoint()}}, ServiceConfig: config})
}

func init() { resolver.Register(configured{}) }

// Without it a write is sent several times by the program that is there to look, and
// what it shows is the last of several answers.
func TestAnRPCIsSentOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	count := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		calls.Add(1)
		return next(ctx, req)
	}
	address := serve(t, &service{}, reflected, grpc.UnaryInterceptor(count))
	if page := asked(t, "boxgrpctest:///"+address, "-method", createFolder); !strings.Contains(page, "UNIMPLEMENTED") {
		t.Errorf("the server was not asked: %s", page)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// talkative says all it has to say before it listens.
type talkative struct {
	reflectionv1.UnimplementedServerReflectionServer
}

const much = 400 // times 8 KiB: more than the windows of HTTP/2 on both sides

func (talkative) ServerReflectionInfo(stream reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
	for range much {
		if err := stream.Send(&reflectionv1.ServerReflectionResponse{ValidHost: strings.Repeat("x", 8<<10)}); err != nil {
			return err
		}
	}
	for {
		if _, err := stream.Recv(); err != nil {
			return nil
		}
	}
}

// Without it a stream on which both sides have much to say stands still until the time
// is up.
func TestBothSidesTalk(t *testing.T) {
	t.Parallel()
	address := serve(t, &service{}, func(srv *grpc.Server) { reflectionv1.RegisterServerReflectionServer(srv, talkative{}) })
	file := written(t, &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(reflectionv1.File_grpc_reflection_v1_reflection_proto),
	}})
	requests := inFile(t, strings.Repeat(`{"host":"`+strings.Repeat("y", 8<<10)+`"}`, much))
	page := asked(t, address, "-descriptors", file, "-method", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "-d", "@"+requests, "-timeout", "20s")
	if !strings.Contains(page, "390 more") || !strings.HasPrefix(page, "code        OK\n") {
		t.Errorf("the page is %.200s", page)
	}
}
