// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A network error comes out as net/http's own, so that code which looks for a refused
// connection or a timeout goes on to find it; and it still translates.
func TestNetworkErrors(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		method string
		reason string
		want   int
	}{
		{"refused", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "POST", "CONNECTION_REFUSED", 3},
		{"no such host", &net.DNSError{Err: "no such host", Name: "box.test"}, "POST", "NAME_NOT_RESOLVED", 3},
		{"reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, "GET", "CONNECTION_LOST", 3},
		{"reset, a write", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, "POST", "CONNECTION_LOST", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				base := hook(func(*http.Request) (*http.Response, error) {
					n++
					return nil, tt.err
				})
				client := &http.Client{Transport: boxhttp.NewTransport(retry.New(), base)}
				got := do(t.Context(), t, client, tt.method, "http://box.test", nil)
				var outer *url.Error
				if !errors.Is(got.err, tt.err) || !errors.As(got.err, &outer) || outer.Err != tt.err { //nolint:errorlint // the very same
					t.Errorf("got %#v", got.err)
				}
				if reason := reasonOf(t, tt.method, got.err); reason != tt.reason || n != tt.want {
					t.Errorf("got %s after %d attempts, want %s after %d", reason, n, tt.reason, tt.want)
				}
			})
		})
	}
}

// A port where nobody listens: the whole way through net/http.
func TestNobodyListens(t *testing.T) {
	box := boxtest.NewServer()
	box.Close()
	ctl := retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
	got := do(t.Context(), t, &http.Client{Transport: boxhttp.NewTransport(ctl, box.Client().Transport)}, "POST", box.URL, nil)
	if !errors.Is(got.err, syscall.ECONNREFUSED) || reasonOf(t, "POST", got.err) != "CONNECTION_REFUSED" {
		t.Errorf("got %v", got.err)
	}
}

// A failure that passes does not show, whatever came first.
func TestRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", boxtest.Fault{Reset: true}, reply(503, "unavailable"), boxtest.Fault{Status: 200, Body: "done"})
		if got := r.do(t.Context(), t, "GET", "/things", nil); got.body != "done" {
			t.Errorf("got %+v", got)
		}
	})
}

// The last attempt counts: an error after an answer is an error, an answer after an error
// is an answer.
func TestLastAttemptCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, retry.New(retry.WithoutBudget()), nil)
		reset, busy := boxtest.Fault{Reset: true}, reply(503, "unavailable")
		r.box.Script("/things", busy, busy, reset, reset, reset, busy)
		if got := r.do(t.Context(), t, "DELETE", "/things", nil); got.err == nil || reasonOf(t, "GET", got.err) != "CONNECTION_LOST" {
			t.Errorf("got %+v", got)
		}
		if got := r.do(t.Context(), t, "DELETE", "/things", nil); got.err != nil || got.status != 503 {
			t.Errorf("got %+v", got)
		}
	})
}

// While the gate is closed for too long nothing is sent, and the caller learns for how
// long: a request that is sent all the same would prolong Box's penalty.
func TestCooldown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(429, "rate_limit_exceeded", "Retry-After", "60"))
		if got := r.do(t.Context(), t, "GET", "/things", nil); got.status != 429 || got.took != 0 {
			t.Errorf("the first one: got %+v", got)
		}
		<-time.After(10 * time.Second)
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.box.URL+"/things", nil)
		_, err := r.client.Do(req) //nolint:bodyclose // there is none
		var outer *url.Error
		e, ok := translate.FromError(translate.Box.TransportError(req, err))
		if !errors.As(err, &outer) || !ok || e.Code() != codes.ResourceExhausted || e.Reason() != "COOLDOWN" {
			t.Fatalf("got %v", err)
		}
		if wait, ok := e.RetryDelay(); !ok || wait < 50*time.Second || wait > 51*time.Second {
			t.Errorf("got a wait of %v, want the 50 s that are left", wait)
		}
		r.checkRequests(t, 1)
	})
}

// A closed gate tells a retry that cannot wait: what the upstream said stays, whole.
func TestGateClosesBeforeARepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(503, "unavailable", "Retry-After", "5"))
		r.box.Script("/others", reply(429, "rate_limit_exceeded", "Retry-After", "60"))
		var other sync.WaitGroup
		other.Go(func() {
			<-time.After(time.Second)
			r.do(t.Context(), t, "GET", "/others", nil)
		})
		got := r.do(t.Context(), t, "GET", "/things", nil)
		if got.status != 503 || !strings.Contains(got.body, "unavailable") || got.err != nil {
			t.Errorf("got %+v", got)
		}
		other.Wait()
		r.checkRequests(t, 2)
	})
}

// Attempts that were answered leave their connection to the next: a storm of errors that
// costs a connection each runs a service out of ports.
func TestConnectionIsUsedAgain(t *testing.T) {
	for _, size := range []int{0, 100, 64 << 10, 200 << 10} {
		var opened atomic.Int32
		left := int32(2)
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if atomic.AddInt32(&left, -1) >= 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = w.Write(make([]byte, size))
			}
		}))
		srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				opened.Add(1)
			}
		}
		srv.Start()
		ctl := retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
		reused := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if info.Reused {
				reused++
			}
		}})
		got := do(ctx, t, &http.Client{Transport: boxhttp.NewTransport(ctl, srv.Client().Transport)}, "GET", srv.URL, nil)
		if got.status != 200 || opened.Load() != 1 || reused != 2 {
			t.Errorf("%d bytes: got %d, %d connections, used again %d times", size, got.status, opened.Load(), reused)
		}
		srv.Close()
	}
}

// HTTP/2, as Box speaks it: a failure is repeated, with the body, on one connection.
func TestHTTP2(t *testing.T) {
	var bodies []string
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body strings.Builder
		_ = r.Write(&body)
		bodies = append(bodies, r.Proto+" "+body.String()[max(0, body.Len()-4):])
		if len(bodies) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	ctl := retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
	got := do(t.Context(), t, &http.Client{Transport: boxhttp.NewTransport(ctl, srv.Client().Transport)}, "PUT", srv.URL, strings.NewReader("dig!"))
	if got.status != 200 || len(bodies) != 3 || bodies[0] != "HTTP/2.0 dig!" || bodies[2] != bodies[0] {
		t.Errorf("got %d after %q", got.status, bodies)
	}
}

// A client that is done closes what it has open, through this transport, too.
func TestCloseIdleConnections(t *testing.T) {
	closed := false
	client := &http.Client{Transport: boxhttp.NewTransport(retry.New(), idle{&closed})}
	client.CloseIdleConnections()
	if !closed {
		t.Error("the connections stay open")
	}
	(&http.Client{Transport: boxhttp.NewTransport(retry.New(), hook(nil))}).CloseIdleConnections() // nothing to close
}

type idle struct{ closed *bool }

func (idle) RoundTrip(*http.Request) (*http.Response, error) { return nil, context.Canceled }
func (i idle) CloseIdleConnections()                         { *i.closed = true }

// One transport serves all handlers at once.
func TestConcurrentUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, retry.New(retry.WithoutBudget()), nil)
		r.box.ScriptFunc("/things/{id}", func(req boxtest.Request) boxtest.Fault {
			if r.box.Count("/things/"+req.Path[len("/things/"):]) == 1 {
				return reply(503, "unavailable")
			}
			return boxtest.Fault{Status: 200, Body: req.Path}
		})
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				path := "/things/" + string(rune('A'+i))
				got := r.do(t.Context(), t, "PUT", path, strings.NewReader(strings.Repeat("x", 10_000)))
				if got.status != 200 || got.err != nil {
					t.Errorf("got %+v", got)
				}
			})
		}
		all.Wait()
		r.checkRequests(t, 100)
	})
}
