// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// failing answers 429 so many times, then 200, and notes the bodies that came.
type failing struct {
	times  int
	bodies []string
}

func (f *failing) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	f.bodies = append(f.bodies, string(body))
	if err := req.Body.Close(); err != nil {
		return nil, err
	}
	status := http.StatusOK
	if len(f.bodies) <= f.times {
		status = http.StatusTooManyRequests
	}
	return response(req, status, strings.NewReader("answer")), nil
}

// A repeat with half a body, or none, would store half a file and report success.
func TestEachAttemptHasTheWholeBody(t *testing.T) {
	for _, size := range []int{1, 4 << 10, 4<<10 + 1, 1 << 20} {
		synctest.Test(t, func(t *testing.T) {
			want := strings.Repeat("x", size)
			base := &failing{times: 2}
			client := &http.Client{Transport: boxhttp.NewTransport(retry.New(), base)}
			got := do(t.Context(), t, client, "POST", "http://box.test/things", strings.NewReader(want))
			if got.status != 200 || !slices.Equal(base.bodies, []string{want, want, want}) {
				t.Errorf("%d bytes: got %d after %d attempts", size, got.status, len(base.bodies))
			}
		})
	}
}

// counted is a body that tells how often it was closed.
type counted struct {
	io.Reader

	closed atomic.Int32
}

func (c *counted) Close() error {
	c.closed.Add(1)
	return nil
}

// A body that cannot be had again goes once, whatever the answer is: what was read of
// it is gone. And it is closed, also where nothing is sent at all; else the caller's
// file or pipe stays open for ever.
func TestBodyThatCannotBeHadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(429, "rate_limit_exceeded", "Retry-After", "20"))
		send := func() (answer, *counted) {
			body := &counted{Reader: strings.NewReader("once")}
			return r.do(t.Context(), t, "PUT", "/things", body), body
		}
		got, body := send()
		if got.status != 429 || body.closed.Load() == 0 {
			t.Errorf("got %+v, closed %d times", got, body.closed.Load())
		}
		r.checkRequests(t, 1)
		got, body = send() // at a gate that is closed
		if got.err == nil || body.closed.Load() == 0 {
			t.Errorf("got %+v, closed %d times", got, body.closed.Load())
		}
		r.checkRequests(t, 1)
	})
}

// All bodies that GetBody hands out are closed, too.
func TestFreshBodiesAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(429, "rate_limit_exceeded"), reply(429, "rate_limit_exceeded"))
		var bodies []*counted
		fresh := func() (io.ReadCloser, error) {
			bodies = append(bodies, &counted{Reader: strings.NewReader("again")})
			return bodies[len(bodies)-1], nil
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.box.URL+"/things", nil)
		req.Body, _ = fresh()
		req.GetBody = fresh
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		synctest.Wait()
		for i, b := range bodies {
			if b.closed.Load() == 0 {
				t.Errorf("body %d of %d was not closed", i+1, len(bodies))
			}
		}
		if len(bodies) != 3 {
			t.Errorf("got %d bodies, want 3", len(bodies))
		}
	})
}

// Where the body cannot be had again after all, the last answer is the result: it says
// more than that some file is gone.
func TestGetBodyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(429, "rate_limit_exceeded"))
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.box.URL+"/things", newFolder("a"))
		req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("the file is gone") }
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if resp.StatusCode != 429 || !bytes.Contains(body, []byte("rate_limit_exceeded")) || err != nil {
			t.Errorf("got %d, %q, error %v", resp.StatusCode, body, err)
		}
		r.checkRequests(t, 1)
	})
}

type contextKey struct{}

// A RoundTripper must not change the request (net/http): its owner may send it again, or
// read it meanwhile.
func TestRequestIsNotChanged(t *testing.T) {
	refresh := boxhttp.WithRefresh(func(req *http.Request) error {
		req.Header.Set("Authorization", "Bearer fresh")
		return nil
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, []boxhttp.Option{refresh})
		r.box.Script("/things", reply(401, "unauthorized"), reply(429, "rate_limit_exceeded"))
		ctx := context.WithValue(t.Context(), contextKey{}, "kept")
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, r.box.URL+"/things", newFolder("a"))
		req.Header.Set("Authorization", "Bearer stale")
		body, header, address := req.Body, maps.Clone(req.Header), req.URL.String()
		resp, err := boxhttp.NewTransport(r.ctl, r.box.Client().Transport, refresh).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		r.checkRequests(t, 3)
		if diff := cmp.Diff(header, req.Header); diff != "" || req.Body != body || req.URL.String() != address || req.Context() != ctx {
			t.Errorf("the request is another one: %s", diff)
		}
	})
}

// An upload of any length goes through as it comes: a service that holds it whole dies
// of the third one.
func TestUploadStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		content, sink := io.Pipe()
		arrived := make(chan int64, 1)
		base := hook(func(req *http.Request) (*http.Response, error) {
			n, _ := io.CopyN(io.Discard, req.Body, 1<<20) // before the rest is written
			arrived <- n
			_, err := io.Copy(io.Discard, req.Body)
			return response(req, 200, strings.NewReader("ok")), err
		})
		client := &http.Client{Transport: boxhttp.NewTransport(r.ctl, base)}
		go func() {
			_, _ = sink.Write(make([]byte, 1<<20))
			<-arrived
			_ = sink.Close()
		}()
		if got := do(t.Context(), t, client, "POST", r.box.URL+"/files/content", content); got.body != "ok" {
			t.Errorf("got %+v", got)
		}
	})
}

// A download reaches its reader as it comes.
func TestDownloadStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		content, sink := io.Pipe()
		base := hook(func(req *http.Request) (*http.Response, error) { return response(req, 200, content), nil })
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.box.URL+"/files/1/content", nil)
		resp, err := boxhttp.NewTransport(r.ctl, base).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		go func() { _, _ = sink.Write([]byte("dig")) }()
		got := make([]byte, 3)
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != "dig" {
			t.Errorf("got %q and %v while more is to come", got, err)
		}
		_ = sink.Close()
	})
}

// An answer that came early leaves an upload half-way: the repeat sends all of it.
func TestRepeatAfterAnEarlyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.ScriptFunc("POST /things", func(req boxtest.Request) boxtest.Fault {
			if r.box.Count("POST /things") == 1 {
				return boxtest.Fault{ResetUnread: true}
			}
			return boxtest.Fault{Status: 200, Body: "done"}
		})
		content := strings.Repeat("x", 1<<20)
		got := r.do(t.Context(), t, "POST", "/things", strings.NewReader(content), "If-Match", "1")
		requests := r.box.Requests()
		if got.body != "done" || len(requests) != 2 || requests[1].BodyLen != len(content) {
			t.Errorf("got %+v after %+v", got, requests)
		}
	})
}
