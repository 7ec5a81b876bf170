// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/retry"
)

// dial starts a server and returns a connection to it.
func dial(t *testing.T, srv *grpc.Server) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:///bufconn",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return listener.DialContext(ctx)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// start starts a fake Box, and the service in front of it.
func start(t *testing.T) (*boxtest.Server, filesv1.FileServiceClient) {
	t.Helper()
	box := boxtest.NewServer()
	t.Cleanup(box.Close)
	return box, filesv1.NewFileServiceClient(dial(t, newServer(newClient(box.URL, "token", retry.New(), nil))))
}

// inBubble returns a client of a Box without a network, as testing/synctest needs
// it.
func inBubble(t *testing.T, box http.Handler) *client {
	t.Helper()
	pipes := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	srv := &http.Server{Handler: box}
	go func() { _ = srv.Serve(pipes) }()
	t.Cleanup(func() { _ = srv.Close() })
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = pipes.dial
	t.Cleanup(transport.CloseIdleConnections)
	return newClient("http://box.test", "token", retry.New(), transport)
}

func startInBubble(t *testing.T, box http.Handler) filesv1.FileServiceClient {
	t.Helper()
	return filesv1.NewFileServiceClient(dial(t, newServer(inBubble(t, box))))
}

// pipeListener is a network of its own.
type pipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
	case <-ctx.Done():
	}
	return nil, net.ErrClosed
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }
