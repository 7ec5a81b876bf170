// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// These are the parameters of all storms. They, and the three models, were written down
// before the first of our own figures was known.
const (
	callers      = 64
	capacity     = 100.0 // requests a second, of every upstream
	latency      = 20 * time.Millisecond
	deadline     = 10 * time.Second
	duration     = 2 * time.Minute
	burst        = 20.0
	windowLength = 2 * time.Second
	windowQuota  = 200
	penalty      = 2 * time.Second
	blipBegin    = 20 * time.Second
	blipEnd      = 22 * time.Second
)

// A model is how an upstream limits requests.
type model string

const (
	// window is a quota for each 2 s; beyond it all is 429 until the next 2 s begin.
	window model = "window"
	// bucket is emptied by a burst; then everything is 429 for 2 s.
	bucket model = "penalty"
	// blip is the same bucket, wide enough; but all of seconds 20 to 22 is 429.
	blip model = "blip"
	// closed answers everything with 429 and a Retry-After of 2 s.
	closed model = "closed"
)

// wanted is how many requests a second the callers want together.
func (m model) wanted() float64 {
	if m == blip {
		return 80
	}
	return 200
}

// worth is how many of them can succeed in this time.
func (m model) worth(d time.Duration) float64 {
	if m == blip {
		return m.wanted() * (d - (blipEnd - blipBegin)).Seconds()
	}
	return capacity * d.Seconds()
}

// An upstream is what every stack sends its requests to.
type upstream struct {
	model model

	mu            sync.Mutex
	start, filled time.Time
	tokens        float64
	window        time.Duration // when the current one began
	used          int
	locked        time.Time
	sent          int
}

func newUpstream(m model) *upstream {
	now := time.Now()
	return &upstream{model: m, start: now, filled: now, locked: now, tokens: burst}
}

// RoundTrip decides half way, as a request takes time to get there.
func (u *upstream) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	wait := time.Duration(0)
	for _, step := range []func(){func() { wait = u.decide() }, func() {}} {
		select {
		case <-time.After(latency / 2):
			step()
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return answer(req, wait), nil
}

// A 429 has Box's shape. It names its wait in whole seconds, rounded up.
func answer(req *http.Request, wait time.Duration) *http.Response {
	code, header, body := http.StatusOK, http.Header{}, "{}"
	header.Set("Content-Type", "application/json")
	if wait > 0 {
		code = http.StatusTooManyRequests
		header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		body = `{"type":"error","status":429,"code":"rate_limit_exceeded","message":"Request rate limit exceeded","request_id":"r1"}`
	}
	return &http.Response{
		Status: http.StatusText(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// decide returns the wait of a 429, or 0 for a success.
func (u *upstream) decide() time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent++
	now := time.Now()
	at := now.Sub(u.start)
	switch {
	case u.model == closed:
		return 2 * time.Second
	case u.model == window:
		return u.count(at)
	case u.model == blip && at >= blipBegin && at < blipEnd:
		return blipEnd - at
	}
	return u.draw(now)
}

func (u *upstream) count(at time.Duration) time.Duration {
	if w := at.Truncate(windowLength); w != u.window {
		u.window, u.used = w, 0
	}
	if u.used == windowQuota {
		return u.window + windowLength - at
	}
	u.used++
	return 0
}

func (u *upstream) draw(now time.Time) time.Duration {
	u.tokens = min(burst, u.tokens+now.Sub(u.filled).Seconds()*capacity)
	u.filled = now
	switch {
	case now.Before(u.locked):
		return u.locked.Sub(now)
	case u.tokens < 1:
		u.locked = now.Add(penalty)
		return penalty
	}
	u.tokens--
	return 0
}
