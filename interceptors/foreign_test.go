// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// foreignErrors are errors that no upstream sent. None of them has RetryInfo.
var foreignErrors = map[string]error{
	"a plain error":         errors.New("plain"),
	"a status":              status.Error(codes.NotFound, "no such thing"),
	"a wrapped status":      fmt.Errorf("wrapped: %w", status.Error(codes.Aborted, "again")),
	"UNAVAILABLE":           status.Error(codes.Unavailable, "busy"),
	"a deadline":            context.DeadlineExceeded,
	"a cancelled context":   fmt.Errorf("asked: %w", context.Canceled),
	"an unknown detail":     status.ErrorProto(&spb.Status{Code: 3, Message: "m", Details: []*anypb.Any{{TypeUrl: "type.googleapis.com/no.Such", Value: []byte{1}}}}),
	"a code nobody knows":   status.Error(codes.Code(99), "odd"),
	"no *Error in an error": (*translate.Error)(nil),
	"no status in an error": noStatus{},
}

type noStatus struct{}

func (noStatus) Error() string              { return "no status" }
func (noStatus) GRPCStatus() *status.Status { return nil }

// A service has other errors than its upstream's. If these change, or get a
// pushback, boxgrpc breaks services for what is none of its business.
func TestForeignErrorsPassUntouched(t *testing.T) {
	t.Parallel()
	for name, err := range foreignErrors {
		for _, method := range []string{readOnly, undeclared, listFolder, uploadFile} {
			t.Run(name+method, func(t *testing.T) {
				t.Parallel()
				bare := failing(err)
				bare.bare = true
				want, got := ask(t, bare, method), ask(t, failing(err), method)
				if diff := cmp.Diff(status.Convert(want.err).Proto(), status.Convert(got.err).Proto(), protocmp.Transform()); diff != "" {
					t.Errorf("status (-without +with interceptors):\n%s", diff)
				}
				if diff := cmp.Diff(want.trailer, got.trailer); diff != "" {
					t.Errorf("trailer (-without +with interceptors):\n%s", diff)
				}
			})
		}
	}
}

// Interceptors in front of ours look for their own errors by value and type.
func TestForeignErrorsStayTheSameValue(t *testing.T) {
	t.Parallel()
	for name, want := range foreignErrors {
		_, got := interceptors.UnaryServerInterceptor(retry.New())(t.Context(), nil, unaryInfo(undeclared), failingHandler(want))
		if got != want { //nolint:errorlint // the very value
			t.Errorf("%s: %#v, want the same value %#v", name, got, want)
		}
	}
}

// Somebody else's RetryInfo speaks of somebody else's request. On a method that is
// not declared safe to repeat, callers that obey it would write twice; on one that
// is they would lose a retry if it went.
func TestForeignRetryInfo(t *testing.T) {
	t.Parallel()
	kept := withRetryInfo(codes.Unavailable, "busy")
	stripped := status.Convert(kept).Proto()
	stripped.Details = append(stripped.Details[:1:1], stripped.Details[2:]...)
	situations := []struct {
		name, method string
		options      []interceptors.Option
		want         *spb.Status
	}{
		{"read only", readOnly, nil, status.Convert(kept).Proto()},
		{"idempotent", idempotent, nil, status.Convert(kept).Proto()},
		{"read-only stream", listFolder, nil, status.Convert(kept).Proto()},
		{"undeclared", undeclared, nil, stripped},
		{"undeclared stream", uploadFile, nil, stripped},
		{"single upstream call", undeclared, safety(retry.SingleUpstreamCall), stripped},
		{"declared, not idempotent by option", readOnly, safety(retry.NotIdempotent), stripped},
		{"undeclared, idempotent by option", undeclared, safety(retry.Idempotent), status.Convert(kept).Proto()},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, failing(kept, tt.options...), tt.method)
			if diff := cmp.Diff(tt.want, status.Convert(a.err).Proto(), protocmp.Transform()); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			checkPushback(t, a, nothing)

			a = ask(t, failing(fmt.Errorf("wrapped: %w", kept), tt.options...), tt.method)
			wrapped := &spb.Status{Code: tt.want.GetCode(), Message: "wrapped: " + kept.Error(), Details: tt.want.GetDetails()}
			if diff := cmp.Diff(wrapped, status.Convert(a.err).Proto(), protocmp.Transform()); diff != "" {
				t.Errorf("wrapped status (-want +got):\n%s", diff)
			}
		})
	}
}

// A handler that calls another service which uses boxgrpc gets that service's word
// on its own RPC. To forward it says nothing of this RPC: it stays as it is, and no
// pushback speaks for it.
func TestAForwardedErrorOfAnotherService(t *testing.T) {
	t.Parallel()
	theirs := ask(t, failing(box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2")), readOnly).err
	stripped := status.Convert(theirs).Proto()
	stripped.Details = slices.DeleteFunc(stripped.GetDetails(), func(d *anypb.Any) bool { return d.MessageIs(&errdetails.RetryInfo{}) })
	for method, want := range map[string]*spb.Status{
		readOnly: status.Convert(theirs).Proto(), listFolder: status.Convert(theirs).Proto(), undeclared: stripped, uploadFile: stripped,
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			a := ask(t, failing(theirs), method)
			if diff := cmp.Diff(want, status.Convert(a.err).Proto(), protocmp.Transform()); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			checkPushback(t, a, nothing)
		})
	}
}

// An error that is a variable of a package is shared by all RPCs: one undeclared
// method must not take RetryInfo from everybody else.
func TestASharedStatusIsNotChanged(t *testing.T) {
	t.Parallel()
	shared := withRetryInfo(codes.Unavailable, "busy")
	conn := failing(shared).dial(t)
	call(t.Context(), conn, undeclared)
	if _, n := retryInfo(call(t.Context(), conn, readOnly).err); n != 1 {
		t.Errorf("RetryInfo after an undeclared method: %d, want 1", n)
	}
}

// A status of the service's own that has the upstream's error as its cause is the
// service's word, not the upstream's: its RetryInfo is judged like any foreign one.
func TestAForeignStatusOnTopOfAnUpstreamError(t *testing.T) {
	t.Parallel()
	err := ownError{withRetryInfo(codes.Unavailable, "own"), box(http.MethodPost, 503, "unavailable")}
	a := ask(t, failing(err), undeclared)
	if st := status.Convert(a.err); st.Message() != "own" {
		t.Errorf("status = %v, want the service's own", st)
	}
	checkTold(t, a, nothing)
}

// ownError is an error type as services have them: a status, and a cause for logs.
type ownError struct{ status, cause error }

func (e ownError) Error() string              { return e.status.Error() }
func (e ownError) GRPCStatus() *status.Status { return status.Convert(e.status) }
func (e ownError) Unwrap() error              { return e.cause }

// A pushback that a handler sends with its own error is the handler's to send.
func TestTheHandlersPushbackOnAForeignError(t *testing.T) {
	t.Parallel()
	s := failing(nil)
	s.unary = func(ctx context.Context) error {
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackKey, "7"))
		return status.Error(codes.Unavailable, "busy")
	}
	checkTold(t, ask(t, s, undeclared), told{-1, "7"})
}
