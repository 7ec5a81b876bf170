// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"

	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/retry"
)

// UnaryServerInterceptor returns the interceptor for unary RPCs. It panics if ctl
// is nil.
func UnaryServerInterceptor(ctl *retry.Controller, opts ...Option) grpc.UnaryServerInterceptor {
	s := newServer(ctl, opts)
	if s.isolated {
		return s.isolatedUnary
	}
	return s.plainUnary
}

func (s *server) plainUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err == nil {
		return resp, nil
	}
	advice, err := s.judge(ctx, mwinterceptors.NewServerCallMeta(info.FullMethod, nil, req), err)
	_ = grpc.SetTrailer(ctx, pushback(advice)) // fails outside a server only
	return nil, err
}

func (s *server) isolatedUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	r := &run{Context: ctx}
	resp, err := handler(r, req)
	if err == nil {
		return resp, r.succeed()
	}
	advice, err := s.judge(ctx, mwinterceptors.NewServerCallMeta(info.FullMethod, nil, req), err)
	if grpc.ServerTransportStreamFromContext(ctx) != nil {
		r.fail(advice)
	}
	return nil, err
}
