// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/translate"
)

// retryPolicy is what a caller writes who has never heard of boxgrpc.
const retryPolicy = `{"methodConfig": [{
	"name": [{"service": "files.v1.FileService"}],
	"retryPolicy": {
		"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"]
	}}]}`

// The point of it all: a stock gRPC client, built with nothing of ours, waits as
// long as the upstream asked and tries again where that is right, and only there.
// Without this, callers come back in milliseconds, or not at all.
func TestAStockClientObeys(t *testing.T) {
	const minute = time.Minute
	hint := func(method string) error {
		return box(method, 429, "rate_limit_exceeded", "Retry-After", "60")
	}
	header := func(ctx context.Context) { _ = grpc.SetHeader(ctx, metadata.Pairs("x-run", "failed")) }
	pushback := func(ctx context.Context) { _ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackKey, "1")) }
	quiet := func(context.Context) {}
	plain := []interceptors.Option{interceptors.WithoutIsolation()}

	situations := []struct {
		name     string
		method   string
		err      error
		set      func(context.Context)
		options  []interceptors.Option
		wantRuns int
		wantWait time.Duration // at least, and at most a tenth more
	}{
		{"a read", readOnly, hint("GET"), quiet, nil, 3, 2 * minute},
		{"a read whose handler sets a header", readOnly, hint("GET"), header, nil, 3, 2 * minute},
		{"a read whose handler sets a pushback", readOnly, hint("GET"), pushback, nil, 3, 2 * minute},
		{"a stream", listFolder, hint("GET"), quiet, nil, 3, 2 * minute},
		{"a stream whose handler sets a header", listFolder, hint("GET"), header, nil, 3, 2 * minute},
		{"a deletion", idempotent, box(http.MethodDelete, 503, "unavailable"), header, nil, 3, 2 * time.Second},
		{"a write", undeclared, hint("POST"), header, nil, 1, 0},
		{"an upload", uploadFile, hint("POST"), header, nil, 1, 0},
		{"no space left", readOnly, upstream(translate.Box, http.MethodGet, 507, ""), header, nil, 1, 0},
		{"not isolated", readOnly, hint("GET"), quiet, plain, 3, 2 * minute},
		{"not isolated, with a header", readOnly, hint("GET"), header, plain, 1, 0},
		{"not isolated, with a pushback", readOnly, hint("GET"), pushback, plain, 1, 0},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runs := 0
				s := succeeding(func(ctx context.Context) error {
					if runs++; runs < 3 {
						tt.set(ctx)
						return tt.err
					}
					return grpc.SetHeader(ctx, metadata.Pairs("x-run", "last"))
				})
				s.options = tt.options
				start := time.Now()
				a := call(t.Context(), s.dial(t, grpc.WithDefaultServiceConfig(retryPolicy)), tt.method)
				waited := time.Since(start)
				if runs != tt.wantRuns {
					t.Errorf("%d runs, want %d; the last answer: %v", runs, tt.wantRuns, a.err)
				}
				if waited < tt.wantWait || waited > tt.wantWait+tt.wantWait/10+10*time.Millisecond {
					t.Errorf("waited %v, want %v to a tenth more", waited, tt.wantWait)
				}
				if want := tt.wantRuns == 3; (a.err == nil) != want {
					t.Errorf("error = %v, want success: %v", a.err, want)
				}
				if diff := cmp.Diff(metadata.MD{"x-run": {"last"}}, grpcOnly(a.header)); a.err == nil && diff != "" {
					t.Errorf("header of the last run (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A caller that cannot wait so long gets the real error at once, and not
// DEADLINE_EXCEEDED without details at the end of its deadline.
func TestAStockClientKeepsTheRealError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "60")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		a := call(ctx, failing(err).dial(t, grpc.WithDefaultServiceConfig(retryPolicy)), readOnly)
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("waited %v, want no wait", waited)
		}
		if got := status.Code(a.err); got != codes.ResourceExhausted {
			t.Errorf("code = %v, want RESOURCE_EXHAUSTED", got)
		}
		checkTold(t, a, told{time.Minute, "-1"})
	})
}

// A stream that has sent a message must not start again: its caller would get the
// first messages twice.
func TestAStockClientDoesNotRetryAfterTheFirstMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		s := failing(nil)
		s.list = func(ss listStream) error {
			runs++
			_ = ss.Send(&filesv1.ListFolderResponse{})
			return unavailable
		}
		a := call(t.Context(), s.dial(t, grpc.WithDefaultServiceConfig(retryPolicy)), listFolder)
		if runs != 1 || a.messages != 1 || status.Code(a.err) != codes.Unavailable {
			t.Errorf("%d runs, %d messages, %v; want 1, 1, UNAVAILABLE", runs, a.messages, a.err)
		}
	})
}
