// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// succeeding is a service whose every method runs handler and sends what there is
// to send.
func succeeding(handler func(context.Context) error) *service {
	return &service{
		unary: handler,
		list: func(ss listStream) error {
			if err := handler(ss.Context()); err != nil {
				return err
			}
			return ss.Send(&filesv1.ListFolderResponse{})
		},
		upload: func(ss uploadStream) error {
			if err := handler(ss.Context()); err != nil {
				return err
			}
			return ss.SendAndClose(&filesv1.UploadFileResponse{})
		},
	}
}

// Handlers set headers and trailers from the goroutines they start. Run under the
// race detector; a lost one would be a lost fact for the caller.
func TestHeadersAndTrailersFromManyGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines = 8
	set := func(ctx context.Context) error {
		var wg sync.WaitGroup
		for i := range goroutines {
			wg.Go(func() { _ = grpc.SetHeader(ctx, metadata.Pairs(fmt.Sprintf("x-h%d", i), "1")) })
			wg.Go(func() { _ = grpc.SetTrailer(ctx, metadata.Pairs(fmt.Sprintf("x-t%d", i), "1")) })
			wg.Go(func() { _, _ = grpc.Method(ctx) })
		}
		wg.Wait()
		return nil
	}
	fail := func(ctx context.Context) error { _ = set(ctx); return unavailable }
	for _, method := range []string{readOnly, listFolder, uploadFile} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			succeeded, failed := ask(t, succeeding(set), method), ask(t, succeeding(fail), method)
			for i := range goroutines {
				h, tr := fmt.Sprintf("x-h%d", i), fmt.Sprintf("x-t%d", i)
				if len(succeeded.header[h]) != 1 || len(succeeded.trailer[tr]) != 1 {
					t.Errorf("success: %s, %s missing in header %v, trailer %v", h, tr, succeeded.header, succeeded.trailer)
				}
				if len(failed.trailer[h]) != 1 || len(failed.trailer[tr]) != 1 {
					t.Errorf("failure: %s, %s missing in trailer %v", h, tr, failed.trailer)
				}
			}
		})
	}
}

// Goroutines outlive handlers. What they do with the context then must neither
// crash the service nor show up in somebody else's RPC.
func TestAKeptContextDoesNotReachOtherRPCs(t *testing.T) {
	t.Parallel()
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var kept []context.Context // RPCs come one after the other
			s := succeeding(func(ctx context.Context) error {
				for _, k := range kept {
					_ = grpc.SetHeader(k, metadata.Pairs("x-late", "1"))
					_ = grpc.SetTrailer(k, metadata.Pairs("x-late", "1"))
					_ = grpc.SendHeader(k, nil)
					_, _ = grpc.Method(k)
				}
				kept = append(kept, ctx)
				if len(kept) == 2 {
					return unavailable
				}
				return nil
			})
			conn := s.dial(t)
			for i, want := range []codes.Code{codes.OK, codes.Unavailable, codes.OK} {
				a := call(t.Context(), conn, method)
				if status.Code(a.err) != want {
					t.Errorf("call %d = %v, want %v", i, a.err, want)
				}
				if got := metadata.Join(a.header, a.trailer)["x-late"]; len(got) != 0 {
					t.Errorf("call %d: x-late = %q, want none", i, got)
				}
			}
		})
	}
}

// An errgroup returns with the first error while its other goroutines still run. A
// header that one of them sets between the end of the handler and the answer must
// not put headers in front of the failed RPC: its caller would not retry.
func TestALateHeaderDoesNotOpenAFailedRPC(t *testing.T) {
	t.Parallel()
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var kept context.Context
			late := func(error) {
				if grpc.SetHeader(kept, metadata.Pairs("x-late", "1")) == nil {
					t.Error("SetHeader after the handler = nil, want an error: nobody gets the header")
				}
				if grpc.SendHeader(kept, metadata.Pairs("x-late", "1")) == nil {
					t.Error("SendHeader after the handler = nil, want an error: nobody gets the header")
				}
			}
			s := succeeding(func(ctx context.Context) error { kept = ctx; return unavailable })
			s.outside = afterwards(late)
			if got := onWire(t, s.serve(t), method); !got.trailersOnly() {
				t.Errorf("header %v, trailer %v, want one frame", got.header, got.trailer)
			}
		})
	}
}

// afterwards runs f between the interceptors under test and the answer.
func afterwards(f func(error)) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
			resp, err := h(ctx, req)
			f(err)
			return resp, err
		}),
		grpc.ChainStreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
			err := h(srv, ss)
			f(err)
			return err
		}),
	}
}

// A panic ends a handler half-way. A recovery interceptor in front turns it into
// INTERNAL; what the handler had set until then must not go out with it.
func TestAPanicInTheHandler(t *testing.T) {
	t.Parallel()
	recovered := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.Internal, "recovered") })
	for _, method := range []string{readOnly, listFolder, uploadFile} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := succeeding(func(ctx context.Context) error {
				_ = grpc.SetHeader(ctx, metadata.Pairs("x-half", "1"))
				_ = grpc.SetTrailer(ctx, metadata.Pairs("x-half", "1"))
				panic("handler")
			})
			s.outside = []grpc.ServerOption{
				grpc.ChainUnaryInterceptor(recovery.UnaryServerInterceptor(recovered)),
				grpc.ChainStreamInterceptor(recovery.StreamServerInterceptor(recovered)),
			}
			lis := s.serve(t)
			for range 2 { // the second shows that the service lives
				got := onWire(t, lis, method)
				if !got.trailersOnly() || got.header.Get("Grpc-Status") != "13" || got.header.Get("Grpc-Message") != "recovered" {
					t.Errorf("header %v, trailer %v, want INTERNAL alone", got.header, got.trailer)
				}
				if half := got.header.Values("X-Half"); len(half) != 0 {
					t.Errorf("x-half = %q, want none", half)
				}
			}
		})
	}
}

// Users test their handlers and chains as functions. There is no stream then, and
// that is no reason to crash.
func TestAHandlerOutsideAServer(t *testing.T) {
	t.Parallel()
	for _, want := range []error{nil, unavailable} {
		_, got := newIsolated()(t.Context(), nil, unaryInfo(readOnly), func(ctx context.Context, _ any) (any, error) {
			if err := grpc.SetHeader(ctx, metadata.Pairs("x-a", "1")); err == nil {
				t.Error("SetHeader outside a server = nil, want the error that grpc-go gives")
			}
			return nil, want
		})
		if status.Code(got) != status.Code(want) {
			t.Errorf("interceptor = %v, want %v", got, want)
		}
	}
}
