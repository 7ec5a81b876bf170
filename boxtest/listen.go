// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// NewServer starts a fake Box on the loopback interface. Close it after use. It
// panics if it cannot listen.
func NewServer() *Server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("boxtest: %v", err))
	}
	return listen(listener, "http://"+listener.Addr().String(), nil)
}

// NewInMemory starts a fake Box without a network: its connections are pipes in
// memory. In a testing/synctest bubble, start and close it within the bubble; the
// clock moves while requests wait. Only Client, or a transport with the DialContext
// of its transport, reaches it.
func NewInMemory() *Server {
	p := &pipes{dialed: make(chan net.Conn), closed: make(chan struct{})}
	return listen(p, "http://box.test", p.dial)
}

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

func listen(listener net.Listener, url string, dial dialer) *Server {
	s := &Server{
		URL: url,
		client: &http.Client{Transport: &http.Transport{
			DialContext:         dial,
			MaxIdleConnsPerHost: 256,      // a storm must not use up the ports of TCP
			ReadBufferSize:      64 << 10, // long contents through a pipe are slow in small pieces
			WriteBufferSize:     64 << 10,
		}},
	}
	// Not an httptest.Server: its Close also closes the idle connections of
	// http.DefaultTransport, and so fails requests of tests that run beside this one.
	srv := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(listener) }()
	s.stop = sync.OnceFunc(func() {
		_ = listener.Close() // srv may not know it yet
		_ = srv.Close()
	})
	return s
}

// Client returns a client with connections of its own. Its transport is an
// *http.Transport. That of a server in memory reaches this server whatever host a URL
// has, by http and not https. Client panics on a zero Server.
func (s *Server) Client() *http.Client {
	if s.client == nil {
		panic("boxtest: Client: the zero Server listens nowhere")
	}
	return s.client
}

// Close stops listening, breaks all connections, and ends what hangs. On a zero
// Server it does nothing.
func (s *Server) Close() {
	if s.stop != nil {
		s.stop()
	}
}

// pipes is a network with one host: what is dialed comes out at Accept.
type pipes struct {
	dialed chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// dial refuses the connection as a closed port does, once the listener is closed.
func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.dialed <- server:
		return client, nil
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: p.Addr(), Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialed:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.UnixAddr{Name: "box.test", Net: "pipe"} }
