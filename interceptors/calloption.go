// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"fmt"
	"slices"

	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A CallOption changes what the client interceptors do: of all calls, given to
// [DialOptions] or an interceptor, or of one call, given to the call beside grpc's own.
type CallOption struct {
	grpc.EmptyCallOption

	apply func(*client)
}

// applyTo leaves c as it is where o is the zero option.
func (o CallOption) applyTo(c *client) {
	if o.apply != nil {
		o.apply(c)
	}
}

// WithRetry changes the settings of the interceptor's controller, such as
// [retry.WithMaxAttempts] and [retry.WithMaxWait]. Budget and observers stay, unless
// they are what is changed. A budget belongs to [DialOptions]: given to one call it
// starts full.
func WithRetry(opts ...retry.Option) CallOption {
	if slices.Contains(opts, nil) {
		panic("interceptors: WithRetry: an option is nil")
	}
	return CallOption{apply: func(c *client) { c.ctl = c.ctl.With(opts...) }}
}

// WithCallSafety says how safe it is to repeat the call, whatever the schema says. It
// panics if s is no Safety.
func WithCallSafety(s retry.Safety) CallOption {
	if s < retry.Unknown || s > retry.NotIdempotent {
		panic(fmt.Sprintf("interceptors: WithCallSafety: %d is no retry.Safety", s))
	}
	return CallOption{apply: func(c *client) { c.safety, c.declared = s, true }}
}

// DialOptions makes a [grpc.ClientConn] retry as this package does: both client
// interceptors with one controller of their own, and grpc-go's built-in retry off, so
// that one of them owns the retrying and they do not multiply.
//
//	conn, err := grpc.NewClient(target, append(interceptors.DialOptions(), creds)...)
func DialOptions(opts ...CallOption) []grpc.DialOption {
	ctl := retry.New()
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(UnaryClientInterceptor(ctl, opts...)),
		grpc.WithChainStreamInterceptor(StreamClientInterceptor(ctl, opts...)),
		grpc.WithDisableRetry(),
	}
}
