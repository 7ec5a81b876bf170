// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// failed is a failure that may be repeated.
func failed(err error) retry.Failure {
	return retry.Failure{Err: err, Attempt: 1, Safety: retry.Idempotent, Remaining: retry.NoDeadline}
}

// checkBudget fails the test unless exactly want failures of op are still followed by
// a retry. It uses them up.
func checkBudget(t *testing.T, c *retry.Controller, op retry.Operation, want int) {
	t.Helper()
	got := 0
	for ; got <= want; got++ {
		d := c.Again(t.Context(), op, failed(busyRead()))
		if !d.Retry {
			if d != (retry.Decision{Reason: retry.ReasonBudget}) {
				t.Errorf("Again = %+v, want no retry, budget", d)
			}
			break
		}
	}
	if got != want {
		t.Errorf("%d retries, then the budget ended them; want %d", got, want)
	}
}

// The arithmetic of gRFC A6: a failure takes one token, a success gives the ratio
// back, and a retry needs more than half. It is what every gRPC library does, so
// what an engineer has learned there holds here.
func TestTheBudgetIsThatOfA6(t *testing.T) {
	situations := []struct {
		name                string
		tokens              int
		ratio               float64
		failures, successes int // before
		want                int
	}{
		{"full", 10, 0.1, 0, 0, 4},
		{"one token", 1, 0.1, 0, 0, 0},
		{"two tokens", 2, 0.1, 0, 0, 0},
		{"three tokens", 3, 0.1, 0, 0, 1},
		{"an odd number", 11, 0.1, 0, 0, 5},
		{"the most", 1000, 0.1, 0, 0, 499},
		{"three failures", 10, 0.1, 3, 0, 1},
		{"half gone", 10, 0.1, 5, 0, 0},
		{"half gone, then 6.0 tokens", 10, 0.1, 5, 10, 0},
		{"half gone, then 6.1 tokens", 10, 0.1, 5, 11, 1},
		{"all gone, and no less than all", 10, 0.1, 500, 0, 0},
		{"all gone, then 6.0 tokens", 10, 0.1, 500, 60, 0},
		{"all gone, then 6.1 tokens", 10, 0.1, 500, 61, 1},
		{"full, and no more than full", 10, 0.1, 3, 5000, 4},
		{"never used, and no more than full", 10, 0.1, 0, 5000, 4},
		{"a success gives it all back", 10, 1000, 500, 1, 4},
		{"the smallest part", 10, 0.001, 5, 1000, 0},
		{"the smallest part, once more", 10, 0.001, 5, 1001, 1},
		{"less than the smallest part counts as it", 10, 1e-9, 5, 1001, 1},
		{"three decimals are exact", 10, 1.001, 5, 1, 1},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := retry.New(retry.WithBudget(tt.tokens, tt.ratio), retry.WithBackoff(1, 1))
				for range tt.failures {
					c.Again(t.Context(), read, failed(busyRead()))
				}
				for range tt.successes {
					c.Succeeded(read)
				}
				checkBudget(t, c, read, tt.want)
			})
		})
	}
}

// What takes a token. A failure that nobody would repeat says nothing about the
// upstream's health, one that was counted below must not count twice, and after a 429
// the upstream is well: one user over its limit would end the retries of all others.
func TestWhatTheBudgetCounts(t *testing.T) {
	cooldown := translate.Cooldown(time.Second)
	received := func(err error, pushback ...string) retry.Failure {
		f := failed(err)
		f.Received, f.Pushback = true, retry.PushbackOf(pushback)
		return f
	}
	with := func(err error, change func(*retry.Failure)) retry.Failure {
		f := failed(err)
		change(&f)
		return f
	}
	situations := []struct {
		name    string
		f       retry.Failure
		charged bool
	}{
		{"503", failed(busyRead()), true},
		{"409, somebody else is at work", failed(blocked()), false},
		{"connection refused", failed(refused()), true},
		{"429", failed(throttled("0")), false},
		{"429 of the last attempt", with(throttled("0"), func(f *retry.Failure) { f.Attempt = 3 }), false},
		{"the gate is closed", failed(cooldown), false},
		{"no space left", failed(box("POST", 507, "storage_limit_exceeded", "")), false},
		{"not found", failed(notFound()), false},
		{"a bug", failed(errors.New("bug")), false},
		{"unsafe", with(busyWrite(), func(f *retry.Failure) { f.Safety = retry.Unknown }), false},
		{"the layer below has counted it", with(busyRead(), func(f *retry.Failure) { f.Spent = true }), false},
		{"the last attempt", with(busyRead(), func(f *retry.Failure) { f.Attempt = 3 }), true},
		{"longer than the longest wait", failed(box("GET", 503, "unavailable", "60")), true},
		{"no time left", with(busyRead(), func(f *retry.Failure) { f.Remaining = 0 }), true},
		{"something was delivered", with(busyRead(), func(f *retry.Failure) { f.Hold = retry.ReasonCommitted }), true},
		{"another layer retries, and counts", with(busyRead(), func(f *retry.Failure) { f.Hold = retry.ReasonNotOwner }), false},
		{"received UNAVAILABLE", received(status.Error(codes.Unavailable, "no")), true},
		{"received UNAVAILABLE, pushed back", received(status.Error(codes.Unavailable, "no"), "0"), true},
		{"received UNAVAILABLE, told to stop: A6 counts it", received(status.Error(codes.Unavailable, "no"), "-1"), true},
		{"received RESOURCE_EXHAUSTED, pushed back", received(status.Error(codes.ResourceExhausted, "no"), "0"), false},
		{"received RESOURCE_EXHAUSTED, told to stop", received(status.Error(codes.ResourceExhausted, "no"), "-1"), false},
		{"received NOT_FOUND", received(status.Error(codes.NotFound, "no")), false},
		{"received UNAVAILABLE of a write", with(status.Error(codes.Unavailable, "no"), func(f *retry.Failure) { f.Received, f.Safety = true, retry.Unknown }), false},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := retry.New(retry.WithBudget(10, 0.001))
				for range 4 {
					c.Again(t.Context(), read, tt.f)
				}
				want := 4
				if tt.charged {
					want = 0
				}
				checkBudget(t, c, read, want)
			})
		})
	}
}

// A 429 gives nothing back either: it is no sign that the other failures are over,
// and with an empty budget it is still the gate that bounds it.
func TestThrottlingLeavesTheBudgetAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := retry.New()
		checkBudget(t, c, read, 4)
		for range 100 {
			if d := c.Again(t.Context(), read, failed(throttled("0"))); !d.Retry {
				t.Fatalf("429 with an empty budget: %+v, want a retry", d)
			}
		}
		checkBudget(t, c, read, 0)
	})
}
