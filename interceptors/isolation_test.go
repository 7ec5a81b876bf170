// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
)

var unavailable = box(http.MethodGet, 503, "unavailable")

// headerThenFail sets a header and a trailer and fails.
func headerThenFail(err error, options ...interceptors.Option) *service {
	s := failing(err, options...)
	set := func(ctx context.Context) {
		_ = grpc.SetHeader(ctx, metadata.Pairs("x-held", "ctx"))
		_ = grpc.SetTrailer(ctx, metadata.Pairs("x-trailer", "ctx"))
	}
	s.unary = func(ctx context.Context) error { set(ctx); return err }
	s.list = func(ss listStream) error { set(ss.Context()); return err }
	s.upload = func(ss uploadStream) error { set(ss.Context()); return err }
	return s
}

// What a handler of a failed RPC said in headers is not lost: it comes in the
// trailers. This also shows that grpc.SetHeader finds our stream in the context at
// all.
func TestHeadersOfAFailedRPCBecomeTrailers(t *testing.T) {
	t.Parallel()
	for _, method := range []string{readOnly, undeclared, listFolder, uploadFile} {
		for name, err := range map[string]error{"upstream": unavailable, "foreign": status.Error(5, "no"), "plain": context.Canceled} {
			t.Run(name+method, func(t *testing.T) {
				t.Parallel()
				a := ask(t, headerThenFail(err), method)
				if len(a.header) != 0 {
					t.Errorf("header = %v, want none", a.header)
				}
				if diff := cmp.Diff([]string{"ctx"}, a.trailer["x-held"]); diff != "" {
					t.Errorf("x-held in the trailer (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"ctx"}, a.trailer["x-trailer"]); diff != "" {
					t.Errorf("x-trailer (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// grpcOnly drops the field that gRPC itself adds.
func grpcOnly(md metadata.MD) metadata.MD {
	md = md.Copy()
	md.Delete("content-type")
	return md
}

// Isolation is for RPCs that fail. If an RPC that succeeds arrives with other
// headers or trailers than without boxgrpc, nobody can put boxgrpc into a service
// that works.
func TestIsolationDoesNotShowInASuccess(t *testing.T) {
	t.Parallel()
	handlers := map[string]func(context.Context) error{
		"nothing set": func(context.Context) error { return nil },
		"headers, several times": func(ctx context.Context) error {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-a", "1", "x-a", "2", "x-b", "3"))
			return grpc.SetHeader(ctx, metadata.Pairs("x-a", "4", "x-bin", "\x00\xff"))
		},
		"trailers, several times": func(ctx context.Context) error {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-a", "1", "x-a", "2"))
			return grpc.SetTrailer(ctx, metadata.Pairs("x-a", "3"))
		},
		"both": func(ctx context.Context) error {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-a", "trailer"))
			return grpc.SetHeader(ctx, metadata.Pairs("x-a", "header"))
		},
		"headers sent at once": func(ctx context.Context) error {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-a", "1"))
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-b", "2"))
			return grpc.SendHeader(ctx, metadata.Pairs("x-a", "3"))
		},
		"metadata changed after it was set": func(ctx context.Context) error {
			md := metadata.Pairs("x-a", "1")
			_ = grpc.SetHeader(ctx, md)
			_ = grpc.SetTrailer(ctx, md)
			md.Set("x-a", "2")
			return nil
		},
	}
	for name, handler := range handlers {
		for _, method := range []string{readOnly, listFolder, uploadFile} {
			t.Run(name+method, func(t *testing.T) {
				t.Parallel()
				got, want := ask(t, succeeding(handler), method), ask(t, bare(succeeding(handler)), method)
				if got.err != nil || want.err != nil {
					t.Fatalf("errors = %v, %v, want none", got.err, want.err)
				}
				if diff := cmp.Diff(grpcOnly(want.header), grpcOnly(got.header)); diff != "" {
					t.Errorf("header (-without +with interceptors):\n%s", diff)
				}
				if diff := cmp.Diff(grpcOnly(want.trailer), grpcOnly(got.trailer)); diff != "" {
					t.Errorf("trailer (-without +with interceptors):\n%s", diff)
				}
				if got.messages != want.messages {
					t.Errorf("%d messages, want %d", got.messages, want.messages)
				}
			})
		}
	}
}

// gRPC's specification wants printable ASCII, but grpc-go sends what grpc.SetHeader
// is given, and services live on that: file names, people's names. Refusing it
// takes headers away from RPCs that had them.
func TestAHeaderBeyondASCIIArrivesAsWithoutInterceptors(t *testing.T) {
	t.Parallel()
	handler := func(ctx context.Context) error {
		_ = grpc.SetTrailer(ctx, metadata.Pairs("x-name", "Gr\u00fc\u00dfe.txt"))
		return grpc.SetHeader(ctx, metadata.Pairs("x-name", "Gr\u00fc\u00dfe.txt"))
	}
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			got, want := ask(t, succeeding(handler), method), ask(t, bare(succeeding(handler)), method)
			if got.err != nil || want.err != nil {
				t.Errorf("errors = %v, %v, want none", got.err, want.err)
			}
			if diff := cmp.Diff(grpcOnly(want.header), grpcOnly(got.header)); diff != "" {
				t.Errorf("header (-without +with interceptors):\n%s", diff)
			}
			if diff := cmp.Diff(grpcOnly(want.trailer), grpcOnly(got.trailer)); diff != "" {
				t.Errorf("trailer (-without +with interceptors):\n%s", diff)
			}
		})
	}
}

func bare(s *service) *service {
	s.bare = true
	return s
}

// grpc-go refuses headers after they are sent. A handler that relies on that error
// must get it from us too, and its error must still reach the caller in full.
func TestSendHeaderThenFail(t *testing.T) {
	t.Parallel()
	s := failing(nil)
	s.unary = func(ctx context.Context) error {
		if err := grpc.SendHeader(ctx, metadata.Pairs("x-sent", "1")); err != nil {
			t.Errorf("SendHeader = %v, want nil", err)
		}
		if grpc.SetHeader(ctx, metadata.Pairs("x-late", "1")) == nil {
			t.Error("SetHeader after SendHeader = nil, want an error")
		}
		if grpc.SendHeader(ctx, nil) == nil {
			t.Error("SendHeader, the second time = nil, want an error")
		}
		return unavailable
	}
	a := ask(t, s, readOnly)
	if diff := cmp.Diff(metadata.MD{"x-sent": {"1"}}, grpcOnly(a.header)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	checkTold(t, a, waiting(time.Second))
	if got := factsOf(t, a.err).Reason; got != "UNAVAILABLE" {
		t.Errorf("Reason = %q, want UNAVAILABLE", got)
	}
}

// A handler's context is more than its headers: without the rest there are no
// deadlines, no credentials and no method in its logs.
func TestTheContextKeepsWhatIsInIt(t *testing.T) {
	t.Parallel()
	check := func(ctx context.Context, method string) {
		if got, ok := grpc.Method(ctx); !ok || got != method {
			t.Errorf("grpc.Method = %q, %v, want %q", got, ok, method)
		}
		if _, ok := ctx.Deadline(); !ok {
			t.Error("no deadline, want the caller's")
		}
		if got := metadata.ValueFromIncomingContext(ctx, "x-in"); len(got) != 1 {
			t.Errorf("x-in = %q, want the caller's metadata", got)
		}
		if _, ok := peer.FromContext(ctx); !ok {
			t.Error("no peer")
		}
	}
	s := failing(nil)
	s.unary = func(ctx context.Context) error { check(ctx, readOnly); return nil }
	s.list = func(ss listStream) error { check(ss.Context(), listFolder); return nil }
	conn := s.dial(t)
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "x-in", "1"), time.Hour)
	defer cancel()
	for _, method := range []string{readOnly, listFolder} {
		if a := call(ctx, conn, method); a.err != nil {
			t.Errorf("%s = %v, want nil", method, a.err)
		}
	}
}

// go doc says that these two need WithoutIsolation. If that is no longer true, users
// read a warning for nothing; if the option does not help, they are stuck.
func TestCompressorsNeedWithoutIsolation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options []interceptors.Option
		want    bool
	}{{"isolated", nil, false}, {"not isolated", []interceptors.Option{interceptors.WithoutIsolation()}, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := failing(nil, tt.options...)
			s.unary = func(ctx context.Context) error {
				if err := grpc.SetSendCompressor(ctx, "gzip"); (err == nil) != tt.want {
					t.Errorf("SetSendCompressor = %v, want success: %v", err, tt.want)
				}
				if _, err := grpc.ClientSupportedCompressors(ctx); (err == nil) != tt.want {
					t.Errorf("ClientSupportedCompressors = %v, want success: %v", err, tt.want)
				}
				return nil
			}
			ask(t, s, readOnly)
		})
	}
}
