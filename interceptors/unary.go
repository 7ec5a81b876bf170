// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"

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

func (s *server) isolatedUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	r := new(run)
	r.begin(ctx, nil)
	for {
		resp, err := handler(r, req)
		if err == nil {
			s.succeeded(&r.Ledger)
			r.succeed()
			return resp, nil
		}
		e, err := s.after(r, incoming{method: info.FullMethod, req: req}, err, "")
		if e == nil {
			return nil, err
		}
		next := new(run)
		next.follow(r, e, s.ctl.MaxAttempts())
		r = next
	}
}

func (s *server) plainUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err == nil {
		return resp, nil
	}
	p, err := s.afterPlain(ctx, incoming{method: info.FullMethod, req: req}, err)
	_ = grpc.SetTrailer(ctx, pushback(p)) // fails outside a server only
	return nil, err
}
