// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"strings"
	"sync"

	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/boxgrpc/boxgrpc/retry"
)

// declared is one WithSafety.
type declared struct {
	safety  retry.Safety
	matcher selector.Matcher
}

// An incoming is an RPC that has failed here.
type incoming struct {
	method string                 // in full
	stream *grpc.StreamServerInfo // nil for unary RPCs
	req    any                    // of unary RPCs
}

func (s *server) operation(ctx context.Context, in incoming) retry.Operation {
	if len(s.safeties) > 0 {
		call := mwinterceptors.NewServerCallMeta(in.method, in.stream, in.req)
		for _, d := range s.safeties {
			if d.matcher.Match(ctx, call) {
				return retry.Operation{Name: in.method, Safety: d.safety}
			}
		}
	}
	return retry.Operation{Name: in.method, Safety: schemaSafety(in.method)}
}

// schemaSafeties caches what the schema says, by full method. Only methods that
// exist are kept: strangers choose the names of those that do not.
var schemaSafeties sync.Map

// schemaSafety reads idempotency_level from the registered descriptors.
func schemaSafety(fullMethod string) retry.Safety {
	if s, ok := schemaSafeties.Load(fullMethod); ok {
		return s.(retry.Safety)
	}
	name := strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return retry.Unknown
	}
	opts, ok := d.Options().(*descriptorpb.MethodOptions)
	if !ok {
		return retry.Unknown
	}
	s := levelSafety(opts.GetIdempotencyLevel())
	schemaSafeties.Store(fullMethod, s)
	return s
}

func levelSafety(level descriptorpb.MethodOptions_IdempotencyLevel) retry.Safety {
	switch level {
	case descriptorpb.MethodOptions_NO_SIDE_EFFECTS:
		return retry.ReadOnly
	case descriptorpb.MethodOptions_IDEMPOTENT:
		return retry.Idempotent
	}
	return retry.Unknown
}
