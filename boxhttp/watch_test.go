// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// An answer of a failure that comes slowly, but comes, is whole: the request id that
// Box's support asks for stands at its end.
func TestSlowErrorBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", boxtest.Fault{Status: 500, Body: "12345", Pause: 20 * time.Second, ChunkLen: 1})
		got := r.do(t.Context(), t, "POST", "/things", nil)
		if got.status != 500 || got.body != "12345" || got.err != nil || got.took != 100*time.Second {
			t.Errorf("got %+v", got)
		}
	})
}

// piecewise reads a body as a slow network takes it.
func piecewise(body io.Reader, pause time.Duration) (n int64) {
	for {
		m, err := io.CopyN(io.Discard, body, 100_000)
		if n += m; err != nil {
			return n
		}
		<-time.After(pause)
	}
}

// net/http sends a request again by itself where its connection turns out to be dead, with
// a body of its own: that one may be slow, too.
func TestSlowBodyOfAnotherConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := hook(func(req *http.Request) (*http.Response, error) {
			_ = req.Body.Close()
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			if n := piecewise(body, 20*time.Second); n != 1_000_000 || req.Context().Err() != nil {
				t.Errorf("got %d bytes and %v", n, req.Context().Err())
			}
			return response(req, 200, strings.NewReader("done")), body.Close()
		})
		client := &http.Client{Transport: boxhttp.NewTransport(retry.New(), base)}
		got := do(t.Context(), t, client, "PUT", "http://box.test", strings.NewReader(strings.Repeat("x", 1_000_000)))
		if got.body != "done" || got.took < time.Minute {
			t.Errorf("got %+v", got)
		}
	})
}

// What GetBody says is wrong reaches the transport below as it is.
func TestGetBodyFailsBelow(t *testing.T) {
	want := errors.New("the file is gone")
	base := hook(func(req *http.Request) (*http.Response, error) {
		body, err := req.GetBody()
		if body != nil {
			t.Error("got a body and an error")
		}
		return nil, err
	})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://box.test", strings.NewReader(strings.Repeat("x", 5000)))
	req.GetBody = func() (io.ReadCloser, error) { return nil, want }
	if _, err := boxhttp.NewTransport(retry.New(), base).RoundTrip(req); !errors.Is(err, want) { //nolint:bodyclose // there is none
		t.Errorf("got %v", err)
	}
}

// net/http knows a short body by its type and sends it together with the headers: one
// packet. Where nobody watches, no body is wrapped at all.
func TestShortBodyIsLeftAlone(t *testing.T) {
	tests := []struct {
		size  int
		opts  []boxhttp.Option
		alone bool
	}{
		{1, nil, true},
		{4 << 10, nil, true},
		{4<<10 + 1, nil, false},
		{1 << 20, []boxhttp.Option{boxhttp.WithAttemptTimeout(0)}, true},
	}
	for _, tt := range tests {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://box.test", strings.NewReader(strings.Repeat("x", tt.size)))
		alone := false
		base := hook(func(sent *http.Request) (*http.Response, error) {
			alone = sent.Body == req.Body
			return response(sent, 200, strings.NewReader("")), nil
		})
		if _, err := boxhttp.NewTransport(retry.New(), base, tt.opts...).RoundTrip(req); err != nil || alone != tt.alone { //nolint:bodyclose // it is in memory
			t.Errorf("%d bytes: left alone %t, want %t (error %v)", tt.size, alone, tt.alone, err)
		}
	}
}

// stuck is a body that never comes, of a transport that says no more than that its
// context is done.
type stuck struct{ context.Context }

func (s stuck) Read([]byte) (int, error) {
	<-s.Done()
	return 0, s.Err()
}

// A transport other than net/http's reports a stall as a cancellation. The caller would
// learn that it went away itself, and its failure would not be counted as the upstream's.
func TestStallIsNoCancellation(t *testing.T) {
	for name, base := range map[string]hook{
		"before the answer": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
		"in it": func(req *http.Request) (*http.Response, error) {
			return response(req, 500, stuck{req.Context()}), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &http.Client{Transport: boxhttp.NewTransport(retry.New(), base)}
				got := do(t.Context(), t, client, "POST", "http://box.test", nil)
				if reason := reasonOf(t, "POST", got.err); reason != "UPSTREAM_TIMEOUT" || got.took != 30*time.Second {
					t.Errorf("got %s, %v after %v", reason, got.err, got.took)
				}
			})
		})
	}
}

// closing is a body that notes that it was closed.
type closing struct {
	io.Reader

	closed *int
}

func (c closing) Close() error {
	*c.closed++
	return nil
}

// Every attempt gives back what it held: its answer, if nobody gets it, and its context.
// What is left each time in a storm of failures ends a service that runs for weeks.
func TestAttemptsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed, n := 0, 0
		var contexts []context.Context
		base := hook(func(req *http.Request) (*http.Response, error) {
			contexts = append(contexts, req.Context())
			if n++; n == 2 {
				return nil, io.ErrUnexpectedEOF
			}
			resp := response(req, 503, nil)
			resp.Body = closing{strings.NewReader("busy"), &closed}
			return resp, nil
		})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://box.test", nil)
		resp, err := boxhttp.NewTransport(retry.New(), base).RoundTrip(req)
		if err != nil || n != 3 || closed != 1 {
			t.Fatalf("got error %v, %d attempts, %d answers closed, want 3 and 1", err, n, closed)
		}
		if contexts[0].Err() == nil || contexts[1].Err() == nil || contexts[2].Err() != nil {
			t.Errorf("got contexts %v, %v, %v", contexts[0].Err(), contexts[1].Err(), contexts[2].Err())
		}
		if _ = resp.Body.Close(); closed != 2 || contexts[2].Err() == nil {
			t.Errorf("the last answer was closed %d times, its context %v", closed-1, contexts[2].Err())
		}
	})
}
