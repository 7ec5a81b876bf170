// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// signer puts a token into every request, as the transport of golang.org/x/oauth2 does:
// also into those that a redirect sends elsewhere.
type signer struct {
	header http.Header
	next   http.RoundTripper
}

func (s signer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	maps.Copy(req.Header, s.header)
	return s.next.RoundTrip(req)
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// A rig is a fake Box and a client of it, in memory.
type rig struct {
	box    *boxtest.Server
	ctl    *retry.Controller
	client *http.Client
	start  time.Time
}

// newRig makes a rig, in the bubble of the test. Without a controller it gets a new one.
func newRig(t *testing.T, ctl *retry.Controller, opts []boxhttp.Option) *rig {
	t.Helper()
	box := boxtest.NewInMemory()
	t.Cleanup(box.Close)
	t.Cleanup(box.Client().CloseIdleConnections)
	if ctl == nil {
		ctl = retry.New()
	}
	return &rig{
		box: box, ctl: ctl, start: time.Now(),
		client: &http.Client{Transport: signer{bearer("token"), boxhttp.NewTransport(ctl, box.Client().Transport, opts...)}},
	}
}

// answer is what a caller got, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of the request, or of reading the body
	took   time.Duration
}

// do sends a request. A nil body is none.
func (r *rig) do(ctx context.Context, t *testing.T, method, path string, body io.Reader, header ...string) answer {
	t.Helper()
	return do(ctx, t, r.client, method, r.box.URL+path, body, header...)
}

func do(ctx context.Context, t *testing.T, client *http.Client, method, url string, body io.Reader, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	begun := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return answer{err: err, took: time.Since(begun)}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(data), err, time.Since(begun)}
}

// times are when requests arrived.
func (r *rig) times() []time.Duration {
	var all []time.Duration
	for _, req := range r.box.Requests() {
		all = append(all, req.Time.Sub(r.start))
	}
	return all
}

// checkRequests fails the test unless Box got so many requests.
func (r *rig) checkRequests(t *testing.T, want int) {
	t.Helper()
	if got := r.times(); len(got) != want {
		t.Errorf("Box got %d requests, at %v; want %d", len(got), got, want)
	}
}

// newFolder is the body of POST /folders.
func newFolder(name string) *strings.Reader {
	return strings.NewReader(`{"name":"` + name + `","parent":{"id":"0"}}`)
}

// hook is a transport made of a function.
type hook func(*http.Request) (*http.Response, error)

func (h hook) RoundTrip(req *http.Request) (*http.Response, error) { return h(req) }

// response is an answer of a hook.
func response(req *http.Request, status int, body io.Reader, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, Header: h, Body: io.NopCloser(body), ContentLength: -1, Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// A journal collects what observers are told.
type journal struct {
	mu     sync.Mutex
	events []retry.Event
}

func (j *journal) observe(_ context.Context, e retry.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

func (j *journal) has(reason retry.Reason) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.events {
		if e.Reason == reason {
			return true
		}
	}
	return false
}
