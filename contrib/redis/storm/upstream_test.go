// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// The parameters, of all variants. They were written down before the first figures were
// known, and are those of bench/storm, which has one process and virtual time.
const (
	replicas     = 8
	callers      = 8     // of each replica
	wanted       = 200.0 // requests a second, of all callers together
	capacity     = 100.0 // that the upstream allows
	latency      = 20 * time.Millisecond
	deadline     = 10 * time.Second
	windowLength = 2 * time.Second
	windowQuota  = 200
	burst        = 20.0
	penalty      = 2 * time.Second
)

// An upstream has a quota for each 2 s; beyond it all is 429 until the next 2 s begin. One
// that penalizes has a bucket, which is emptied by a burst; then everything is 429 for 2 s.
type upstream struct {
	penalized bool
	start     time.Time

	mu     sync.Mutex
	window time.Duration // when the current one began
	used   int
	sent   int
	tokens float64
	filled time.Time
	locked time.Time
}

// ServeHTTP decides half way, as a request takes time to get there. A 429 names its wait in
// whole seconds, rounded up.
func (u *upstream) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	wait(latency / 2)
	left := u.decide()
	wait(latency / 2)
	w.Header().Set("Content-Type", "application/json")
	if left <= 0 {
		_, _ = w.Write([]byte("{}"))
		return
	}
	w.Header().Set("Retry-After", strconv.Itoa(int((left+time.Second-1)/time.Second)))
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(`{"type":"error","status":429,"code":"rate_limit_exceeded","message":"Request rate limit exceeded","request_id":"r1"}`))
}

// decide returns the wait of a 429, or 0 for a success.
func (u *upstream) decide() time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent++
	if u.penalized {
		return u.draw(time.Now())
	}
	at := time.Since(u.start)
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

func (u *upstream) requests() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sent
}

func wait(d time.Duration) { <-time.After(d) }
