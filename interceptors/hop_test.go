// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/boxgrpc/boxgrpc/translate"
)

// facts is all that users read off an error.
type facts struct {
	Code       codes.Code
	Message    string
	Reason     string
	Domain     string
	Metadata   map[string]string
	HTTPStatus int
	Answered   bool
	ErrorCode  string
	RequestID  string
	Outcome    string
	Body       string
	Status     *spb.Status
}

func factsOf(t *testing.T, err error) facts {
	t.Helper()
	e, ok := translate.FromError(err)
	if !ok {
		t.Fatalf("FromError(%v) = false, want an error of an upstream", err)
	}
	f := facts{
		Code: e.Code(), Message: e.Error(), Reason: e.Reason(), Domain: e.Domain(), Metadata: e.Metadata(),
		ErrorCode: e.ErrorCode(), RequestID: e.RequestID(), Outcome: e.Outcome().String(), Body: string(e.Body()),
		Status: e.GRPCStatus().Proto(),
	}
	f.HTTPStatus, f.Answered = e.HTTPStatus()
	return f
}

// boxAnswers are answers that are each odd in another way.
var boxAnswers = map[string]error{
	"client error":               box(http.MethodGet, 404, "not_found", "Box-Request-Id", "hdr1"),
	"server error with the hint": box(http.MethodGet, 503, "unavailable", "Retry-After", "7"),
	"429 on a write":             box(http.MethodPost, 429, "rate_limit_exceeded", "Retry-After", "0"),
	"conflicts as an array": upstream(translate.Box, http.MethodPost, 409, `{"type":"error","status":409,"code":"item_name_in_use",
		"context_info":{"conflicts":[{"type":"folder","id":"12","etag":"1","name":"Plans"}]},
		"help_url":"http://developers.box.com/docs/#errors","message":"Item with the same name already exists","request_id":"r2"}`),
	"conflicts as an object": upstream(translate.Box, http.MethodPost, 409,
		`{"type":"error","status":409,"code":"item_name_in_use","context_info":{"conflicts":{"type":"file","id":9007199254740993}},"request_id":"r3"}`),
	"field errors": upstream(translate.Box, http.MethodGet, 400, `{"type":"error","status":400,"code":"bad_request",
		"context_info":{"errors":[{"reason":"invalid_parameter","name":"limit","message":"invalid value 'x'"}]},"message":"Bad Request","request_id":"r4"}`),
	"OAuth 2 error": upstream(translate.Box, http.MethodPost, 400,
		`{"error":"invalid_grant","error_description":"Refresh token has expired"}`),
	"metadata error": upstream(translate.Box, http.MethodPost, 400,
		`{"message":"instance_limit_exceeded","code":"metadata_instances_limit_exceeded","request_id":"r5"}`),
	"empty 401 with a challenge": upstream(translate.Box, http.MethodGet, 401, "",
		"Box-Request-Id", "hdr2", "WWW-Authenticate", `Bearer realm="Service", error="insufficient_scope", error_description="no"`),
	"a page of HTML":              upstream(translate.Box, http.MethodGet, 502, "<html><h1>Bad Gateway</h1></html>", "Content-Type", "text/html"),
	"JSON that breaks off":        upstream(translate.Box, http.MethodGet, 500, `{"type":"error","code":"internal_se`, "Box-Request-Id", "hdr3"),
	"the raw body":                upstream(translate.Box.With(translate.WithRawBody()), http.MethodGet, 404, "{ \"code\" :\"not_found\",\n\"b\":1.0e+18 }"),
	"a code with blanks":          upstream(translate.Box, http.MethodGet, 400, `{"type":"error","code":"Some thing: odd!","message":"é\u0000%\n"}`),
	"a code that is a number":     upstream(translate.Box, http.MethodGet, 418, `{"type":"error","status":"418","code":42,"message":null}`),
	"a code of one letter":        upstream(translate.Box, http.MethodGet, 400, `{"code":"x"}`),
	"a code nobody knows":         upstream(translate.Box, http.MethodGet, 409, `{"type":"error","status":409,"code":"brand_new_code","new":{"a":[1,2]}}`),
	"a message that is too large": upstream(translate.Box, http.MethodGet, 404, `{"type":"error","status":404,"code":"not_found","message":"`+strings.Repeat("é%", 9000)+`"}`),
	"a status nobody knows":       upstream(translate.Box, http.MethodGet, 799, ``),
	"202 that is not ready":       upstream(translate.Box, http.MethodGet, 202, ``, "Retry-After", "3"),
	"another domain":              upstream(translate.Box.With(translate.WithDomain("files.example.com")), http.MethodGet, 404, `{"type":"error","code":"not_found"}`),
}

var otherAnswers = map[string]error{
	"HTTP 404":                 upstream(translate.HTTP, http.MethodGet, 404, "gone", "X-Request-Id", "x1"),
	"HTTP 429 with a hint":     upstream(translate.HTTP, http.MethodPost, 429, "", "Retry-After", "2.0001"),
	"HTTP 302":                 upstream(translate.HTTP, http.MethodGet, 302, "", "Location", "https://elsewhere"),
	"HTTP 507 with a hint":     upstream(translate.HTTP, http.MethodPut, 507, "", "Retry-After", "9"),
	"the name does not exist":  transport(&net.DNSError{Err: "no such host", Name: "api.box.com"}),
	"the connection refused":   transport(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}),
	"the connection lost":      transport(syscall.ECONNRESET),
	"the upstream is slow":     transport(&net.OpError{Op: "read", Err: timeout{}}),
	"the certificate is wrong": transport(x509.UnknownAuthorityError{}),
	"the caller went away":     transport(context.Canceled),
}

type timeout struct{ error }

func (timeout) Timeout() bool { return true }

// transport is an error of an http.Client whose GET got no answer.
func transport(err error) error {
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://api.box.com/2.0/files/1", nil)
	return translate.HTTP.TransportError(req, &url.Error{Op: "Get", URL: req.URL.String(), Err: err})
}

// handlings are what handlers do with an error on its way out, and callers with
// what they get.
var handlings = map[string]func(error) error{
	"as it is":           func(err error) error { return err },
	"wrapped":            func(err error) error { return fmt.Errorf("wrap text: %w", err) },
	"wrapped twice":      func(err error) error { return fmt.Errorf("wrap text: %w", fmt.Errorf("wrap text: %w", err)) },
	"joined":             func(err error) error { return errors.Join(errors.New("wrap text"), err) },
	"joined and wrapped": func(err error) error { return fmt.Errorf("wrap text: %w", errors.Join(err, errors.New("wrap text"))) },
}

// What the handler knew of the upstream's error, its caller knows too. If this
// fails, callers act on other facts than the service saw.
func TestFromErrorAfterAHop(t *testing.T) {
	t.Parallel()
	for _, answers := range []map[string]error{boxAnswers, otherAnswers} {
		for name, returned := range answers {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				want := factsOf(t, returned)
				var err error // RPCs come one after the other
				conn := (&service{unary: func(context.Context) error { return err }}).dial(t)
				for handling, handle := range handlings {
					err = handle(returned)
					a := call(t.Context(), conn, readOnly)
					for reading, read := range handlings {
						if diff := cmp.Diff(want, factsOf(t, read(a.err)), protocmp.Transform()); diff != "" {
							t.Errorf("FromError of an error %s, read %s (-returned +received):\n%s", handling, reading, diff)
						}
					}
					checkNoWrapText(t, a.err)
				}
			})
		}
	}
}

// Wrap texts are written for logs and name URLs, files and tokens.
func checkNoWrapText(t *testing.T, err error) {
	t.Helper()
	if got := status.Convert(err).String(); strings.Contains(got, "wrap text") {
		t.Errorf("status = %s, want no wrap text in it", got)
	}
}

// Streams go another way through gRPC than unary RPCs; their callers must not know
// less.
func TestFromErrorAfterAStream(t *testing.T) {
	t.Parallel()
	for name, returned := range boxAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, failing(fmt.Errorf("wrap text: %w", returned)), listFolder)
			if diff := cmp.Diff(factsOf(t, returned), factsOf(t, a.err), protocmp.Transform()); diff != "" {
				t.Errorf("FromError (-returned +received):\n%s", diff)
			}
			checkNoWrapText(t, a.err)
		})
	}
}
