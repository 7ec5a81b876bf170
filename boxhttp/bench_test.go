// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/retry"
)

// ready is the answer of a transport that costs next to nothing.
var ready = hook(func(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
})

// BenchmarkSuccess is what each request costs more than without this package.
func BenchmarkSuccess(b *testing.B) {
	for _, bb := range []struct {
		name string
		base http.RoundTripper
	}{
		{"bare", ready},
		{"boxhttp", boxhttp.NewTransport(retry.New(), ready)},
		{"boxhttp without a timeout", boxhttp.NewTransport(retry.New(), ready, boxhttp.WithAttemptTimeout(0))},
	} {
		for _, body := range []string{"", "a body", strings.Repeat("x", 1<<20)} {
			b.Run(bb.name+"/"+size(body), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					req, _ := http.NewRequestWithContext(b.Context(), http.MethodPut, "http://box.test/folders/0", strings.NewReader(body))
					req.Header.Set("Authorization", "Bearer token")
					resp, err := bb.base.RoundTrip(req)
					if err != nil {
						b.Fatal(err)
					}
					_ = resp.Body.Close()
				}
			})
		}
	}
}

func size(body string) string {
	switch {
	case body == "":
		return "no body"
	case len(body) < 100:
		return "short"
	}
	return "1 MiB"
}

// BenchmarkLoopback is the same over TCP: where the network is real, the rest is small.
func BenchmarkLoopback(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "{}")
	}))
	defer srv.Close()
	for _, bb := range []struct {
		name string
		base http.RoundTripper
	}{{"bare", srv.Client().Transport}, {"boxhttp", boxhttp.NewTransport(retry.New(), srv.Client().Transport)}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			client := &http.Client{Transport: bb.base}
			for b.Loop() {
				req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, srv.URL, strings.NewReader(`{"name":"a"}`))
				resp, err := client.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
}
