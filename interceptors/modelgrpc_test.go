// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// The same worlds over grpc-go itself, and its own retryPolicy as one of the callers:
// what holds on a wire of our making must hold on the one that users have.
func TestModelOverGRPC(t *testing.T) {
	t.Parallel()
	first, n := modelSeeds(t, 2000)
	synctest.Test(t, func(t *testing.T) {
		g := newModelGRPC(t)
		for i := 0; i < n && !t.Failed(); i++ {
			c := newModelCase(first + uint64(i))
			w := newModelWorld(c)
			g.meet(w)
			ctx, cancel := context.WithCancel(t.Context())
			w.call(ctx, g.wireOf(c))
			cancel()
			synctest.Wait() // what is left of the handlers ends with their contexts
			w.wg.Wait()
			w.report(t)
		}
	})
}

// A modelGRPC is one server and two connections for all worlds, one after the other.
type modelGRPC struct {
	plain, retrying *grpc.ClientConn

	mu    sync.Mutex
	world *modelWorld
}

// modelPolicy is the retryPolicy of the model's stock caller.
const modelPolicy = `{"methodConfig": [{
	"name": [{"service": "files.v1.FileService"}],
	"retryPolicy": {
		"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"]
	}}]}`

func newModelGRPC(t *testing.T) *modelGRPC {
	t.Helper()
	g := new(modelGRPC)
	srv := grpc.NewServer()
	srv.RegisterService(g.service(), nil)
	lis := bufconn.Listen(64 << 10)
	go func() { _ = srv.Serve(lis) }()
	t.Cleanup(srv.Stop)
	dial := func(option grpc.DialOption) *grpc.ClientConn {
		conn, err := grpc.NewClient("passthrough:///bufconn", option, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	g.plain, g.retrying = dial(grpc.WithDisableRetry()), dial(grpc.WithDefaultServiceConfig(modelPolicy))
	return g
}

func (g *modelGRPC) meet(w *modelWorld) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.world = w
}

func (g *modelGRPC) current() *modelWorld {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.world
}

func (g *modelGRPC) wireOf(c *modelCase) modelWire {
	conn := g.plain
	if c.caller == callerStock {
		conn = g.retrying
	}
	return modelWire{
		obeying: true,
		unary: func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
			return conn.Invoke(ctx, method, req, reply, opts...)
		},
		stream: func(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return conn.NewStream(ctx, desc, method, opts...)
		},
	}
}

// service has the names of the example's service and one type of request for all.
func (g *modelGRPC) service() *grpc.ServiceDesc {
	d := &grpc.ServiceDesc{ServiceName: "files.v1.FileService", HandlerType: (*any)(nil)}
	for _, name := range []string{"GetFile", "DeleteFolder", "CreateFolder"} {
		info := &grpc.UnaryServerInfo{FullMethod: "/files.v1.FileService/" + name}
		d.Methods = append(d.Methods, grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var req filesv1.GetFileRequest
			if err := dec(&req); err != nil {
				return nil, err
			}
			return g.current().serveUnary(ctx, &tap{below: grpc.ServerTransportStreamFromContext(ctx)}, &req, info)
		}})
	}
	d.Streams = []grpc.StreamDesc{{StreamName: "ListFolder", ServerStreams: true, Handler: func(_ any, ss grpc.ServerStream) error {
		info := &grpc.StreamServerInfo{FullMethod: listFolder, IsServerStream: true}
		return g.current().serveStream(&tap{ctx: ss.Context(), ss: ss, below: streamBelow{ss}}, info)
	}}}
	return d
}

// streamBelow is a ServerStream as what is below a tap.
type streamBelow struct{ grpc.ServerStream }

func (streamBelow) Method() string { return "" }

func (s streamBelow) SetTrailer(md metadata.MD) error {
	s.ServerStream.SetTrailer(md)
	return nil
}
