// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/retry"
)

// UnaryClientInterceptor returns the interceptor for the caller's side of unary RPCs.
// Of an RPC that failed it obeys the pushback trailer, else RetryInfo, and where the
// server said neither it sends again what failed with UNAVAILABLE and is declared
// safe to repeat. It panics if ctl is nil.
//
// It needs no budget of an upstream: give it a controller of its own, or use
// [DialOptions].
func UnaryClientInterceptor(ctl *retry.Controller, opts ...CallOption) grpc.UnaryClientInterceptor {
	return newClient(ctl, opts).unary
}

func (c *client) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	var a attempt
	err := invoker(ctx, method, req, reply, cc, a.listen(opts)...)
	if err == nil {
		c.ctl.Succeeded(retry.Operation{})
		return nil
	}
	o := c.outgoing(ctx, method, opts)
	for o.again(err, a.trailer, "") {
		err = invoker(o.context(), method, req, reply, cc, a.listen(opts)...)
		if err == nil {
			c.ctl.Succeeded(retry.Operation{})
			return nil
		}
	}
	return o.err()
}

// attempt is the one allocation of a call: the trailer, and the options with the one
// that asks for it.
type attempt struct {
	trailer metadata.MD
	opts    [4]grpc.CallOption
}

func (a *attempt) listen(opts []grpc.CallOption) []grpc.CallOption {
	a.trailer = nil
	return append(append(a.opts[:0], opts...), grpc.TrailerCallOption{TrailerAddr: &a.trailer})
}
