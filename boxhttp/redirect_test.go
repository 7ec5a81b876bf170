// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Box sends downloads to other hosts. A transport above that signs every request must
// not give them the user's token: whoever reads it there can act as the user.
func TestRedirect(t *testing.T) {
	secret := http.Header{
		"Authorization": {"Bearer token"}, "As-User": {"7"}, "BoxApi": {"shared_link=x"}, "Cookie": {"z=1"},
		"Range": {"bytes=0-"},
	}
	tests := []struct {
		name, from, to string
		kept           bool
	}{
		{"same host", "http://box.test/a", "http://box.test/b", true},
		{"same host, relative", "http://box.test/a", "/b", true},
		{"same host, other case", "http://box.test/a", "http://BOX.test/b", true},
		{"same port, said", "http://box.test/a", "http://box.test:80/b", true},
		{"other host", "http://box.test/a", "http://dl.test/b", false},
		{"host below", "http://box.test/a", "http://dl.box.test/b", false},
		{"other port", "http://box.test/a", "http://box.test:8080/b", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				client := &http.Client{Transport: signer{secret, boxhttp.NewTransport(r.ctl, r.box.Client().Transport)}}
				r.box.Script("/a", boxtest.Fault{Status: 302}.With("Location", tt.to))
				r.box.Script("/b", boxtest.Fault{Status: 200, Body: "content"})
				if got := do(t.Context(), t, client, "GET", tt.from, nil); got.body != "content" {
					t.Fatalf("got %+v", got)
				}
				checkSecrets(t, r.box.Requests()[0].Header, true)
				checkSecrets(t, r.box.Requests()[1].Header, tt.kept)
			})
		})
	}
}

func checkSecrets(t *testing.T, h http.Header, kept bool) {
	t.Helper()
	for _, key := range []string{"Authorization", "As-User", "Boxapi", "Cookie"} {
		if got := h.Get(key) != ""; got != kept {
			t.Errorf("%s arrived: %t, want %t", key, got, kept)
		}
	}
	if h.Get("Range") == "" {
		t.Error("the Range is gone")
	}
}

// A host that got no token must not get it by one more redirect to itself, nor after a
// failure that is repeated.
func TestRedirectChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/a", boxtest.Fault{Status: 302}.With("Location", "http://dl.test/b"))
		r.box.Script("/b", boxtest.Fault{Status: 302}.With("Location", "http://dl.test/c"))
		r.box.Script("/c", boxtest.Fault{Status: 503}, boxtest.Fault{Status: 200, Body: "content"})
		if got := do(t.Context(), t, r.client, "GET", "http://box.test/a", nil); got.body != "content" {
			t.Fatalf("got %+v", got)
		}
		r.checkRequests(t, 4)
		for _, req := range r.box.Requests()[1:] {
			if token := req.Header.Get("Authorization"); token != "" {
				t.Errorf("%s got %q", req.Path, token)
			}
		}
	})
}

// The scheme counts, whatever the port. And the request is its caller's: it stays.
func TestRedirectToAnotherScheme(t *testing.T) {
	first, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://box.test:8443/a", nil)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://box.test:8443/b", nil)
	req.Response = &http.Response{Request: first}
	req.Header.Set("Authorization", "Bearer token")
	base := hook(func(req *http.Request) (*http.Response, error) {
		if token := req.Header.Get("Authorization"); token != "" {
			t.Errorf("sent %q in the clear", token)
		}
		return response(req, 200, strings.NewReader("")), nil
	})
	resp, err := boxhttp.NewTransport(retry.New(), base).RoundTrip(req)
	if err != nil || req.Header.Get("Authorization") != "Bearer token" {
		t.Fatalf("got error %v and header %v", err, req.Header)
	}
	_ = resp.Body.Close()
}

// A 401 from elsewhere must not make us send a new token there.
func TestNoRefreshElsewhere(t *testing.T) {
	var f refresher
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		transport := boxhttp.NewTransport(r.ctl, r.box.Client().Transport, boxhttp.WithRefresh(f.refresh))
		client := &http.Client{Transport: signer{bearer("token"), transport}}
		r.box.Script("/a", boxtest.Fault{Status: 302}.With("Location", "http://dl.test/b"))
		r.box.Script("/b", boxtest.Fault{Status: 401})
		if got := do(t.Context(), t, client, "GET", "http://box.test/a", nil); got.status != 401 || f.asked != 0 {
			t.Errorf("got %+v, asked %d times", got, f.asked)
		}
	})
}

// A write that Box redirects to a page is judged by what it was: a POST that became a GET
// would be a POST again.
func TestRedirectedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/a", boxtest.Fault{Status: 307}.With("Location", "/b"))
		r.box.Script("/b", boxtest.Fault{Status: 503})
		got := r.do(t.Context(), t, "POST", "/a", strings.NewReader("body"))
		if got.status != 503 || r.box.Requests()[1].BodyLen != 4 {
			t.Errorf("got %+v", got)
		}
		r.checkRequests(t, 2)
	})
}

// Each of Box's limits has its own gate. A download that counted as an upload would be
// held back by uploads, and an upload that did not would go on at a closed gate.
func TestBoxGroup(t *testing.T) {
	tests := []struct{ method, url, want string }{
		{"GET", "https://api.box.com/2.0/files/1", ""},
		{"POST", "https://api.box.com/2.0/folders", ""},
		{"GET", "https://api.box.com/2.0/search?query=a", "search"},
		{"POST", "https://upload.box.com/api/2.0/files/content", "upload"},
		{"POST", "https://upload.box.com/api/2.0/files/7/content", "upload"},
		{"OPTIONS", "https://api.box.com/2.0/files/content", ""},
		{"GET", "https://api.box.com/2.0/files/7/content", ""},
		{"POST", "https://upload.box.com/api/2.0/files/upload_sessions", "upload"},
		{"PUT", "https://upload.box.com/api/2.0/files/upload_sessions/9", "upload"},
		{"POST", "https://upload.box.com/api/2.0/files/upload_sessions/9/commit", "upload"},
		{"POST", "https://api.box.com/2.0/sign_requests", "sign"},
		{"GET", "https://api.box.com/2.0/sign_requests/5", "sign"},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := boxhttp.BoxGroup(req); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.method, tt.url, got, tt.want)
		}
	}
}

// A 429 for searches holds back searches and nothing else.
func TestGroupsHaveGatesOfTheirOwn(t *testing.T) {
	for _, opts := range [][]boxhttp.Option{nil, {boxhttp.WithGroup(func(*http.Request) string { return "one for all" })}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, opts)
			r.box.Script("GET /search", reply(429, "rate_limit_exceeded", "Retry-After", "60"))
			r.do(t.Context(), t, "GET", "/search?query=a", nil)
			if got := r.do(t.Context(), t, "GET", "/search?query=a", nil); got.err == nil {
				t.Errorf("a search: got %+v", got)
			}
			if got := r.do(t.Context(), t, "GET", "/folders/0", nil); (got.err == nil) != (opts == nil) {
				t.Errorf("a read: got %+v", got)
			}
		})
	}
}

// What Box publishes is told to the gate under the names that requests have.
func TestBoxLimits(t *testing.T) {
	groups := map[string]bool{}
	for _, l := range boxhttp.BoxLimits() {
		groups[l.Group] = true
	}
	retry.NewGate(boxhttp.BoxLimits()...) // panics on nonsense
	for _, u := range []string{"http://b/folders", "http://b/search", "http://b/sign_requests", "http://b/files/content"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, u, nil)
		if group := boxhttp.BoxGroup(req); !groups[group] {
			t.Errorf("%s: the group %q has no limit", u, group)
		}
	}
	if len(groups) != 4 {
		t.Errorf("got %v", groups)
	}
}
