// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// reasonOf is the reason of a network error, as a service translates it.
func reasonOf(t *testing.T, method string, err error) string {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), method, "http://box.test", nil)
	e, ok := translate.FromError(translate.Box.TransportError(req, err))
	if !ok {
		return ""
	}
	return e.Reason()
}

// An upstream that says nothing must not hold a handler until its caller gives up. A read
// is tried again, a write is not: nobody knows what became of it.
func TestUpstreamHangs(t *testing.T) {
	for method, want := range map[string]int{"GET": 3, "DELETE": 3, "POST": 1} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				hang := boxtest.Fault{Hang: true}
				r.box.Script("/things", hang, hang, hang)
				got := r.do(t.Context(), t, method, "/things", nil)
				r.checkRequests(t, want)
				var timeout net.Error
				if !errors.As(got.err, &timeout) || !timeout.Timeout() || reasonOf(t, method, got.err) != "UPSTREAM_TIMEOUT" {
					t.Errorf("got %v", got.err)
				}
				if least := time.Duration(want) * 30 * time.Second; got.took < least || got.took > least+3*time.Second {
					t.Errorf("took %v, want %v and the waits", got.took, least)
				}
			})
		})
	}
}

// A read that hangs once succeeds.
func TestUpstreamHangsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, []boxhttp.Option{boxhttp.WithAttemptTimeout(time.Second)})
		r.box.Script("/things", boxtest.Fault{Hang: true}, boxtest.Fault{Status: 200, Body: "done"})
		if got := r.do(t.Context(), t, "GET", "/things", nil); got.body != "done" || got.took < time.Second {
			t.Errorf("got %+v", got)
		}
	})
}

// 0 means no limit: who waits for a slow report gets it.
func TestNoAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, []boxhttp.Option{boxhttp.WithAttemptTimeout(0)})
		r.box.Script("/things", boxtest.Fault{Status: 200, Body: "done", Delay: time.Hour})
		if got := r.do(t.Context(), t, "POST", "/things", strings.NewReader(strings.Repeat("x", 1<<20))); got.body != "done" || got.took != time.Hour {
			t.Errorf("got %+v", got)
		}
		r.checkRequests(t, 1)
	})
}

// slow is a body that takes a while for each piece.
type slow struct {
	pieces int
	pause  time.Duration
}

func (s *slow) Read(p []byte) (int, error) {
	if s.pieces == 0 {
		return 0, io.EOF
	}
	<-time.After(s.pause)
	s.pieces--
	return copy(p, strings.Repeat("x", 1000)), nil
}

// An upload that moves is never cut off, however long it takes, and a caller who pauses
// is not the upstream's failure.
func TestSlowUpload(t *testing.T) {
	for _, pause := range []time.Duration{20 * time.Second, 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, nil)
			r.box.Script("/things", boxtest.Fault{Status: 200, Body: "done"})
			got := r.do(t.Context(), t, "POST", "/things", &slow{10, pause})
			if got.body != "done" || got.took < 10*pause || r.box.Requests()[0].BodyLen != 10_000 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// An upstream that stops taking the body, in the midst of it, is a timeout all the same.
func TestUploadIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := hook(func(req *http.Request) (*http.Response, error) {
			defer req.Body.Close()
			_, _ = io.CopyN(io.Discard, req.Body, 100_000)
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		client := &http.Client{Transport: boxhttp.NewTransport(retry.New(), base)}
		got := do(t.Context(), t, client, "POST", "http://box.test", strings.NewReader(strings.Repeat("x", 1<<20)))
		if reasonOf(t, "POST", got.err) != "UPSTREAM_TIMEOUT" || got.took != 30*time.Second {
			t.Errorf("got %v after %v", got.err, got.took)
		}
	})
}

// A download may take hours once its headers are there.
func TestSlowDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		id := r.box.AddFile("0", "film.mp4", []byte(strings.Repeat("x", 100)))
		r.box.Script("GET /files/{id}/content", boxtest.Fault{Pause: time.Minute, ChunkLen: 10})
		got := r.do(t.Context(), t, "GET", "/files/"+id+"/content", nil)
		if got.err != nil || len(got.body) != 100 || got.took != 10*time.Minute {
			t.Errorf("got %d bytes, error %v after %v", len(got.body), got.err, got.took)
		}
		r.checkRequests(t, 1)
	})
}

// A body that explains a failure, and does not end: the status counts, and the caller
// gets what came and then a timeout. It must not look as if the caller had gone.
func TestErrorBodyHangs(t *testing.T) {
	for _, size := range []int{10, 100 << 10} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, nil)
			f := boxtest.Fault{Status: 500, Body: strings.Repeat("x", size), Pause: time.Hour, ChunkLen: 1}
			r.box.Script("/things", f, f, f)
			got := r.do(t.Context(), t, "POST", "/things", nil)
			if got.status != 500 || reasonOf(t, "POST", got.err) != "UPSTREAM_TIMEOUT" || got.took > 31*time.Second {
				t.Errorf("got %d, error %v, after %v", got.status, got.err, got.took)
			}
			r.checkRequests(t, 1)
		})
	}
}

// An error page that trickles without end costs a connection, not the attempt after it.
func TestLongErrorBodyHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		f := boxtest.Fault{Status: 503, Body: strings.Repeat("x", 100<<10), Pause: 10 * time.Second, ChunkLen: 70 << 10}
		r.box.Script("/things", f, boxtest.Fault{Status: 200, Body: "done"})
		got := r.do(t.Context(), t, "GET", "/things", nil)
		if got.body != "done" || got.took > 11*time.Second {
			t.Errorf("got %+v", got)
		}
	})
}

// The caller's own deadline and cancellation are not the upstream's timeout.
func TestCallerGivesUp(t *testing.T) {
	tests := []struct {
		name   string
		fault  boxtest.Fault
		status int // 0: an error
	}{
		{"under way", boxtest.Fault{Hang: true}, 0},
		{"while it waits", reply(503, "unavailable", "Retry-After", "8"), 503},
		{"while it waits at the gate", reply(429, "rate_limit_exceeded", "Retry-After", "8"), 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				r.box.Script("/things", tt.fault)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(3*time.Second, cancel)
				got := r.do(ctx, t, "GET", "/things", nil)
				if got.took != 3*time.Second || got.status != tt.status {
					t.Errorf("got %+v", got)
				}
				if tt.status == 0 && !errors.Is(got.err, context.Canceled) {
					t.Errorf("got %v", got.err)
				}
				r.checkRequests(t, 1)
			})
		})
	}
}

// Before its deadline a wait that ends after it is not begun: the caller gets the real
// answer while it can still use it.
func TestDeadlineBeforeTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(503, "unavailable", "Retry-After", "8"))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if got := r.do(ctx, t, "GET", "/things", nil); got.status != 503 || got.took != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

// The answer belongs to its reader: it can be read long after RoundTrip returned, and its
// Close frees all that the attempt held. A bubble with a goroutine left would not end.
func TestAnswerLivesUntilClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		var ctx context.Context
		base := hook(func(req *http.Request) (*http.Response, error) {
			ctx = req.Context()
			return response(req, 200, strings.NewReader("done")), nil
		})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.box.URL, nil)
		resp, err := boxhttp.NewTransport(r.ctl, base).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		if body, err := io.ReadAll(resp.Body); string(body) != "done" || err != nil || ctx.Err() != nil {
			t.Errorf("got %q, error %v, context %v", body, err, ctx.Err())
		}
		if _ = resp.Body.Close(); ctx.Err() == nil {
			t.Error("the attempt's context outlives its answer")
		}
		if resp.Request.Context().Err() != nil {
			t.Error("the answer's request has the context of the attempt")
		}
	})
}
