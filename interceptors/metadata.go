// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// What is held is sent later, when nobody can be told any more that it cannot be
// sent. So it is checked at once, as grpc-go would do.

// sendable refuses what HTTP/2 cannot carry. grpc.SetHeader lets the rest through,
// text beyond ASCII too.
func sendable(md metadata.MD) error {
	for key, values := range md {
		if key == "" || strings.Trim(key, "0123456789abcdefghijklmnopqrstuvwxyz_-.") != "" {
			return fmt.Errorf("interceptors: the metadata key %q is not made of 0-9, a-z, _, - and dots", key)
		}
		if !binary(key) && anyByte(values, func(c byte) bool { return c < ' ' || c == 0x7f }) {
			return fmt.Errorf("interceptors: a value of the metadata key %q has control characters", key)
		}
	}
	return nil
}

// legal is stricter, as the methods of a stream are: printable ASCII only (gRPC over
// HTTP/2, "Custom-Metadata").
func legal(md metadata.MD) error {
	for key, values := range md {
		if !binary(key) && anyByte(values, func(c byte) bool { return c < ' ' || c > '~' }) {
			return fmt.Errorf("interceptors: a value of the metadata key %q is not printable ASCII", key)
		}
	}
	return sendable(md)
}

func binary(key string) bool { return strings.HasSuffix(key, "-bin") }

func anyByte(values []string, bad func(byte) bool) bool {
	for _, v := range values {
		for i := range len(v) {
			if bad(v[i]) {
				return true
			}
		}
	}
	return false
}

// streamSink makes a ServerStream look like the stream below it, which takes what
// the ServerStream would refuse.
type streamSink struct {
	grpc.ServerStream

	below grpc.ServerTransportStream
}

func (streamSink) Method() string { return "" }

func (s streamSink) SetHeader(md metadata.MD) error {
	if s.below != nil && legal(md) != nil {
		return s.below.SetHeader(md)
	}
	return s.ServerStream.SetHeader(md)
}

func (s streamSink) SetTrailer(md metadata.MD) error {
	if s.below != nil && legal(md) != nil {
		return s.below.SetTrailer(md)
	}
	s.ServerStream.SetTrailer(md)
	return nil
}
