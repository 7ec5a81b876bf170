// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/translate"
)

func answer(status int, method string, pairs ...string) *translate.Error {
	var e *translate.Error
	errors.As(translate.HTTP.Translate(translate.Answer{Method: method, Status: status, Header: header(pairs...)}), &e)
	return e
}

// Handlers wrap and join errors as they like; the strictest must win, or a write
// is repeated because a read beside it could have been.
func TestFromErrorFindsTheStrictest(t *testing.T) {
	t.Parallel()
	limited := answer(429, "GET", "Retry-After", "3")
	limitedLonger := answer(429, "GET", "Retry-After", "9")
	missing := answer(404, "GET")
	tests := []struct {
		situation string
		err       error
		want      string // reason, or "" for not found
		wait      time.Duration
	}{
		{"bare", missing, "HTTP_404", -1},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", missing)), "HTTP_404", -1},
		{"wrapped beside a sentinel", fmt.Errorf("%w: %w", errors.New("get file"), limited), "HTTP_429", 3 * time.Second},
		{"joined, the permanent one last", errors.Join(limited, missing), "HTTP_404", -1},
		{"joined, the permanent one first", errors.Join(missing, limited), "HTTP_404", -1},
		{"joined, the longer wait counts", errors.Join(limited, limitedLonger), "HTTP_429", 9 * time.Second},
		{"joined with somebody else's status", errors.Join(limited, status.Error(codes.DataLoss, "x")), "HTTP_429", -1},
		{"a nil *Error", error((*translate.Error)(nil)), "", -1},
		{"nil", nil, "", -1},
		{"plain error", errors.New("x"), "", -1},
		{"somebody else's status", status.Error(codes.NotFound, "x"), "", -1},
		{"status of ours, wrapped", fmt.Errorf("call: %w", limited.GRPCStatus().Err()), "HTTP_429", 3 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			e, ok := translate.FromError(tt.err)
			if ok != (tt.want != "") {
				t.Fatalf("FromError = %v, %v", e, ok)
			}
			if !ok {
				return
			}
			wait, allowed := e.RetryDelay()
			if !allowed {
				wait = -1
			}
			if e.Reason() != tt.want || wait != tt.wait {
				t.Errorf("FromError = %s, %v, want %s, %v", e.Reason(), wait, tt.want, tt.wait)
			}
		})
	}
}

// A handler's mistake must not take the server down.
func TestNilErrorDoesNotPanic(t *testing.T) {
	t.Parallel()
	var e *translate.Error
	if st, _ := status.FromError(e); st.Code() != codes.Unknown || e.Error() == "" {
		t.Errorf("status of a nil *Error = %v", st)
	}
	if errors.Is(e, io.EOF) || e.Code() != codes.Unknown || e.Reason() == "x" || e.ErrorCode() != "" || e.RequestID() != "" || e.Body() != nil {
		t.Errorf("a nil *Error says %v", e)
	}
	if _, ok := e.RetryDelay(); ok || e.RetryClass() != never || e.Outcome() != unknown {
		t.Errorf("a nil *Error may be repeated: %v %v", e.RetryClass(), e.Outcome())
	}
	if got := e.WithoutRetry().ForCaller().WithLanguage("ja").WithCause(io.EOF); got.Code() != codes.Unknown || !errors.Is(got, io.EOF) {
		t.Errorf("derived from a nil *Error: %v", got)
	}
}

// Neither must an empty one, which says nothing either.
func TestEmptyErrorDoesNotPanic(t *testing.T) {
	t.Parallel()
	e := new(translate.Error)
	if st := e.GRPCStatus(); st.Code() != codes.Unknown || e.Error() == "" || e.Reason() != new(translate.Error).Reason() || e.Body() != nil {
		t.Errorf("an empty Error says %v", st)
	}
}

// What the interceptors change of an error is RetryInfo and nothing else.
func TestJudgedErrors(t *testing.T) {
	t.Parallel()
	e := answer(429, "POST", "Retry-After", "3")
	stopped := e.WithoutRetry()
	if _, ok := stopped.RetryDelay(); ok || stopped.Metadata()["retryAfter"] != "3s" || stopped.Code() != e.Code() || stopped.Error() != e.Error() {
		t.Errorf("WithoutRetry = %v %v", stopped.GRPCStatus().Proto(), stopped.Metadata())
	}
	later := stopped.WithRetryDelay(1500 * time.Millisecond)
	if d, ok := later.RetryDelay(); !ok || d != 1500*time.Millisecond || later.Metadata()["retryAfter"] != "" {
		t.Errorf("WithRetryDelay = %v, %v, %v", d, ok, later.Metadata())
	}
	if d, _ := e.RetryDelay(); d != 3*time.Second || e.Metadata()["retryAfter"] != "" {
		t.Errorf("the original changed: %v %v", d, e.Metadata())
	}
}

// A caller reads statuses of strangers.
func FuzzFromError(f *testing.F) {
	for _, b := range boxBodies {
		e := translate.Box.Translate(translate.Answer{Method: "GET", Status: 409, Body: []byte(b.body)})
		st, _ := status.FromError(e)
		raw, err := proto.Marshal(st.Proto())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		st := &spb.Status{}
		if proto.Unmarshal(raw, st) != nil || st.GetCode() == 0 {
			return
		}
		e, ok := translate.FromError(status.ErrorProto(st))
		if !ok {
			return
		}
		_ = e.Body()
		_ = e.ErrorCode()
		_ = e.WithoutRetry().GRPCStatus()
		if d, _ := e.RetryDelay(); d < 0 {
			t.Errorf("a negative wait: %v", d)
		}
		if d, ok := e.WithoutRetry().WithRetryDelay(time.Second).RetryDelay(); !ok || d != time.Second {
			t.Errorf("WithRetryDelay(1s) = %v, %v", d, ok)
		}
	})
}

// Details of other people do not keep FromError from ours.
func TestFromErrorSkipsUnknownDetails(t *testing.T) {
	t.Parallel()
	st := answer(404, "GET").GRPCStatus().Proto()
	st.Details = append([]*anypb.Any{{TypeUrl: "type.googleapis.com/no.such.Type", Value: []byte("x")}, {}}, st.GetDetails()...)
	if e, ok := translate.FromError(status.ErrorProto(st)); !ok || e.Reason() != "HTTP_404" {
		t.Errorf("FromError = %v, %v", e, ok)
	}
}

func statusError(st *spb.Status) error { return status.ErrorProto(st) }
