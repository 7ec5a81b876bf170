// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A caller who goes away during the wait must not keep a goroutine, and the failure
// it leaves is told as such: a dashboard would count it as a retry that was made.
func TestCancelDuringTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start, e := time.Now(), throttled("5")
		d := retry.New(retry.WithObserver(j.observe)).Again(ctx, put, retry.Failure{Err: e, Attempt: 1, Safety: retry.Idempotent, Remaining: retry.NoDeadline})
		if d != (retry.Decision{Reason: retry.ReasonCanceled}) || time.Since(start) != time.Second {
			t.Errorf("Again = %+v after %v, want canceled after 1s", d, time.Since(start))
		}
		if len(j.events) != 2 || !j.events[0].Retry || j.events[1].Retry || j.events[1].Reason != retry.ReasonCanceled || !errors.Is(j.events[1].Err, e) {
			t.Errorf("told %+v, want a retry, then that it was canceled", j.events)
		}
	})
}

// A context that is done already gets no retry, not even one without a wait.
func TestNoRetryAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := retry.New(retry.WithoutBudget(), retry.WithBackoff(1, 1))
		for range 100 {
			f := retry.Failure{Err: throttled("0"), Attempt: 1, Safety: retry.Idempotent, Remaining: retry.NoDeadline}
			if d := c.Again(ctx, put, f); d.Retry {
				t.Fatalf("Again = %+v, want no retry", d)
			}
		}
	})
}

// Remaining is never negative: a negative one would read as "no deadline".
func TestRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := retry.Remaining(t.Context()); got != retry.NoDeadline {
			t.Errorf("without a deadline: %v, want NoDeadline", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := retry.Remaining(ctx); got != time.Second {
			t.Errorf("Remaining = %v, want 1s", got)
		}
		past, cancelPast := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
		defer cancelPast()
		if got := retry.Remaining(past); got != 0 {
			t.Errorf("after the deadline: %v, want 0", got)
		}
	})
}
