// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A caller that is told to wait past its deadline loses the real error; one that is
// told to stop with time enough loses its retry. The wait includes the jitter.
func TestAdviseLooksAtTheDeadline(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name      string
		hint      string
		remaining time.Duration
		want      string
	}{
		{"no deadline", "10", retry.NoDeadline, "wait"},
		{"long enough for any jitter", "10", 11*time.Second + 2*ms, "wait"},
		{"no time for the try itself", "10", 10 * time.Second, "-1"},
		{"shorter than the wait", "10", 9999 * ms, "-1"},
		{"over already", "10", 0, "-1"},
		{"over already, no wait", "0", 0, "-1"},
		{"no wait, some time", "0", 2 * ms, "wait"},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := throttled(tt.hint)
			delay, _ := e.RetryDelay()
			for range 100 { // for the jitter
				checkAdvice(t, advise(e, retry.ReadOnly, tt.remaining), told{true, delay, tt.want})
			}
		})
	}
}

// The wait that the jitter made too long for the deadline must not be told, although
// the hint alone would have fitted.
func TestAdviseNeverPassesTheDeadline(t *testing.T) {
	t.Parallel()
	const remaining = 10500 * ms
	waits, stops := 0, 0
	for range 1000 {
		a := advise(throttled("10"), retry.ReadOnly, remaining)
		if a.Pushback.Stop() {
			stops++
			continue
		}
		if wait, ok := a.Pushback.Wait(); !ok || wait >= remaining {
			t.Fatalf("Pushback = %q, want less than %v", a.Pushback, remaining)
		}
		waits++
	}
	if waits == 0 || stops == 0 {
		t.Errorf("%d waits, %d stops, want some of both", waits, stops)
	}
}

// Jitter goes upward only: less than the hint is what the upstream has forbidden.
// And it is there: callers that come back in the same moment are turned away again.
func TestAdviseJittersUpward(t *testing.T) {
	t.Parallel()
	for _, hint := range []string{"1", "10", "86400", "0.001", "1.1", "1900000"} {
		t.Run(hint, func(t *testing.T) {
			t.Parallel()
			e := throttled(hint)
			delay, _ := e.RetryDelay()
			low, high := time.Duration(math.MaxInt64), time.Duration(0)
			for range 2000 {
				a := advise(e, retry.ReadOnly, retry.NoDeadline)
				checkAdvice(t, a, again(delay))
				wait, _ := a.Pushback.Wait()
				low, high = min(low, wait), max(high, wait)
			}
			// 2000 draws of one distribution: the chance to miss the outer
			// tenths is 0.9^2000.
			if high < delay+delay*9/100 || low > delay+delay/100+ms {
				t.Errorf("Pushback from %v to %v, want it spread over a tenth", low, high)
			}
		})
	}
}

// The trailer is an int32. A wait that does not fit must end the retries: cut down
// or wrapped around it would send callers back early.
func TestAdviseNeverClamps(t *testing.T) {
	t.Parallel()
	for hint, want := range map[string]string{
		"1952257":              "wait", // a tenth more still fits
		"2147484":              "-1",
		"4294968":              "-1", // 704 ms in int32
		"31536000":             "-1",
		"99999999999999999999": "-1",
	} {
		t.Run(hint, func(t *testing.T) {
			t.Parallel()
			e := throttled(hint)
			delay, _ := e.RetryDelay()
			for range 100 {
				checkAdvice(t, advise(e, retry.ReadOnly, retry.NoDeadline), told{true, delay, want})
			}
		})
	}
}

// One controller serves all interceptors of a service at once.
func TestOneControllerForAll(t *testing.T) {
	t.Parallel()
	c, e := retry.New(), throttled("7")
	f := retry.Failure{Err: fmt.Errorf("handler: %w", e), Attempt: 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				checkAdvice(t, c.Advise(f, c.Decide(f)), again(7*time.Second))
			}
		})
	}
	wg.Wait()
}
