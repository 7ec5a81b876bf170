// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// note makes one operation under a ledger that ends with err, once.
func note(l *retry.Ledger, s retry.Safety, err error) {
	_, _ = retry.Do(l, ungated(retry.WithMaxAttempts(1)), retry.Operation{Safety: s}, always(err).run, nil)
}

// What a ledger proves decides whether a handler that nobody declared is run again.
// If it proved too much, the handler's first write would be made twice; if nothing,
// a 429 on its only request would fail the RPC.
func TestWhatALedgerProves(t *testing.T) {
	t.Parallel()
	const single = retry.SingleUpstreamCall
	situations := []struct {
		name            string
		noted           func(*retry.Ledger)
		e               *translate.Error
		proves, changed bool
	}{
		{"an empty one", func(*retry.Ledger) {}, throttled(""), false, false},
		{"an empty one, and no answer", func(*retry.Ledger) {}, refused(), false, false},
		{"a read that failed", func(l *retry.Ledger) { note(l, retry.ReadOnly, busyRead()) }, busyRead(), true, false},
		{"a read that broke", func(l *retry.Ledger) { note(l, retry.ReadOnly, lost("GET")) }, lost("GET"), true, false},
		{"reads only", func(l *retry.Ledger) { note(l, retry.ReadOnly, nil); note(l, retry.ReadOnly, busyRead()) }, busyRead(), true, false},
		{"a read of unknown kind that failed", func(l *retry.Ledger) { note(l, retry.Unknown, busyRead()) }, busyRead(), true, false},
		{"a write was applied", func(l *retry.Ledger) { note(l, single, nil); note(l, single, throttled("")) }, throttled(""), false, true},
		{"a write was applied afterwards", func(l *retry.Ledger) { note(l, single, throttled("")); note(l, single, nil) }, throttled(""), false, true},
		{"an idempotent write was applied", func(l *retry.Ledger) { note(l, retry.Idempotent, nil); note(l, retry.ReadOnly, busyRead()) }, busyRead(), false, true},
		{"something of unknown kind succeeded", func(l *retry.Ledger) { note(l, retry.Unknown, nil); note(l, retry.ReadOnly, busyRead()) }, busyRead(), false, true},
		{"an ambiguous write", func(l *retry.Ledger) { note(l, single, busyWrite()) }, busyWrite(), false, true},
		{"an ambiguous write, then a read", func(l *retry.Ledger) { note(l, single, busyWrite()); note(l, retry.ReadOnly, busyRead()) }, busyRead(), false, true},
		{"a write that broke", func(l *retry.Ledger) { note(l, single, lost("POST")) }, lost("POST"), false, true},
		{"a write that failed in nobody's words", func(l *retry.Ledger) { note(l, single, errors.New("bug")); note(l, single, throttled("")) }, throttled(""), false, true},
		{"a read that failed in nobody's words", func(l *retry.Ledger) { note(l, retry.ReadOnly, errors.New("bug")) }, busyRead(), false, false},
		{"429 on the only write", func(l *retry.Ledger) { note(l, single, throttled("")) }, throttled(""), true, false},
		{"no connection for the only write", func(l *retry.Ledger) { note(l, single, refused()) }, refused(), true, false},
		{"409 on the only write", func(l *retry.Ledger) { note(l, single, blocked()) }, blocked(), true, false},
		{"a conflict, then 429", func(l *retry.Ledger) { note(l, single, nameInUse()); note(l, single, throttled("")) }, throttled(""), true, false},
		{"an error that it does not know", func(l *retry.Ledger) { note(l, retry.ReadOnly, notFound()) }, busyRead(), false, false},
		{"an error that it does not know, after a success", func(l *retry.Ledger) { note(l, retry.ReadOnly, nil) }, busyRead(), false, false},
		{"no answer, where all were answered", func(l *retry.Ledger) { note(l, retry.ReadOnly, busyRead()) }, lost("GET"), false, false},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := &retry.Ledger{Context: t.Context()}
			tt.noted(l)
			if got := l.Proves(tt.e); got != tt.proves {
				t.Errorf("Proves = %v, want %v", got, tt.proves)
			}
			if got := l.Changed(); got != tt.changed {
				t.Errorf("Changed = %v, want %v", got, tt.changed)
			}
		})
	}
}

// A request that a handler has left behind may still be at work. As long as it is
// open, nothing is proven, and no caller may be told that nothing was changed.
func TestARequestThatIsStillOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, release := &retry.Ledger{Context: t.Context()}, make(chan struct{})
		note(l, retry.SingleUpstreamCall, throttled(""))
		if !l.Proves(throttled("")) {
			t.Fatal("Proves = false before, want true")
		}
		go func() {
			_, _ = retry.Do(l, ungated(), create, func(context.Context) (int, error) { <-release; return 0, notFound() }, nil)
		}()
		synctest.Wait()
		if l.Proves(throttled("")) || !l.Changed() {
			t.Errorf("while a request is open: Proves = %v, Changed = %v, want false, true", l.Proves(throttled("")), l.Changed())
		}
		if got := metadata(l.Refine(throttled("")), "outcome"); got != "UNKNOWN" {
			t.Errorf("while a request is open: outcome = %s, want UNKNOWN", got)
		}
		next := &retry.Ledger{Context: t.Context()}
		next.Follow(l, throttled(""))
		if got := metadata(next.Refine(throttled("")), "outcome"); got != "UNKNOWN" {
			t.Errorf("in the run after it: outcome = %s, want UNKNOWN", got)
		}
		close(release)
		synctest.Wait()
		if !l.Proves(throttled("")) || l.Changed() {
			t.Errorf("after its answer: Proves = %v, Changed = %v, want true, false", l.Proves(throttled("")), l.Changed())
		}
	})
}

// A goroutine that outlives a Do leaves it open whether something was changed, for
// the ledger above as well.
func TestARequestThatOutlivesItsOperation(t *testing.T) {
	for safety, changed := range map[retry.Safety]bool{retry.Unknown: true, retry.ReadOnly: false} {
		synctest.Test(t, func(t *testing.T) {
			l, release := &retry.Ledger{Context: t.Context()}, make(chan struct{})
			defer close(release)
			c := ungated(retry.WithMaxAttempts(1))
			_, _ = retry.Do(l, c, retry.Operation{Safety: safety}, func(ctx context.Context) (int, error) {
				go retry.Do(ctx, c, create, func(context.Context) (int, error) { <-release; return 0, nil }, nil)
				synctest.Wait()
				return 0, throttled("")
			}, nil)
			if l.Changed() != changed || l.Proves(throttled("")) == changed {
				t.Errorf("safety %d: Changed = %v, Proves = %v, want changed: %v", safety, l.Changed(), l.Proves(throttled("")), changed)
			}
		})
	}
}

// A panic is no proof of anything, and no request stays open because of it: a server
// that recovers from it goes on to judge the RPC.
func TestAPanicLeavesTheWorstBehind(t *testing.T) {
	t.Parallel()
	for safety, changed := range map[retry.Safety]bool{retry.Unknown: true, retry.SingleUpstreamCall: true, retry.Idempotent: true, retry.ReadOnly: false} {
		l := &retry.Ledger{Context: t.Context()}
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("recovered %v, want the panic itself", got)
				}
			}()
			_, _ = retry.Do(l, ungated(), retry.Operation{Safety: safety}, func(context.Context) (int, error) { panic("boom") }, nil)
		}()
		if got := l.Changed(); got != changed {
			t.Errorf("safety %d: Changed = %v, want %v", safety, got, changed)
		}
		note(l, retry.ReadOnly, busyRead())
		if got := l.Proves(busyRead()); got == changed {
			t.Errorf("safety %d: Proves = %v, want %v", safety, got, !changed)
		}
		if got, want := metadata(l.Refine(busyRead()), "outcome"), map[bool]string{true: "UNKNOWN", false: "NOT_APPLIED"}[changed]; got != want {
			t.Errorf("safety %d: outcome = %s, want %s", safety, got, want)
		}
	}
}

// The layer at the request knows best what it did. If the layer above noted its own
// guess as well, a handler that only reads would count as one that writes.
func TestNestedOperationsAreNotedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := ungated(), &retry.Ledger{Context: t.Context()}
		_, _ = retry.Do(l, c, retry.Operation{}, nested(c, read, (&script{}).run), nil)
		_, _ = retry.Do(l, c, retry.Operation{}, nested(c, read, always(busyRead()).run), nil)
		if l.Changed() || !l.Proves(busyRead()) {
			t.Errorf("reads below: Changed = %v, Proves = %v, want false, true", l.Changed(), l.Proves(busyRead()))
		}
		_, _ = retry.Do(l, c, retry.Operation{}, nested(c, create, (&script{}).run), nil)
		if !l.Changed() || l.Proves(busyRead()) {
			t.Errorf("and a write below: Changed = %v, Proves = %v, want true, false", l.Changed(), l.Proves(busyRead()))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c, l := ungated(), &retry.Ledger{Context: t.Context()}
		_, _ = retry.Do(l, c, read, nested(c, create, (&script{}).run), nil)
		if l.Changed() {
			t.Error("Changed after an operation that was declared as a read, want its word to count")
		}
	})
}

// Layers that each make three attempts make 27. Only the outermost retries.
func TestNestedOperationsDoNotMultiply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, j := ungated(), &journal{}
		inner, middle := always(busyRead()), 0
		_, err := retry.Do(t.Context(), c, read, func(ctx context.Context) (int, error) {
			middle++
			return nested(c.With(retry.WithObserver(j.observe)), read, nested(c, read, inner.run))(ctx)
		}, nil)
		inner.checkCalls(t, 3)
		if middle != 3 || metadata(err, "attempts") != "3" {
			t.Errorf("%d calls in the middle, attempts = %q, want 3 and 3", middle, metadata(err, "attempts"))
		}
		for _, r := range j.reasons() {
			if r != retry.ReasonNotOwner {
				t.Errorf("the middle decides %s, want not_owner", r)
			}
		}
	})
}
