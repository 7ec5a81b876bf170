// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"

	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

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

func (s *server) plainStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	err := handler(srv, ss)
	if err == nil {
		return nil
	}
	advice, err := s.judge(ss.Context(), mwinterceptors.NewServerCallMeta(info.FullMethod, info, nil), err)
	ss.SetTrailer(pushback(advice))
	return err
}

func (s *server) isolatedStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx := ss.Context()
	r := &runStream{run: run{Context: ctx, ss: ss}}
	err := handler(srv, r)
	if err == nil {
		return r.succeed()
	}
	advice, err := s.judge(ctx, mwinterceptors.NewServerCallMeta(info.FullMethod, info, nil), err)
	r.fail(advice)
	return err
}

// A runStream is the stream that a handler gets. Messages pass straight through;
// the first one that is sent takes the headers along.
type runStream struct {
	run
	sent bool // only SendMsg looks at it, which is never called concurrently
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

func (r *runStream) RecvMsg(m any) error { return r.ss.RecvMsg(m) }

func (r *runStream) SendMsg(m any) error {
	if !r.sent {
		r.sent = true
		if err := r.openHeaders(); err != nil {
			return err
		}
	}
	return r.ss.SendMsg(m)
}
