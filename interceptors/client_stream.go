// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/retry"
)

// StreamClientInterceptor returns the interceptor for the caller's side of streams. A
// server stream that failed before its first message is opened again as
// [UnaryClientInterceptor] says, so no message is ever delivered twice. Other streams
// pass as they are: what was sent on them cannot be sent again. Header shows the headers
// of the attempt of the moment: ask for them after the first message. It panics if ctl
// is nil.
func StreamClientInterceptor(ctl *retry.Controller, opts ...CallOption) grpc.StreamClientInterceptor {
	return newClient(ctl, opts).stream
}

func (c *client) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if desc.ClientStreams || !desc.ServerStreams {
		return streamer(ctx, desc, cc, method, opts...)
	}
	s := &serverStream{client: c, ctx: ctx, desc: desc, cc: cc, method: method, streamer: streamer, opts: opts}
	cs, err := s.open(ctx)
	for err != nil {
		if !s.again(err, nil) {
			return nil, s.failed.err()
		}
		cs, err = s.open(s.failed.context())
	}
	s.current = cs
	return s, nil
}

// A serverStream is a server stream as its caller sees it, over one attempt after
// the other until the first message arrives.
type serverStream struct {
	*client

	ctx      context.Context
	desc     *grpc.StreamDesc
	cc       *grpc.ClientConn
	method   string
	streamer grpc.Streamer
	opts     []grpc.CallOption
	failed   *outgoing // nil until an attempt fails

	// RecvMsg changes current, and reads it without the lock: nobody else changes it.
	mu        sync.Mutex
	current   grpc.ClientStream
	request   any
	closed    bool // CloseSend was called
	committed bool // the caller has seen headers

	// Only RecvMsg looks at these.
	received bool
	over     error // how it ended without a message
}

func (s *serverStream) open(ctx context.Context) (grpc.ClientStream, error) {
	return s.streamer(ctx, s.desc, s.cc, s.method, s.opts...)
}

// again tells whether another attempt is due.
func (s *serverStream) again(err error, trailer metadata.MD) bool {
	if s.failed == nil {
		s.failed = s.outgoing(s.ctx, s.method, s.opts)
	}
	return s.failed.again(err, trailer, s.hold())
}

func (s *serverStream) hold() retry.Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed || s.current != nil && !s.closed {
		return retry.ReasonCommitted
	}
	return ""
}

func (s *serverStream) RecvMsg(m any) error {
	switch {
	case s.received:
		err := s.current.RecvMsg(m)
		if err != nil && s.failed != nil {
			return s.failed.inAll(err)
		}
		return err
	case s.over != nil:
		return s.over
	}
	err := s.current.RecvMsg(m)
	ended := s.current // whose trailer tells what to do, once it has failed
	for err != nil && !errors.Is(err, io.EOF) {
		// The caller may have asked for headers during the wait.
		if !s.again(err, trailerOf(ended)) || s.hold() != "" {
			s.over = s.failed.err()
			return s.over
		}
		ended, err = s.reopen(m)
	}
	s.received = true
	s.ctl.Succeeded(retry.Operation{})
	return err
}

// reopen makes the next attempt, with the same request, up to its first message. It
// returns no stream where none came about.
func (s *serverStream) reopen(m any) (grpc.ClientStream, error) {
	cs, err := s.open(s.failed.context())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.current = cs
	request := s.request
	s.mu.Unlock()
	if err := cs.SendMsg(request); err != nil && !errors.Is(err, io.EOF) { // RecvMsg tells why the stream broke
		return nil, err
	}
	if err := cs.CloseSend(); err != nil {
		return nil, err
	}
	return cs, cs.RecvMsg(m)
}

func trailerOf(ended grpc.ClientStream) metadata.MD {
	if ended == nil {
		return nil
	}
	return ended.Trailer()
}

// stream is the attempt of the moment.
func (s *serverStream) stream() grpc.ClientStream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *serverStream) SendMsg(m any) error {
	s.mu.Lock()
	s.request = m
	s.mu.Unlock()
	return s.stream().SendMsg(m)
}

func (s *serverStream) CloseSend() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.stream().CloseSend()
}

// Header commits the stream to the attempt whose headers it returns.
func (s *serverStream) Header() (metadata.MD, error) {
	md, err := s.stream().Header()
	if err == nil && len(md) > 0 {
		s.mu.Lock()
		s.committed = true
		s.mu.Unlock()
	}
	return md, err
}

func (s *serverStream) Trailer() metadata.MD     { return s.stream().Trailer() }
func (s *serverStream) Context() context.Context { return s.stream().Context() }
