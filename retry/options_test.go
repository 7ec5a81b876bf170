// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A setting that makes no sense must stop the service when it starts, with the name
// of the option. Taken silently it shows at night: no retries at all, or no end.
func TestNonsenseIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name, option string
		make         func()
	}{
		{"no attempt", "WithMaxAttempts", func() { retry.WithMaxAttempts(0) }},
		{"fewer than none", "WithMaxAttempts", func() { retry.WithMaxAttempts(-1) }},
		{"attempts without end", "WithMaxAttempts", func() { retry.WithMaxAttempts(101) }},
		{"no backoff", "WithBackoff", func() { retry.WithBackoff(0, time.Second) }},
		{"a negative backoff", "WithBackoff", func() { retry.WithBackoff(-1, time.Second) }},
		{"a backoff that shrinks", "WithBackoff", func() { retry.WithBackoff(2, 1) }},
		{"a negative wait", "WithMaxWait", func() { retry.WithMaxWait(-1) }},
		{"no tokens", "WithBudget", func() { retry.WithBudget(0, 0.1) }},
		{"too many tokens", "WithBudget", func() { retry.WithBudget(1001, 0.1) }},
		{"no ratio", "WithBudget", func() { retry.WithBudget(10, 0) }},
		{"a negative ratio", "WithBudget", func() { retry.WithBudget(10, -0.1) }},
		{"too large a ratio", "WithBudget", func() { retry.WithBudget(10, 1000.5) }},
		{"an infinite ratio", "WithBudget", func() { retry.WithBudget(10, math.Inf(1)) }},
		{"no number", "WithBudget", func() { retry.WithBudget(10, math.NaN()) }},
		{"no salt", "WithSalt", func() { retry.WithSalt(nil) }},
		{"a short salt", "WithSalt", func() { retry.WithSalt(make([]byte, 15)) }},
		{"no observer", "WithObserver", func() { retry.WithObserver(nil) }},
		{"no logger", "LogTo", func() { retry.LogTo(nil) }},
		{"no option", "option 0 is nil", func() { retry.New(nil) }},
		{"nothing to do", "Do", func() { _, _ = retry.Do[int](context.Background(), retry.New(), read, nil, nil) }},
		{"nobody to decide", "Do", func() { _, _ = retry.Do(context.Background(), nil, read, always(nil).run, nil) }},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				text, _ := recover().(string)
				if !strings.HasPrefix(text, "retry: "+tt.option) {
					t.Errorf("panic = %q, want one that begins with %q", text, "retry: "+tt.option)
				}
			}()
			tt.make()
		})
	}
}

// The least and the greatest values are allowed: who wants them must not have to
// work around a check that is off by one.
func TestTheLimitsThemselvesAreAllowed(t *testing.T) {
	t.Parallel()
	retry.New(
		retry.WithMaxAttempts(100), retry.WithMaxAttempts(1),
		retry.WithBackoff(1, 1), retry.WithBackoff(time.Nanosecond, math.MaxInt64),
		retry.WithMaxWait(0), retry.WithMaxWait(math.MaxInt64),
		retry.WithBudget(1, 1000), retry.WithBudget(1000, 1e-9),
		retry.WithSalt(make([]byte, 16)), retry.WithGate(nil), retry.WithoutBudget(),
	)
}

// The defaults are what services run with whose authors read nothing. More attempts
// make an outage worse, longer waits pile up calls, and none at all help nobody.
func TestDefaults(t *testing.T) {
	t.Parallel()
	if got := retry.New().MaxAttempts(); got != 3 {
		t.Errorf("MaxAttempts() = %d, want 3", got)
	}
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := ungated(retry.WithObserver(j.observe))
		_, _ = retry.Do(t.Context(), c, read, always(busyRead()).run, nil)
		if diff := cmp.Diff([]retry.Reason{retry.ReasonBackoff, retry.ReasonBackoff, retry.ReasonAttempts}, j.reasons()); diff != "" {
			t.Errorf("decisions (-want +got):\n%s", diff)
		}
	})
	decide := func(f retry.Failure) retry.Decision {
		f.Safety, f.Remaining, f.Attempt = retry.ReadOnly, retry.NoDeadline, max(f.Attempt, 1)
		return retry.New(retry.WithMaxAttempts(100)).Decide(f)
	}
	if got := decide(retry.Failure{Err: busyRead()}).Jitter; got != 500*time.Millisecond {
		t.Errorf("first backoff up to %v, want 500ms", got)
	}
	if got := decide(retry.Failure{Err: busyRead(), Attempt: 99}).Jitter; got != 8*time.Second {
		t.Errorf("last backoff up to %v, want 8s", got)
	}
	if got := decide(retry.Failure{Err: throttled("10")}); !got.Retry {
		t.Errorf("a hint of 10s: %+v, want a wait", got)
	}
	if got := decide(retry.Failure{Err: throttled("10.001")}).Reason; got != retry.ReasonMaxWait {
		t.Errorf("a hint of 10.001s: %s, want max_wait", got)
	}
}

// The default budget stops the fifth retry while nothing succeeds. Without it an
// outage of the upstream is answered with three times the load.
func TestDefaultBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkBudget(t, retry.New(), read, 4)
		c := retry.New()
		checkBudget(t, c, read, 4)
		for range 11 { // a tenth each: 5.0 tokens become 6.1
			c.Succeeded(read)
		}
		checkBudget(t, c, read, 1)
	})
}

// Settings for one call must not leak into those of the whole service, and one call
// must not have a budget of its own: ten such calls would have ten.
func TestWithSharesTheBudgetAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first, second, third journal
		c := retry.New(retry.WithObserver(first.observe), retry.WithObserver(second.observe), retry.WithObserver(new(journal).observe))
		other := c.With(retry.WithMaxAttempts(7), retry.WithObserver(third.observe), retry.WithMaxWait(0))
		sibling := c.With(retry.WithObserver(func(context.Context, retry.Event) { t.Error("the sibling's observer was told") }))
		if c.MaxAttempts() != 3 || other.MaxAttempts() != 7 || sibling.MaxAttempts() != 3 {
			t.Errorf("MaxAttempts() = %d, %d, %d, want 3, 7, 3", c.MaxAttempts(), other.MaxAttempts(), sibling.MaxAttempts())
		}
		if d := c.Decide(retry.Failure{Err: throttled("5"), Safety: retry.ReadOnly, Remaining: retry.NoDeadline}); !d.Retry {
			t.Errorf("the original decides %+v, want a wait", d)
		}
		checkBudget(t, other, read, 4)
		if len(first.events) != 5 || len(second.events) != 5 || len(third.events) != 5 {
			t.Errorf("told %d, %d, %d events, want 5 each", len(first.events), len(second.events), len(third.events))
		}
		checkBudget(t, c, read, 0)
		if len(first.events) != 6 || len(third.events) != 5 {
			t.Errorf("told %d and %d events, want 6 and 5: an observer of With is not the original's", len(first.events), len(third.events))
		}
		checkBudget(t, c.With(retry.WithBudget(10, 0.1)), read, 4)
		checkBudget(t, c, read, 0)
	})
}

// One 429 must tell all, whichever settings the call has that met it.
func TestWithSharesTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &turnstile{}
		c := retry.New(retry.WithGate(g)).With(retry.WithMaxAttempts(1))
		_, _ = retry.Do(retry.WithKey(t.Context(), "ann"), c, create, always(throttled("1")).run, nil)
		if diff := cmp.Diff([]string{"mark", "throttled 1s"}, g.calls); diff != "" {
			t.Errorf("the gate of the original was asked (-want +got):\n%s", diff)
		}
	})
}

// A salt that its owner clears or reuses afterwards must stay what it was: replicas
// would count one user twice at a shared gate.
func TestTheSaltIsCopied(t *testing.T) {
	salt := []byte("0123456789abcdef")
	before := digest(t, "ann", retry.WithSalt(salt))
	o := retry.WithSalt(salt)
	clear(salt)
	if after := digest(t, "ann", o); before != after {
		t.Error("another digest after the salt's owner has cleared it")
	}
}
