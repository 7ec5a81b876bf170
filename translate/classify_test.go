// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

const (
	never        = boxgrpcv1.Retry_RETRY_NEVER
	ifIdempotent = boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT
	always       = boxgrpcv1.Retry_RETRY_ALWAYS

	notApplied = boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED
	applied    = boxgrpcv1.Outcome_OUTCOME_APPLIED
	unknown    = boxgrpcv1.Outcome_OUTCOME_UNKNOWN
)

// want is what callers depend on. A wait of -1 means that the request must not be
// sent again.
type want struct {
	code    codes.Code
	reason  string
	class   boxgrpcv1.Retry
	wait    time.Duration
	outcome boxgrpcv1.Outcome
}

func header(pairs ...string) http.Header {
	h := make(http.Header)
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func code(c string) []byte { return []byte(`{"type":"error","code":"` + c + `"}`) }

// The wrong code sends somebody to the wrong place at night; the wrong class
// repeats a write that had worked, or gives up on a read that would have.
func TestClassify(t *testing.T) {
	t.Parallel()
	retryAfter := header("Retry-After", "7")
	tests := []struct {
		situation  string
		translator *translate.Translator
		answer     translate.Answer
		want       want
	}{
		{"429 with Retry-After to a read", translate.Box, translate.Answer{Method: "GET", Status: 429, Header: retryAfter, Body: code("rate_limit_exceeded")},
			want{codes.ResourceExhausted, "RATE_LIMIT_EXCEEDED", always, 7 * time.Second, notApplied}},
		{"429 to a write", translate.Box, translate.Answer{Method: "POST", Status: 429, Body: code("rate_limit_exceeded")},
			want{codes.ResourceExhausted, "RATE_LIMIT_EXCEEDED", always, time.Second, notApplied}},
		{"503 to a read", translate.Box, translate.Answer{Method: "GET", Status: 503, Body: code("unavailable")},
			want{codes.Unavailable, "UNAVAILABLE", ifIdempotent, time.Second, notApplied}},
		{"503 to a write", translate.Box, translate.Answer{Method: "POST", Status: 503, Body: code("unavailable")},
			want{codes.Unavailable, "UNAVAILABLE", ifIdempotent, -1, unknown}},
		{"503 with Retry-After to a write", translate.Box, translate.Answer{Method: "POST", Status: 503, Header: retryAfter, Body: code("unavailable")},
			want{codes.Unavailable, "UNAVAILABLE", ifIdempotent, -1, unknown}},
		{"503 to an idempotent write", translate.Box, translate.Answer{Method: "PUT", Status: 503, Header: retryAfter, Body: code("unavailable")},
			want{codes.Unavailable, "UNAVAILABLE", ifIdempotent, 7 * time.Second, unknown}},
		{"no method", translate.Box, translate.Answer{Status: 503, Body: code("unavailable")},
			want{codes.Unavailable, "UNAVAILABLE", ifIdempotent, -1, unknown}},
		{"folder is being moved", translate.Box, translate.Answer{Method: "POST", Status: 409, Body: code("operation_blocked_temporary")},
			want{codes.Aborted, "OPERATION_BLOCKED_TEMPORARY", always, time.Second, notApplied}},
		{"name taken", translate.Box, translate.Answer{Method: "POST", Status: 409, Body: code("item_name_in_use")},
			want{codes.AlreadyExists, "ITEM_NAME_IN_USE", never, -1, notApplied}},
		{"name taken, with Retry-After", translate.Box, translate.Answer{Method: "POST", Status: 409, Header: retryAfter, Body: code("item_name_in_use")},
			want{codes.AlreadyExists, "ITEM_NAME_IN_USE", never, -1, notApplied}},
		{"conflicts without a code", translate.Box, translate.Answer{Method: "POST", Status: 409, Body: []byte(`{"context_info":{"conflicts":[{"type":"folder","id":"1"}]}}`)},
			want{codes.AlreadyExists, "ITEM_NAME_IN_USE", never, -1, notApplied}},
		{"account full, by code", translate.Box, translate.Answer{Method: "POST", Status: 403, Body: code("storage_limit_exceeded")},
			want{codes.ResourceExhausted, "STORAGE_LIMIT_EXCEEDED", never, -1, notApplied}},
		{"account full, by status", translate.Box, translate.Answer{Method: "GET", Status: 507},
			want{codes.ResourceExhausted, "HTTP_507", never, -1, notApplied}},
		{"code under a status it is not documented for", translate.Box, translate.Answer{Method: "GET", Status: 403, Body: code("unauthorized")},
			want{codes.PermissionDenied, "UNAUTHORIZED", never, -1, notApplied}},
		{"code that nobody knows yet", translate.Box, translate.Answer{Method: "GET", Status: 403, Body: code("brand_new")},
			want{codes.PermissionDenied, "BRAND_NEW", never, -1, notApplied}},
		{"codes match exactly", translate.Box, translate.Answer{Method: "GET", Status: 409, Body: code("Item_Name_In_Use")},
			want{codes.Aborted, "ITEM_NAME_IN_USE", never, -1, notApplied}},
		{"body contradicts the status line", translate.Box, translate.Answer{Method: "GET", Status: 502, Body: []byte(`{"status":200,"code":"created"}`)},
			want{codes.Unavailable, "CREATED", ifIdempotent, time.Second, notApplied}},
		{"download not ready", translate.Box, translate.Answer{Method: "GET", Status: 202, Header: retryAfter},
			want{codes.Unavailable, "UPSTREAM_FAILED", always, 7 * time.Second, notApplied}},
		{"gateway page", translate.Box, translate.Answer{Method: "GET", Status: 504, Body: []byte("<html>")},
			want{codes.Unavailable, "HTTP_504", ifIdempotent, time.Second, notApplied}},
		{"expired token, empty body", translate.Box, translate.Answer{Method: "GET", Status: 401, Header: header("WWW-Authenticate", `Bearer realm="Service", error="invalid_token"`)},
			want{codes.Unauthenticated, "INVALID_TOKEN", never, -1, notApplied}},
		{"a proxy's 401", translate.Box, translate.Answer{Method: "GET", Status: 401, Header: header("WWW-Authenticate", `Basic realm="CorpProxy"`)},
			want{codes.Internal, "HTTP_401", never, -1, notApplied}},
		{"a proxy's 407", translate.Box, translate.Answer{Method: "GET", Status: 407},
			want{codes.Internal, "HTTP_407", never, -1, notApplied}},
		{"not modified", translate.HTTP, translate.Answer{Method: "GET", Status: 304},
			want{codes.FailedPrecondition, "HTTP_304", never, -1, notApplied}},
		{"412 after If-Match", translate.HTTP, translate.Answer{Method: "PUT", Status: 412, RequestHeader: header("If-Match", `"5"`)},
			want{codes.Aborted, "HTTP_412", never, -1, notApplied}},
		{"412 after If-Unmodified-Since", translate.HTTP, translate.Answer{Method: "POST", Status: 412, RequestHeader: header("If-Unmodified-Since", "x")},
			want{codes.Aborted, "HTTP_412", never, -1, notApplied}},
		{"412 after If-None-Match: * on PUT", translate.HTTP, translate.Answer{Method: "PUT", Status: 412, RequestHeader: header("If-None-Match", "*")},
			want{codes.AlreadyExists, "HTTP_412", never, -1, notApplied}},
		{"412 otherwise", translate.HTTP, translate.Answer{Method: "POST", Status: 412, RequestHeader: header("If-None-Match", "*")},
			want{codes.FailedPrecondition, "HTTP_412", never, -1, notApplied}},
		{"409 with Retry-After", translate.HTTP, translate.Answer{Method: "POST", Status: 409, Header: retryAfter},
			want{codes.Aborted, "HTTP_409", always, 7 * time.Second, notApplied}},
		{"413 with Retry-After", translate.HTTP, translate.Answer{Method: "POST", Status: 413, Header: retryAfter},
			want{codes.ResourceExhausted, "HTTP_413", always, 7 * time.Second, notApplied}},
		{"413 without", translate.HTTP, translate.Answer{Method: "POST", Status: 413},
			want{codes.InvalidArgument, "HTTP_413", never, -1, notApplied}},
		{"403 with Retry-After", translate.HTTP, translate.Answer{Method: "GET", Status: 403, Header: retryAfter},
			want{codes.PermissionDenied, "HTTP_403", never, -1, notApplied}},
		{"4xx that nobody registered", translate.HTTP, translate.Answer{Method: "GET", Status: 477},
			want{codes.InvalidArgument, "HTTP_477", never, -1, notApplied}},
		{"5xx that nobody registered", translate.HTTP, translate.Answer{Method: "DELETE", Status: 577},
			want{codes.Internal, "HTTP_577", ifIdempotent, time.Second, unknown}},
		{"redirect that was not followed", translate.HTTP, translate.Answer{Method: "POST", Status: 302},
			want{codes.Unknown, "HTTP_302", never, -1, unknown}},
		{"status zero", translate.HTTP, translate.Answer{Method: "GET"},
			want{codes.Unknown, "UPSTREAM_FAILED", never, -1, notApplied}},
		{"negative status", translate.Box, translate.Answer{Method: "POST", Status: -7},
			want{codes.Unknown, "UPSTREAM_FAILED", never, -1, unknown}},
		{"status beyond HTTP", translate.Box, translate.Answer{Method: "GET", Status: 600},
			want{codes.Unknown, "UPSTREAM_FAILED", never, -1, notApplied}},
		{"code under a status beyond HTTP", translate.Box, translate.Answer{Method: "GET", Status: 1<<32 + 202, Body: code("accepted")},
			want{codes.Unknown, "ACCEPTED", never, -1, notApplied}},
		{"202 where content is required", translate.HTTP.With(translate.RequireContent()), translate.Answer{Method: "GET", Status: 202, Header: retryAfter},
			want{codes.Unavailable, "UPSTREAM_FAILED", ifIdempotent, 7 * time.Second, notApplied}},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			err := tt.translator.Translate(tt.answer)
			var e *translate.Error
			if !errors.As(err, &e) {
				t.Fatalf("Translate = %v, want an Error", err)
			}
			wait, ok := e.RetryDelay()
			if !ok {
				wait = -1
			}
			got := want{e.Code(), e.Reason(), e.RetryClass(), wait, e.Outcome()}
			if got != tt.want {
				t.Errorf("Translate = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// A success that is taken for a failure breaks a call that worked.
func TestSuccesses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation  string
		translator *translate.Translator
		answer     translate.Answer
	}{
		{"OK", translate.Box, translate.Answer{Status: 200, Body: code("unavailable")}},
		{"accepted", translate.Box, translate.Answer{Method: "DELETE", Status: 202}},
		{"no content", translate.HTTP, translate.Answer{Method: "DELETE", Status: 204}},
		{"2xx that nobody registered", translate.HTTP, translate.Answer{Status: 299}},
		{"address of a download", translate.Box, translate.Answer{Method: "GET", Status: 302, Header: header("Location", "https://dl")}},
		{"accepted by an ordinary API", translate.HTTP, translate.Answer{Method: "POST", Status: 202, Header: header("Retry-After", "3")}},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			if err := tt.translator.Translate(tt.answer); err != nil {
				t.Errorf("Translate = %v, want nil", err)
			}
		})
	}
}

// No error status may ever look like a success, whatever stands in the body.
func TestErrorStatusIsNeverOK(t *testing.T) {
	t.Parallel()
	for status := 400; status < 600; status++ {
		for _, c := range []string{"", "created", "accepted", "no_content", "redirect", "not_modified", "ok"} {
			if translate.Box.Translate(translate.Answer{Method: "GET", Status: status, Body: code(c)}) == nil {
				t.Errorf("HTTP %d with code %q is a success", status, c)
			}
		}
	}
}
