// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// The token is taken before the wait. Taken after it, all who fail in the first
// seconds of an outage would be let through together.
func TestTheBudgetIsChargedBeforeTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := retry.New()
		slow := failed(box("GET", 503, "unavailable", "9"))
		for range 4 {
			go c.Again(t.Context(), read, slow)
		}
		synctest.Wait() // all four wait now
		start := time.Now()
		if d := c.Again(t.Context(), read, slow); d.Retry || time.Since(start) != 0 {
			t.Errorf("the fifth: %+v after %v, want no retry, at once", d, time.Since(start))
		}
	})
}

// Uploads that fail must not end the retries of everything else, and the other way
// round: the upstream keeps these limits apart.
func TestEachGroupHasItsOwnBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := retry.New()
		upload, search := read, read
		upload.Group, search.Group = "upload", "search"
		checkBudget(t, c, upload, 4)
		checkBudget(t, c, search, 4)
		for range 11 {
			c.Succeeded(upload)
		}
		checkBudget(t, c, search, 0)
		checkBudget(t, c, read, 4)
		checkBudget(t, c, upload, 1)
	})
}

// Who bounds the load elsewhere can do without.
func TestWithoutBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := retry.New(retry.WithoutBudget())
		for range 1000 {
			if d := c.Again(t.Context(), read, failed(busyRead())); !d.Retry {
				t.Fatalf("Again = %+v, want a retry", d)
			}
		}
		c.Succeeded(read)
	})
}

// An empty budget costs the retry and never the error: its code, reason and details
// are what the engineer on call has.
func TestAnEmptyBudgetKeepsTheRealError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ungated()
		checkBudget(t, c, read, 4)
		e, start := busyRead(), time.Now()
		s := always(e)
		if _, err := retry.Do(t.Context(), c, read, s.run, nil); !very(err, e) || time.Since(start) != 0 {
			t.Errorf("error = %v after %v, want the very error at once", err, time.Since(start))
		}
		s.checkCalls(t, 1)
	})
}

// Do refills the budget by its successes; else it only ever shrinks, and the service
// stops retrying for good some days after its start.
func TestDoRefillsTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ungated()
		checkBudget(t, c, read, 4)
		for range 11 {
			_, _ = retry.Do(t.Context(), c, read, (&script{}).run, nil)
		}
		checkBudget(t, c, read, 1)
	})
}

// One failure takes one token, however many layers see it. Where a Do inside a Do
// charged again, an outage would use up the budget twice as fast as the dashboard
// explains.
func TestANestedFailureIsChargedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ungated(retry.WithBudget(20, 0.001), retry.WithMaxAttempts(2)) // 9 retries
		inner := always(busyRead())
		for range 2 {
			_, _ = retry.Do(t.Context(), c, read, nested(c, read, inner.run), nil)
		}
		inner.checkCalls(t, 4)
		checkBudget(t, c, read, 5)
	})
}

// Many goroutines at once get exactly as many retries as one alone: a budget that
// loses a count under load is none when it is needed.
func TestTheBudgetIsExactUnderLoad(t *testing.T) {
	c := retry.New(retry.WithBudget(1000, 1), retry.WithBackoff(1, 1))
	last := failed(busyRead())
	last.Attempt = 3 // it counts, and nobody waits
	for range 400 {
		c.Again(t.Context(), read, last)
	}
	together(8, func() {
		for range 5000 {
			c.Again(t.Context(), read, last)
			c.Succeeded(read)
		}
	})
	checkBudget(t, c, read, 99)
}

// The first failures of a group come together, and still share one budget.
func TestAGroupIsMadeOnce(t *testing.T) {
	t.Parallel()
	c := retry.New(retry.WithBackoff(1, 1))
	last := failed(busyRead())
	last.Attempt = 3
	for i := range 500 {
		op := retry.Operation{Group: fmt.Sprint(i), Safety: retry.ReadOnly}
		together(4, func() { c.Again(t.Context(), op, last) })
		checkBudget(t, c, op, 0)
	}
}

// together calls f from n goroutines in the same moment.
func together(n int, f func()) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wg.Go(func() { <-start; f() })
	}
	close(start)
	wg.Wait()
}
