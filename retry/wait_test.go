// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

const ms = time.Millisecond

// The waits that follow each failure, before the random part is drawn. Too short
// makes the upstream angrier, and without a random part all callers come back in the
// same moment.
func TestWaits(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name          string
		err           *translate.Error
		attempt       int
		delay, jitter time.Duration
	}{
		{"no hint", busyRead(), 1, 0, 500 * ms},
		{"no hint, second attempt", busyRead(), 2, 0, time.Second},
		{"no hint, third attempt", busyRead(), 3, 0, 2 * time.Second},
		{"no hint, fourth attempt", busyRead(), 4, 0, 4 * time.Second},
		{"no hint, fifth attempt", busyRead(), 5, 0, 8 * time.Second},
		{"no hint, sixth attempt", busyRead(), 6, 0, 8 * time.Second},
		{"no hint, 99th attempt", busyRead(), 99, 0, 8 * time.Second},
		{"nobody counted", busyRead(), 0, 0, 500 * ms},
		{"somebody miscounted", busyRead(), -7, 0, 500 * ms},
		{"429 without a hint", throttled(""), 1, 0, 500 * ms},
		{"a hint: a tenth more", throttled("9"), 1, 9 * time.Second, 900 * ms},
		{"a hint of 0: up to the backoff", throttled("0"), 1, 0, 500 * ms},
		{"a hint of 0, third attempt", throttled("0"), 3, 0, 2 * time.Second},
		{"a hint shorter than the backoff: up to it", throttled("0.2"), 1, 200 * ms, 300 * ms},
		{"a hint shorter than the backoff by little", throttled("0.49"), 1, 490 * ms, 49 * ms},
		{"somebody else is at work: 1s at least", blocked(), 1, time.Second, 500 * ms},
		{"somebody else is at work, third attempt", blocked(), 3, time.Second, 2 * time.Second},
		{"somebody else is at work, with a hint", box("POST", 409, "operation_blocked_temporary", "3"), 1, 3 * time.Second, 300 * ms},
		{"the gate is closed", translate.Cooldown(4 * time.Second), 1, 4 * time.Second, 400 * ms},
		{"hint and max wait are equal", throttled("10"), 1, 10 * time.Second, time.Second},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := retry.New(retry.WithMaxAttempts(100)).Decide(retry.Failure{
				Err: tt.err, Attempt: tt.attempt, Safety: retry.Idempotent, Remaining: retry.NoDeadline,
			})
			if !d.Retry || d.Delay != tt.delay || d.Jitter != tt.jitter {
				t.Errorf("Decide = %+v, want a wait of %v and up to %v more", d, tt.delay, tt.jitter)
			}
		})
	}
}

// The backoff that a service asks for is the one it gets, also where doubling passes
// its limit in the middle.
func TestBackoffDoublesUpToItsLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		base, longest time.Duration
		want          []time.Duration
	}{
		{3, 8, []time.Duration{3, 6, 8, 8}},
		{5, 8, []time.Duration{5, 8, 8}},
		{7, 7, []time.Duration{7, 7}},
		{1, 9, []time.Duration{1, 2, 4, 8, 9, 9}},
		{1 << 61, math.MaxInt64, []time.Duration{1 << 61, 1 << 62, math.MaxInt64, math.MaxInt64}},
	} {
		c := retry.New(retry.WithBackoff(tt.base, tt.longest), retry.WithMaxAttempts(100))
		for i, want := range tt.want {
			d := c.Decide(retry.Failure{Err: busyRead(), Attempt: i + 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline})
			if d.Jitter != want {
				t.Errorf("WithBackoff(%d, %d), attempt %d: up to %d, want %d", tt.base, tt.longest, i+1, d.Jitter, want)
			}
		}
	}
}

// A wait that cannot end in a try is not begun: the caller has the real error at
// once, instead of DEADLINE_EXCEEDED after all of its time.
func TestNoWaitBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name      string
		err       *translate.Error
		remaining time.Duration
		jitter    time.Duration // negative: no wait
	}{
		{"time enough", throttled("5"), time.Minute, 500 * ms},
		{"no deadline", throttled("5"), retry.NoDeadline, 500 * ms},
		{"the jitter must end before it", throttled("5"), 5100 * ms, 100*ms - 1},
		{"the last moment", throttled("5"), 5*time.Second + 1, 0},
		{"the wait ends with the deadline", throttled("5"), 5 * time.Second, -1},
		{"the wait ends after the deadline", throttled("5"), 4 * time.Second, -1},
		{"over already", throttled("0"), 0, -1},
		{"over already, no hint", busyRead(), 0, -1},
		{"a backoff must end before it", busyRead(), 100 * ms, 100*ms - 1},
		{"contention takes 1s", blocked(), time.Second, -1},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := retry.New().Decide(retry.Failure{Err: tt.err, Attempt: 1, Safety: retry.Idempotent, Remaining: tt.remaining})
			if tt.jitter < 0 {
				if d != (retry.Decision{Reason: retry.ReasonDeadline}) {
					t.Errorf("Decide = %+v, want no retry, deadline", d)
				}
			} else if !d.Retry || d.Jitter != tt.jitter {
				t.Errorf("Decide = %+v, want a retry with up to %v more", d, tt.jitter)
			}
		})
	}
}

// Ten thousand real waits: never shorter than what the upstream named, never up to
// the deadline, and spread over all that is allowed. The upstream forbids to come
// back early, and bans those who do.
func TestWaitsAreNeverShortNorLate(t *testing.T) {
	for _, tt := range []struct {
		name                 string
		err                  *translate.Error
		remaining            time.Duration
		shortest, before     time.Duration
		someBelow, someAbove time.Duration
	}{
		{"a hint", throttled("5"), retry.NoDeadline, 5 * time.Second, 5500*ms + 1, 5010 * ms, 5490 * ms},
		{"a hint of 0", throttled("0"), retry.NoDeadline, 0, 500*ms + 1, 10 * ms, 490 * ms},
		{"no hint", busyRead(), retry.NoDeadline, 0, 500*ms + 1, 10 * ms, 490 * ms},
		{"contention", blocked(), retry.NoDeadline, time.Second, 1500*ms + 1, 1010 * ms, 1490 * ms},
		{"a deadline in the jitter", throttled("5"), 5002 * ms, 5 * time.Second, 5002 * ms, 5001 * ms, 5001 * ms},
		{"a deadline of nanoseconds", throttled("5"), 5*time.Second + 2, 5 * time.Second, 5*time.Second + 2, 5*time.Second + 1, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := retry.New(retry.WithoutBudget())
				f := retry.Failure{Err: tt.err, Attempt: 1, Safety: retry.Idempotent, Remaining: tt.remaining}
				low, high := time.Duration(math.MaxInt64), time.Duration(0)
				for range 10_000 {
					start := time.Now()
					d := c.Again(t.Context(), put, f)
					waited := time.Since(start)
					if !d.Retry || d.Delay != waited || d.Jitter != 0 {
						t.Fatalf("Again = %+v after %v, want the wait that it made", d, waited)
					}
					low, high = min(low, waited), max(high, waited)
				}
				if low < tt.shortest || high >= tt.before {
					t.Errorf("waits from %v to %v, want %v to less than %v", low, high, tt.shortest, tt.before)
				}
				if low >= tt.someBelow || high <= tt.someAbove {
					t.Errorf("waits from %v to %v, want some below %v and some above %v", low, high, tt.someBelow, tt.someAbove)
				}
			})
		})
	}
}

// Who sets no limits must get long waits, and neither a panic nor, because a sum
// wraps around, no wait at all.
func TestHugeWaitsDoNotWrapAround(t *testing.T) {
	for name, tt := range map[string]struct {
		opts []retry.Option
		f    retry.Failure
	}{
		"an endless hint": {
			[]retry.Option{retry.WithMaxWait(math.MaxInt64)},
			retry.Failure{Err: stranger(codes.ResourceExhausted, math.MaxInt64), Received: true},
		},
		"an endless backoff": {
			[]retry.Option{retry.WithBackoff(time.Hour, math.MaxInt64), retry.WithMaxAttempts(100)},
			retry.Failure{Err: busyRead(), Attempt: 99},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				tt.f.Safety, tt.f.Remaining = retry.ReadOnly, retry.NoDeadline
				for range 20 {
					if d := retry.New(tt.opts...).Again(ctx, read, tt.f); d.Retry {
						t.Fatalf("Again = %+v at once, want a wait that outlasts any deadline", d)
					}
				}
			})
		})
	}
}
