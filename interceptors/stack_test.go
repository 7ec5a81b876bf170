// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"testing"
	"unsafe"

	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A stack that grows under a handler is copied from the depths of grpc-go's transport on,
// which costs a stream more time than the interceptor. A copied stack is at another address.
func TestTheStackOfAHandlerStaysWhereItIs(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]interceptors.Option{"isolated": nil, "not isolated": {interceptors.WithoutIsolation()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := interceptors.StreamServerInterceptor(retry.New(), options...)
			moved := false
			handler := func(any, grpc.ServerStream) error {
				moved = stackMoves()
				return nil
			}
			ended := make(chan error)
			go func() { // as grpc-go calls each handler
				ended <- i(nil, &openStream{ctx: t.Context()}, &grpc.StreamServerInfo{FullMethod: listFolder}, handler)
			}()
			if err := <-ended; err != nil || moved {
				t.Errorf("stack moved: %v, error: %v; want neither", moved, err)
			}
		})
	}
}

// stackMoves tells whether a call makes the stack move.
func stackMoves() bool {
	var here byte
	before := uintptr(unsafe.Pointer(&here)) // a number, which does not follow the stack
	framesOfTransport(0)
	return uintptr(unsafe.Pointer(&here)) != before
}

// framesOfTransport needs as much of a stack as grpc-go does to send the first message.
//
//go:noinline
func framesOfTransport(i int) byte {
	var frames [2 << 10]byte
	return frames[i]
}
