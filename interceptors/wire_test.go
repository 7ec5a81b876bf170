// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc/test/bufconn"
)

// A wireAnswer is an RPC's answer as HTTP/2 has it, seen without any gRPC library:
// what every client in every language gets.
type wireAnswer struct {
	header, trailer http.Header
	body            []byte
}

// onWire sends an empty request.
func onWire(t *testing.T, lis *bufconn.Listener, method string) wireAnswer {
	t.Helper()
	transport := &http.Transport{
		Protocols:   new(http.Protocols),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return lis.DialContext(ctx) },
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://bufconn"+method, strings.NewReader("\x00\x00\x00\x00\x00"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("TE", "trailers")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return wireAnswer{resp.Header, resp.Trailer, body}
}

// trailersOnly tells whether the answer is one HEADERS frame with the status in it:
// the only form that clients retry.
func (a wireAnswer) trailersOnly() bool {
	return a.header.Get("Grpc-Status") != "" && len(a.trailer) == 0 && len(a.body) == 0
}

// everything is every byte of the answer, as it is and decoded.
func (a wireAnswer) everything() string {
	var b strings.Builder
	for _, fields := range []http.Header{a.header, a.trailer} {
		for name, values := range fields {
			for _, v := range values {
				fmt.Fprintf(&b, "%s: %s\n", name, v)
				if text, err := url.PathUnescape(v); err == nil {
					fmt.Fprintln(&b, text)
				}
				if raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(v, "=")); err == nil {
					fmt.Fprintf(&b, "%s\n", raw)
				}
			}
		}
	}
	b.Write(a.body)
	return b.String()
}

// A failed RPC whose answer has a frame of headers in front is never retried by
// grpc-go, Java or C++: users would lose every retry of a handler that sets a
// header.
func TestFailedRPCsAreTrailersOnlyOnTheWire(t *testing.T) {
	t.Parallel()
	for _, method := range []string{readOnly, idempotent, undeclared, listFolder, uploadFile} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			got := onWire(t, headerThenFail(box(http.MethodGet, 503, "unavailable")).serve(t), method)
			if !got.trailersOnly() {
				t.Errorf("%s = header %v, trailer %v, want one frame", method, got.header, got.trailer)
			}
			if h := got.header.Values("X-Held"); len(h) != 1 {
				t.Errorf("%s: x-held = %q, want it in the only frame", method, h)
			}
			if n := len(got.header.Values(pushbackKey)); n != 1 {
				t.Errorf("%s: %d pushbacks, want 1", method, n)
			}
		})
	}
}
