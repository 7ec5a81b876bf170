// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// The service has a unary method, and one that streams as many messages as it is asked
// for. It is written by hand as protoc-gen-go-grpc would, and its schema is registered, as
// protoc-gen-go does: the interceptors look there.
const (
	unaryMethod  = "/perf.Service/Unary"
	streamMethod = "/perf.Service/Stream"
)

var _ = must(register(&descriptorpb.FileDescriptorProto{
	Name: new("perf.proto"), Package: new("perf"), Syntax: new("proto3"),
	Dependency: []string{"google/protobuf/empty.proto", "google/protobuf/wrappers.proto"},
	Service: []*descriptorpb.ServiceDescriptorProto{{Name: new("Service"), Method: []*descriptorpb.MethodDescriptorProto{
		{Name: new("Unary"), InputType: new(".google.protobuf.Empty"), OutputType: new(".google.protobuf.Empty")},
		{Name: new("Stream"), InputType: new(".google.protobuf.Int32Value"), OutputType: new(".google.protobuf.Empty"), ServerStreaming: new(true)},
	}}},
}))

func register(file *descriptorpb.FileDescriptorProto) (protoreflect.FileDescriptor, error) {
	fd := must(protodesc.NewFile(file, protoregistry.GlobalFiles))
	return fd, protoregistry.GlobalFiles.RegisterFile(fd)
}

var streamDesc = &grpc.StreamDesc{StreamName: "Stream", ServerStreams: true}

// A handler answers the unary method.
type handler func(context.Context) error

func succeed(context.Context) error { return nil }

var empty = &emptypb.Empty{}

var serviceDesc = grpc.ServiceDesc{
	ServiceName: "perf.Service",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: unary}},
	Streams:     []grpc.StreamDesc{{StreamName: "Stream", ServerStreams: true, Handler: stream}},
}

func unary(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // grpc's own order
	in := new(emptypb.Empty)
	if err := decode(in); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return srv.(handler).reply(ctx)
	}
	h := func(ctx context.Context, _ any) (any, error) { return srv.(handler).reply(ctx) }
	return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: unaryMethod}, h)
}

func (h handler) reply(ctx context.Context) (any, error) {
	if err := h(ctx); err != nil {
		return nil, err
	}
	return empty, nil
}

func stream(_ any, ss grpc.ServerStream) error {
	n := new(wrapperspb.Int32Value)
	if err := ss.RecvMsg(n); err != nil {
		return err
	}
	for range n.GetValue() {
		if err := ss.SendMsg(empty); err != nil {
			return err
		}
	}
	return nil
}

// A wire is where client and server meet.
type wire func() (lis net.Listener, target string, options []grpc.DialOption)

func inMemory() (net.Listener, string, []grpc.DialOption) {
	lis := bufconn.Listen(1 << 20)
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }
	return lis, "passthrough:///perf", []grpc.DialOption{grpc.WithContextDialer(dial)}
}

func loopback() (net.Listener, string, []grpc.DialOption) {
	lis := must(net.Listen("tcp", "127.0.0.1:0"))
	return lis, "passthrough:///" + lis.Addr().String(), nil
}

// serve starts a server until the table ends, and returns a connection to it.
func (t *table) serve(w wire, h handler, server []grpc.ServerOption, client []grpc.DialOption) *grpc.ClientConn {
	lis, target, options := w()
	srv := grpc.NewServer(server...)
	srv.RegisterService(&serviceDesc, h)
	go func() { _ = srv.Serve(lis) }()
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	cc := must(grpc.NewClient(target, append(options, client...)...))
	t.ends = append(t.ends, srv.Stop, func() { _ = cc.Close() })
	return cc
}

// places is how many servers and connections a case has. Where their memory lies makes a
// percent, for as long as they last.
const places = 4

// add adds a case that does run n times, over servers and connections of its own.
func (t *table) add(name string, w wire, h handler, server []grpc.ServerOption, client []grpc.DialOption, run func(cc *grpc.ClientConn, n int)) {
	c := paired.Case{Name: name}
	for range places {
		cc := t.serve(w, h, server, client)
		c.Runs = append(c.Runs, func(n int) { run(cc, n) })
	}
	t.cases = append(t.cases, c)
}

// each is for cases that do one operation after the other.
func each(op func(*grpc.ClientConn)) func(*grpc.ClientConn, int) {
	return func(cc *grpc.ClientConn, n int) {
		for range n {
			op(cc)
		}
	}
}

// call makes one unary call.
func call(cc *grpc.ClientConn) error {
	return cc.Invoke(context.Background(), unaryMethod, empty, new(emptypb.Empty))
}

// receive asks for n messages and reads them all.
func receive(cc *grpc.ClientConn, n int32) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cs, err := cc.NewStream(ctx, streamDesc, streamMethod)
	if err != nil {
		return err
	}
	if err := errors.Join(cs.SendMsg(wrapperspb.Int32(n)), cs.CloseSend()); err != nil {
		return err
	}
	for m := new(emptypb.Empty); err == nil; {
		err = cs.RecvMsg(m)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
