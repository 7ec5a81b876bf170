// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Limiter says how many requests a principal may make: the Authorization and the
// As-User of a request. Window, Bucket and Penalty make one. It is a value and may
// be used for several limits; each counts by itself.
type Limiter struct {
	quota  int // of a window
	period time.Duration

	rate    float64 // of a bucket
	burst   int
	penalty time.Duration
}

// Window lets quota requests through in every period; one period follows the other
// from the call of Limit on. Retry-After is what is left of the period. It panics if
// an argument is not positive.
func Window(quota int, period time.Duration) Limiter {
	positive("Window", "quota", float64(quota))
	positive("Window", "period", float64(period))
	return Limiter{quota: quota, period: period}
}

// Bucket lets through what finds a token in a bucket, which holds burst tokens at
// first and at most, and gains rate a second. Retry-After is the time to the next
// token. It panics if an argument is not positive.
func Bucket(rate float64, burst int) Limiter {
	positive("Bucket", "rate", rate)
	positive("Bucket", "burst", float64(burst))
	return Limiter{rate: rate, burst: burst}
}

// Penalty is a Bucket that punishes: who finds it empty is refused for that long,
// while it fills. Retry-After is what is left of the penalty. It panics if an
// argument is not positive.
func Penalty(rate float64, burst int, penalty time.Duration) Limiter {
	positive("Penalty", "rate", rate)
	positive("Penalty", "burst", float64(burst))
	positive("Penalty", "penalty", float64(penalty))
	return Limiter{rate: rate, burst: burst, penalty: penalty}
}

func positive(limiter, name string, value float64) {
	if !(value > 0) { // nor is a NaN
		panic(fmt.Sprintf("boxtest: %s: %s %v is not positive", limiter, name, value))
	}
}

// Limit answers requests that match the pattern, one of http.ServeMux, and exceed the
// limit by 429 rate_limit_exceeded with Retry-After in whole seconds, rounded up. A
// request counts when its head has arrived, by time.Now, against each limit that
// matches, up to the first that refuses it. Not counted are requests without a
// token, and those whose fault answers without Apply.
//
// Limit panics if the pattern is malformed or the Limiter is zero.
func (s *Server) Limit(pattern string, l Limiter) {
	if l == (Limiter{}) {
		panic(fmt.Sprintf("boxtest: limit %q: the Limiter is zero", pattern))
	}
	added := &limit{newMatcher(pattern), l, time.Now(), map[string]*meter{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = append(s.limits, added)
}

// limit is one call of Limit.
type limit struct {
	matcher
	Limiter
	start  time.Time
	meters map[string]*meter // by principal
}

// meter is what one principal has used.
type meter struct {
	period time.Duration // the window's, as its distance from the start
	used   int

	tokens float64
	at     time.Time // when there were so many tokens
	until  time.Time // the end of the penalty
}

// overLimit returns the answer to a request that exceeds a limit.
func (s *Server) overLimit(r *http.Request) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, l := range s.limits {
		if !l.matches(r) {
			continue
		}
		if wait := l.refuse(principal(r), now); wait > 0 {
			return Error(http.StatusTooManyRequests, "rate_limit_exceeded", "these are more requests than you may make").
				With("Retry-After", strconv.Itoa(wholeSeconds(wait))).answer()
		}
	}
	return nil
}

// principal is who makes the request.
func principal(r *http.Request) string {
	return r.Header.Get("Authorization") + "\n" + r.Header.Get("As-User")
}

func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// refuse counts a request. It returns 0, or how long to wait.
func (l *limit) refuse(principal string, now time.Time) time.Duration {
	m := l.meters[principal]
	if m == nil {
		m = &meter{tokens: float64(l.burst), at: now}
		l.meters[principal] = m
	}
	if l.quota > 0 {
		return m.window(l.Limiter, now.Sub(l.start))
	}
	return m.bucket(l.Limiter, now)
}

func (m *meter) window(l Limiter, age time.Duration) time.Duration {
	if current := age.Truncate(l.period); current != m.period {
		m.period, m.used = current, 0
	}
	if m.used == l.quota {
		return m.period + l.period - age
	}
	m.used++
	return 0
}

func (m *meter) bucket(l Limiter, now time.Time) time.Duration {
	m.tokens = min(float64(l.burst), m.tokens+now.Sub(m.at).Seconds()*l.rate)
	m.at = now
	switch {
	case now.Before(m.until):
		return m.until.Sub(now)
	case m.tokens > 1-1e-9: // ten times a tenth of a token is a little less than one
		m.tokens--
		return 0
	case l.penalty > 0:
		m.until = now.Add(l.penalty)
		return l.penalty
	}
	return time.Duration(min(1e18, math.Ceil((1-m.tokens)/l.rate*float64(time.Second)))) // 1e18 ns are 31 years
}
