// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"fmt"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"

	"github.com/boxgrpc/boxgrpc/retry"
)

// An Option changes one interceptor. Without options everything is safe.
type Option interface{ apply(*server) }

type option func(*server)

func (o option) apply(s *server) { o(s) }

// WithSafety says how safe it is to repeat the RPCs that m matches, whatever
// their schema says. Of several such options the first that matches counts. By
// default idempotency_level says it: NO_SIDE_EFFECTS is [retry.ReadOnly],
// IDEMPOTENT is [retry.Idempotent], anything else [retry.Unknown]. It panics if m
// is nil or s is no Safety.
func WithSafety(s retry.Safety, m selector.Matcher) Option {
	if m == nil {
		panic("interceptors: WithSafety: the matcher is nil; give one, such as selector.MatchFunc")
	}
	if s < retry.Unknown || s > retry.NotIdempotent {
		panic(fmt.Sprintf("interceptors: WithSafety: %d is no retry.Safety", s))
	}
	return option(func(srv *server) { srv.safeties = append(srv.safeties, declared{s, m}) })
}

// WithoutIsolation gives handlers the stream and the context of grpc-go itself. It saves
// one allocation an RPC, and it is needed by handlers that call
// grpc.SetSendCompressor or grpc.ClientSupportedCompressors, which accept no other
// stream. The price: a handler runs once, without a ledger, so that layers below do
// not learn that a caller retries (3 requests of boxhttp become 9), and RetryInfo needs a
// method that declares idempotency_level; a handler that sets a header and then fails keeps its callers from
// retrying; and a pushback trailer that a handler sets itself stays beside ours, which
// makes callers stop too.
func WithoutIsolation() Option {
	return option(func(s *server) { s.isolated = false })
}
