// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// "Was it sent?" decides whether a write may be repeated.
func TestTransportError(t *testing.T) {
	t.Parallel()
	urlError := func(err error) error {
		return &url.Error{Op: "Post", URL: "https://api.box.com/x?sig=SECRET", Err: err}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	cancel()
	tests := []struct {
		situation string
		ctx       context.Context
		method    string
		err       error
		want      want
	}{
		{"caller went away", ended, "GET", urlError(context.Canceled), want{codes.Canceled, "CANCELLED", never, -1, notApplied}},
		{"caller's deadline", late, "POST", urlError(context.DeadlineExceeded), want{codes.DeadlineExceeded, "DEADLINE_EXCEEDED", never, -1, unknown}},
		{"reset because the deadline passed", late, "GET", urlError(syscall.ECONNRESET), want{codes.DeadlineExceeded, "DEADLINE_EXCEEDED", never, -1, notApplied}},
		{"the client's own timeout", t.Context(), "GET", urlError(context.DeadlineExceeded), want{codes.Unavailable, "UPSTREAM_TIMEOUT", ifIdempotent, time.Second, notApplied}},
		{"the client's own timeout on a write", t.Context(), "POST", urlError(context.DeadlineExceeded), want{codes.Unavailable, "UPSTREAM_TIMEOUT", ifIdempotent, -1, unknown}},
		{"no such name", t.Context(), "POST", urlError(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), want{codes.Unavailable, "NAME_NOT_RESOLVED", always, time.Second, notApplied}},
		{"refused", t.Context(), "POST", urlError(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), want{codes.Unavailable, "CONNECTION_REFUSED", always, time.Second, notApplied}},
		{"no route", t.Context(), "POST", urlError(&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}), want{codes.Unavailable, "CONNECTION_REFUSED", always, time.Second, notApplied}},
		{"reset on a write", t.Context(), "POST", urlError(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), want{codes.Unavailable, "CONNECTION_LOST", ifIdempotent, -1, unknown}},
		{"reset on an idempotent write", t.Context(), "DELETE", urlError(io.EOF), want{codes.Unavailable, "CONNECTION_LOST", ifIdempotent, time.Second, unknown}},
		{"answer broke off", t.Context(), "GET", io.ErrUnexpectedEOF, want{codes.Unavailable, "CONNECTION_LOST", ifIdempotent, time.Second, notApplied}},
		{"unknown certificate", t.Context(), "POST", urlError(&tls.CertificateVerificationError{Err: errors.New("x")}), want{codes.Internal, "CERTIFICATE_REJECTED", never, -1, notApplied}},
		{"a page instead of JSON", t.Context(), "GET", &json.SyntaxError{}, want{codes.Internal, "ANSWER_UNREADABLE", never, -1, notApplied}},
		{"a write whose answer is of another kind", t.Context(), "POST", &json.UnmarshalTypeError{}, want{codes.Internal, "ANSWER_UNREADABLE", never, -1, applied}},
		{"token with a line break", t.Context(), "POST", urlError(errors.New(`net/http: invalid header field value for "Authorization"`)), want{codes.Internal, "REQUEST_NOT_SENT", never, -1, notApplied}},
		{"address that is none", t.Context(), "GET", &url.Error{Op: "parse", Err: errors.New("missing protocol scheme")}, want{codes.Internal, "REQUEST_NOT_SENT", never, -1, notApplied}},
		{"plain HTTP on a TLS port", t.Context(), "POST", urlError(tls.RecordHeaderError{Msg: "x"}), want{codes.Internal, "CERTIFICATE_REJECTED", never, -1, notApplied}},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(tt.ctx, tt.method, "https://api.box.com/x?sig=SECRET", nil)
			if err != nil {
				t.Fatal(err)
			}
			terr := translate.HTTP.TransportError(req, fmt.Errorf("do: %w", tt.err))
			e := mustError(t, terr)
			wait, ok := e.RetryDelay()
			if !ok {
				wait = -1
			}
			if got := (want{e.Code(), e.Reason(), e.RetryClass(), wait, e.Outcome()}); got != tt.want {
				t.Errorf("TransportError = %+v, want %+v", got, tt.want)
			}
			if e.Domain() != "boxgrpc" || !errors.Is(terr, tt.err) || strings.Contains(e.GRPCStatus().Proto().String(), "SECRET") {
				t.Errorf("domain %q, cause kept %v, status %v", e.Domain(), errors.Is(terr, tt.err), e.GRPCStatus())
			}
		})
	}
	if err := translate.HTTP.TransportError(nil, nil); err != nil {
		t.Errorf("TransportError(nil, nil) = %v", err)
	}
	if e := mustError(t, translate.HTTP.TransportError(nil, io.EOF)); e.Outcome() != unknown {
		t.Errorf("without a request the outcome is %v, want UNKNOWN", e.Outcome())
	}
	if e := mustError(t, translate.HTTP.TransportError(nil, context.DeadlineExceeded)); e.Code() != codes.DeadlineExceeded {
		t.Errorf("without a request a deadline is %v", e.Code())
	}
	theirs := status.Error(codes.InvalidArgument, "the stream that feeds the upload is wrong")
	if err := translate.HTTP.TransportError(nil, urlError(theirs)); status.Code(err) != codes.InvalidArgument || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("a status from below must stay what it is, and come without the address: %v", err)
	}
	put := &http.Request{Method: "PUT"}
	if _, ok := mustError(t, translate.Informatica.TransportError(put, io.EOF)).RetryDelay(); ok {
		t.Error("for Informatica a PUT is not idempotent: a lost connection must not run a process twice")
	}
	if _, ok := mustError(t, translate.Box.TransportError(put, io.EOF)).RetryDelay(); !ok {
		t.Error("for Box a PUT is idempotent")
	}
	known := answer(429, "POST")
	if err := translate.HTTP.TransportError(nil, urlError(known)); mustError(t, err) != known {
		t.Errorf("an Error from below must stay what it is, got %v", err)
	}
}

// The same with net/http's own errors, over real connections.
func TestTransportErrorOfRealClients(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			<-hang
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		}
	}))
	defer srv.Close()
	defer close(hang)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()

	tests := []struct {
		situation, url string
		timeout        time.Duration
		want           boxgrpcv1.Failure
	}{
		{"client timeout", srv.URL + "/hang", 50 * time.Millisecond, boxgrpcv1.Failure_FAILURE_UPSTREAM_TIMEOUT},
		{"reset", srv.URL + "/reset", 0, boxgrpcv1.Failure_FAILURE_CONNECTION_LOST},
		{"cut off", srv.URL + "/cut", 0, boxgrpcv1.Failure_FAILURE_CONNECTION_LOST},
		{"refused", closed.URL, 0, boxgrpcv1.Failure_FAILURE_CONNECTION_REFUSED},
		{"certificate", secure.URL, 0, boxgrpcv1.Failure_FAILURE_CERTIFICATE_REJECTED},
		{"TLS to a plain port", strings.Replace(srv.URL, "http:", "https:", 1), 0, boxgrpcv1.Failure_FAILURE_CERTIFICATE_REJECTED},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			client := &http.Client{Timeout: tt.timeout, Transport: &http.Transport{}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			if e := mustError(t, translate.HTTP.TransportError(req, err)); "FAILURE_"+e.Reason() != tt.want.String() {
				t.Errorf("TransportError(%v) = %s, want %v", err, e.Reason(), tt.want)
			}
		})
	}
}
