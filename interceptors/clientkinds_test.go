// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// kinds is a service with an RPC of each kind, whose first runs fail.
type kinds struct {
	testgrpc.UnimplementedTestServiceServer

	fail func(ctx context.Context) error
}

func (k *kinds) EmptyCall(ctx context.Context, _ *testgrpc.Empty) (*testgrpc.Empty, error) {
	return &testgrpc.Empty{}, k.fail(ctx)
}

func (k *kinds) StreamingOutputCall(_ *testgrpc.StreamingOutputCallRequest, ss grpc.ServerStreamingServer[testgrpc.StreamingOutputCallResponse]) error {
	if err := k.fail(ss.Context()); err != nil {
		return err
	}
	return ss.Send(&testgrpc.StreamingOutputCallResponse{})
}

func (k *kinds) StreamingInputCall(ss grpc.ClientStreamingServer[testgrpc.StreamingInputCallRequest, testgrpc.StreamingInputCallResponse]) error {
	if err := k.fail(ss.Context()); err != nil {
		return err
	}
	n := int32(0)
	for {
		if _, err := ss.Recv(); errors.Is(err, io.EOF) {
			return ss.SendAndClose(&testgrpc.StreamingInputCallResponse{AggregatedPayloadSize: n})
		} else if err != nil {
			return err
		}
		n++
	}
}

func (k *kinds) FullDuplexCall(ss grpc.BidiStreamingServer[testgrpc.StreamingOutputCallRequest, testgrpc.StreamingOutputCallResponse]) error {
	if err := k.fail(ss.Context()); err != nil {
		return err
	}
	for {
		if _, err := ss.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := ss.Send(&testgrpc.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

func (k *kinds) ours(t *testing.T) testgrpc.TestServiceClient {
	t.Helper()
	srv, lis := grpc.NewServer(), bufconn.Listen(1<<16)
	testgrpc.RegisterTestServiceServer(srv, k)
	go func() { _ = srv.Serve(lis) }()
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:///kinds", append(interceptors.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return testgrpc.NewTestServiceClient(conn)
}

// calls makes an RPC of each kind with its generated stub, and tells how many messages
// came back, or for an upload arrived.
var calls = map[string]func(ctx context.Context, c testgrpc.TestServiceClient) (int, error){
	"unary": func(ctx context.Context, c testgrpc.TestServiceClient) (int, error) {
		_, err := c.EmptyCall(ctx, &testgrpc.Empty{})
		return 1, err
	},
	"server stream": func(ctx context.Context, c testgrpc.TestServiceClient) (int, error) {
		stream, err := c.StreamingOutputCall(ctx, &testgrpc.StreamingOutputCallRequest{})
		if err != nil {
			return 0, err
		}
		n := 0
		for ; err == nil; n++ {
			_, err = stream.Recv()
		}
		return n - 1, unlessEOF(err)
	},
	"client stream": func(ctx context.Context, c testgrpc.TestServiceClient) (int, error) {
		stream, err := c.StreamingInputCall(ctx)
		for i := 0; i < 3 && err == nil; i++ {
			err = stream.Send(&testgrpc.StreamingInputCallRequest{})
		}
		if unlessEOF(err) != nil {
			return 0, err
		}
		resp, err := stream.CloseAndRecv()
		return int(resp.GetAggregatedPayloadSize()), err
	},
	"bidi stream": func(ctx context.Context, c testgrpc.TestServiceClient) (int, error) {
		stream, err := c.FullDuplexCall(ctx)
		if err != nil {
			return 0, err
		}
		n := 0
		for ; n < 3 && err == nil; n++ {
			_ = stream.Send(&testgrpc.StreamingOutputCallRequest{})
			_, err = stream.Recv()
		}
		return n, errors.Join(unlessEOF(err), stream.CloseSend())
	},
}

func unlessEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Connections carry RPCs of all kinds. Those that cannot be sent again must work as
// if we were not there, and not be refused; the others work through generated stubs.
func TestAllKindsOfRPCs(t *testing.T) {
	wants := map[string]struct{ messages, attempts int }{
		"unary": {1, 2}, "server stream": {1, 2}, "client stream": {3, 1}, "bidi stream": {3, 1},
	}
	for kind, rpc := range calls {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts, broken := 0, false
				k := &kinds{fail: func(ctx context.Context) error {
					if attempts++; broken && attempts == 1 {
						return said{codes.Unavailable, noHint, []string{"0"}}.to(ctx, 1)
					}
					return nil
				}}
				client := k.ours(t)
				if got, err := rpc(t.Context(), client); got != wants[kind].messages || err != nil || attempts != 1 {
					t.Errorf("success: %d messages, %v, %d attempts, want %d, none, 1", got, err, attempts, wants[kind].messages)
				}
				attempts, broken = 0, true
				_, err := rpc(t.Context(), client)
				if attempts != wants[kind].attempts || (err == nil) != (attempts == 2) {
					t.Errorf("failure: %d attempts, %v, want %d", attempts, err, wants[kind].attempts)
				}
				if err != nil {
					checkRealError(t, err, codes.Unavailable, 1)
				}
			})
		})
	}
}

// Of other kinds of streams callers get the very stream that grpc-go or the next
// interceptor made, and its very error.
func TestOtherStreamsAreNotWrapped(t *testing.T) {
	t.Parallel()
	i := interceptors.StreamClientInterceptor(retry.New())
	for name, desc := range map[string]*grpc.StreamDesc{
		"client stream": {ClientStreams: true},
		"bidi stream":   {ClientStreams: true, ServerStreams: true},
		"unary":         {},
	} {
		made, failure, opened := &clientStub{}, errors.New("cannot open"), 0
		got, err := i(t.Context(), desc, nil, uploadFile, func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			opened++
			return made, failure
		})
		if got != grpc.ClientStream(made) || err != failure || opened != 1 { //nolint:errorlint // the very value
			t.Errorf("%s = %v, %v after %d calls, want what the streamer returned, once", name, got, err, opened)
		}
	}
}

// A clientStub is the least that an interceptor can be given.
type clientStub struct {
	grpc.ClientStream

	send, recv func(any) error
	closed     int // how often CloseSend was called
}

func (s *clientStub) Context() context.Context     { return context.Background() }
func (s *clientStub) Trailer() metadata.MD         { return metadata.Pairs(pushbackKey, "0") }
func (s *clientStub) CloseSend() error             { s.closed++; return nil }
func (s *clientStub) SendMsg(m any) error          { return s.send(m) }
func (s *clientStub) RecvMsg(m any) error          { return s.recv(m) }
func (s *clientStub) Header() (metadata.MD, error) { return nil, nil }

// serverStreamOf calls the interceptor as a function, without a server.
func serverStreamOf(t *testing.T, streams ...*clientStub) grpc.ClientStream {
	t.Helper()
	n := 0
	cs, err := interceptors.StreamClientInterceptor(retry.New())(t.Context(), &grpc.StreamDesc{ServerStreams: true}, nil, listFolder,
		func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			n++
			return streams[n-1], nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// A stream says io.EOF to a sender when it has broken, and why to the receiver. To
// take that EOF for the end would turn a failure into an empty list.
func TestABrokenStreamIsNotAnEmptyOne(t *testing.T) {
	t.Parallel()
	fails := func(any) error { return status.Error(codes.Unavailable, "broken") }
	sends := func(any) error { return nil }
	ends := func(any) error { return io.EOF }
	broken, works := &clientStub{send: sends, recv: fails}, &clientStub{send: sends, recv: sends}
	cs := serverStreamOf(t, broken, &clientStub{send: ends, recv: fails}, works)
	if err := errors.Join(cs.SendMsg(nil), cs.CloseSend(), cs.RecvMsg(nil)); err != nil {
		t.Errorf("RecvMsg = %v, want the message of the third attempt", err)
	}
	if works.closed != 1 { // interceptors further inside wait for it
		t.Errorf("CloseSend was called %d times on the third attempt, want 1", works.closed)
	}
}

// What was not sent to the end cannot be sent again.
func TestAStreamWhoseRequestIsNotThere(t *testing.T) {
	t.Parallel()
	opened := &clientStub{recv: func(any) error { return status.Error(codes.Unavailable, "broken") }}
	if err := serverStreamOf(t, opened).RecvMsg(nil); status.Code(err) != codes.Unavailable {
		t.Errorf("RecvMsg = %v, want UNAVAILABLE and no further attempt", err)
	}
}
