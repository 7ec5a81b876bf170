// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Somebody outside may have sent headers already. What a handler sets then is lost, with
// grpc-go as with us; an RPC that fails for it, after the folder was made, is made
// again.
func TestHeadersThatComeTooLateFailNothing(t *testing.T) {
	t.Parallel()
	s := &service{
		unary: func(ctx context.Context) error { _ = grpc.SetHeader(ctx, metadata.Pairs("a", "b")); return nil },
		list: func(ss listStream) error {
			_ = ss.SetHeader(metadata.Pairs("a", "b"))
			return ss.Send(&filesv1.ListFolderResponse{})
		},
		outside: []grpc.ServerOption{
			grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
				_ = grpc.SendHeader(ctx, metadata.Pairs("x-request-id", "1"))
				return h(ctx, req)
			}),
			grpc.ChainStreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
				_ = ss.SendHeader(metadata.Pairs("x-request-id", "1"))
				return h(srv, ss)
			}),
		},
	}
	conn := s.dial(t)
	for _, method := range []string{undeclared, listFolder} {
		if a := call(t.Context(), conn, method); a.err != nil {
			t.Errorf("%s: %v, want success", method, a.err)
		}
	}
}

// A goroutine that a failed run has left behind must not receive what is meant for the
// next one: an upload would end well with a part missing.
func TestALateReceiveTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs, got, late := 0, []string(nil), make(chan error, 1)
		s := &service{
			ctl:     retry.New(),
			options: []interceptors.Option{interceptors.WithSafety(retry.Idempotent, every)},
			upload: func(ss uploadStream) error {
				if runs++; runs == 1 {
					time.AfterFunc(100*time.Millisecond, func() { _, err := ss.Recv(); late <- err })
					return box("GET", 429, "rate_limit_exceeded", "Retry-After", "1")
				}
				for {
					m, err := ss.Recv()
					if err != nil {
						return ss.SendAndClose(&filesv1.UploadFileResponse{})
					}
					got = append(got, string(m.GetChunk()))
				}
			},
		}
		stream, err := filesv1.NewFileServiceClient(s.dial(t)).UploadFile(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sent := []string{"one", "two", "three"}
		for _, chunk := range sent {
			_ = stream.Send(&filesv1.UploadFileRequest{Part: &filesv1.UploadFileRequest_Chunk{Chunk: []byte(chunk)}})
		}
		_, err = stream.CloseAndRecv()
		if lateErr := <-late; err != nil || !slices.Equal(got, sent) || lateErr == nil {
			t.Errorf("error = %v, the second run got %q, the first later %v; want all for the second", err, got, lateErr)
		}
	})
}
