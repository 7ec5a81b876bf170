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
	pushback, err := s.judge(ctx, mwinterceptors.NewServerCallMeta(info.FullMethod, nil, req), err)
	if pushback != "" {
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackKey, pushback)) // fails outside a server only
	}
	return nil, err
}

func (s *server) isolatedUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	r := &run{Context: ctx}
	resp, err := handler(r, req)
	if err == nil {
		return resp, r.succeed()
	}
	pushback, err := s.judge(ctx, mwinterceptors.NewServerCallMeta(info.FullMethod, nil, req), err)
	if grpc.ServerTransportStreamFromContext(ctx) != nil {
		r.fail(pushback)
	}
	return nil, err
}
