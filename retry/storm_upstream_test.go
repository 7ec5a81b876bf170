// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// An upstream limits requests in one of these ways:
//
//	window   a quota for each 2 s; beyond it 429, until the next 2 s begin
//	penalty  a bucket with a burst of a fifth; once it is empty all is 429 for 2 s
//	blip     the same bucket, wide enough; all is 429 from second 20 to 22
//	drop     penalty, and after 40 s the capacity falls to 0.4 of it
//	rise     penalty, and before 40 s the capacity is 0.4 of it
//	free     no limit
//	closed   all is 429, for 20 s
//
// It names its wait in whole seconds, rounded up.
type upstream struct {
	storm

	mu            sync.Mutex
	start, filled time.Time
	tokens        float64
	window        time.Duration // the number of the window, times its length
	used          int
	locked        time.Time
	sent          int
}

const windowLength = 2 * time.Second

func newUpstream(s storm) *upstream {
	now := time.Now()
	return &upstream{storm: s, start: now, filled: now, locked: now, tokens: s.capacity / 5}
}

// outage is the time for which nothing could have been had.
func (u *upstream) outage() time.Duration {
	if u.kind == "blip" {
		return 2 * time.Second
	}
	return 0
}

// call is one request. It returns the wait of a 429, or 0.
func (u *upstream) call(context.Context) time.Duration {
	time.Sleep(u.latency/2 + rand.N(u.jitter+1))
	wait := u.decide()
	time.Sleep(u.latency / 2)
	return (wait + time.Second - 1).Truncate(time.Second)
}

func (u *upstream) decide() time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent++
	now := time.Now()
	at := now.Sub(u.start)
	switch {
	case u.kind == "free":
		return 0
	case u.kind == "closed":
		return 20 * time.Second
	case u.kind == "window":
		return u.count(at)
	case u.kind == "blip" && at >= 20*time.Second && at < 22*time.Second:
		return 22*time.Second - at
	}
	return u.draw(now, at)
}

func (u *upstream) count(at time.Duration) time.Duration {
	if w := at.Truncate(windowLength); w != u.window {
		u.window, u.used = w, 0
	}
	if float64(u.used) >= u.capacity*windowLength.Seconds() {
		return u.window + windowLength - at
	}
	u.used++
	return 0
}

func (u *upstream) draw(now time.Time, at time.Duration) time.Duration {
	rate := u.capacity
	if u.kind == "drop" && at > 40*time.Second || u.kind == "rise" && at < 40*time.Second {
		rate *= 0.4
	}
	u.tokens = min(max(rate/5, 1), u.tokens+now.Sub(u.filled).Seconds()*rate)
	u.filled = now
	switch {
	case now.Before(u.locked):
		return u.locked.Sub(now)
	case u.tokens < 1:
		u.locked = now.Add(2 * time.Second)
		return 2 * time.Second
	}
	u.tokens--
	return 0
}
