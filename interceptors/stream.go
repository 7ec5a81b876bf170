// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"errors"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/retry"
)

// StreamServerInterceptor returns the interceptor for streaming RPCs. It panics if
// ctl is nil.
func StreamServerInterceptor(ctl *retry.Controller, opts ...Option) grpc.StreamServerInterceptor {
	s := newServer(ctl, opts)
	if s.isolated {
		return s.isolatedStream
	}
	return s.plainStream
}

func (s *server) isolatedStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	r := &runStream{replayable: !info.IsClientStream}
	r.begin(ss.Context(), ss)
	growStack()
	for {
		err := handler(srv, r)
		if err == nil {
			s.succeeded(&r.Ledger)
			r.succeed()
			return nil
		}
		r.freeze() // before hold: what is not received by now never is
		e, err := s.after(&r.run, incoming{method: info.FullMethod, stream: info}, err, r.hold())
		if e == nil {
			return err
		}
		next := &runStream{replayable: r.replayable, request: r.request, replay: r.request != nil}
		next.follow(&r.run, e, s.ctl.MaxAttempts())
		r = next
	}
}

func (s *server) plainStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	growStack()
	err := handler(srv, ss)
	if err == nil {
		return nil
	}
	p, err := s.afterPlain(ss.Context(), incoming{method: info.FullMethod, stream: info}, err)
	ss.SetTrailer(pushback(p))
	return err
}

// A runStream is the stream that a handler gets. Messages pass straight through;
// the first one that is sent takes the headers along. The only request of a server
// stream is kept, for a further run.
type runStream struct {
	run

	// Only SendMsg and RecvMsg look at these, which are never called concurrently.
	sent       bool
	replayable bool // there is one request and no more
	replay     bool // request is to be received again
	request    proto.Message

	received atomic.Bool // or about to be, by a goroutine that outlives the handler
}

// hold is why there must be no further run: a message that was received cannot be
// received again, unless it is the only one and kept.
func (r *runStream) hold() retry.Reason {
	if r.received.Load() && r.request == nil {
		return retry.ReasonCommitted
	}
	return ""
}

func (r *runStream) Context() context.Context { return &r.run }

func (r *runStream) SetHeader(md metadata.MD) error {
	if err := legal(md); err != nil {
		return err
	}
	return (*heldStream)(&r.run).SetHeader(md)
}

func (r *runStream) SendHeader(md metadata.MD) error {
	if err := legal(md); err != nil {
		return err
	}
	return (*heldStream)(&r.run).SendHeader(md)
}

func (r *runStream) SetTrailer(md metadata.MD) { _ = (*heldStream)(&r.run).SetTrailer(md) }

// RecvMsg keeps no copy of the request: handlers must not modify it.
func (r *runStream) RecvMsg(m any) error {
	if r.replay {
		return r.receiveAgain(m)
	}
	if r.received.Load() {
		return r.ss.RecvMsg(m)
	}
	r.received.Store(true)
	if r.frozen() { // what comes now is for a further run
		r.received.Store(false)
		return errFailed
	}
	err := r.ss.RecvMsg(m)
	switch {
	case err != nil:
		r.received.Store(false)
	case r.replayable:
		r.request, _ = m.(proto.Message)
	}
	return err
}

var errOtherRequest = errors.New("interceptors: the handler asks for another type of request than in its first run")

func (r *runStream) receiveAgain(m any) error {
	r.replay = false
	r.received.Store(true)
	dst, ok := m.(proto.Message)
	if !ok || dst.ProtoReflect().Descriptor() != r.request.ProtoReflect().Descriptor() {
		return errOtherRequest
	}
	proto.Reset(dst)
	proto.Merge(dst, r.request)
	return nil
}

func (r *runStream) SendMsg(m any) error {
	if !r.sent {
		if err := r.openHeaders(); err != nil {
			return err
		}
		r.sent = true
	}
	return r.ss.SendMsg(m)
}
