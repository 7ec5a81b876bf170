// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A turnstile is a gate of the tests: it notes what it is asked, and answers as told.
type turnstile struct {
	closed bool           // it holds something back
	wait   time.Duration  // in Enter, before it lets go
	refuse map[int]string // the n-th Enter is refused, with this time left
	until  map[retry.Key]time.Time
	shuts  bool // a 429 closes it for its time

	mu     sync.Mutex
	calls  []string
	keys   []retry.Key
	enters int
}

func (g *turnstile) notef(key retry.Key, format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, fmt.Sprintf(format, args...))
	g.keys = append(g.keys, key)
}

func (g *turnstile) Mark() (retry.Mark, bool) {
	g.notef(retry.Key{}, "mark")
	return 1, !g.closed
}

func (g *turnstile) Enter(ctx context.Context, key retry.Key, longest time.Duration) (retry.Mark, time.Duration, bool) {
	g.notef(key, "enter, up to %v", longest.Round(time.Millisecond))
	g.enters++
	if left, ok := g.refuse[g.enters]; ok {
		d, _ := time.ParseDuration(left)
		return 7, d, false
	}
	wait := g.wait
	if until, ok := g.until[key]; ok {
		wait = time.Until(until)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 7, 0, true
	case <-ctx.Done():
		return 7, wait, false
	}
}

func (g *turnstile) Throttled(_ context.Context, key retry.Key, m retry.Mark, wait time.Duration) {
	if m == 1 {
		g.notef(key, "throttled %v", wait)
	} else {
		g.notef(key, "throttled %v, entered", wait)
	}
	if g.shuts {
		g.closed = true
		if g.until == nil {
			g.until = make(map[retry.Key]time.Time)
		}
		g.until[key] = time.Now().Add(wait)
	}
}

func (g *turnstile) Passed(_ context.Context, key retry.Key, m retry.Mark) {
	g.notef(key, "passed, mark %d", m)
}

// digest is what a gate sees of a principal.
func digest(t *testing.T, principal string, opts ...retry.Option) string {
	t.Helper()
	g := &turnstile{closed: true}
	op := create
	op.Key = func() string { return principal }
	_, err := retry.Do(t.Context(), retry.New(append(opts, retry.WithGate(g))...), op, (&script{}).run, nil)
	if err != nil || len(g.keys) < 2 {
		t.Fatalf("error = %v, keys = %v", err, g.keys)
	}
	return g.keys[1].Principal
}

// nested is an operation that makes another one.
func nested(c *retry.Controller, op retry.Operation, fn func(context.Context) (int, error)) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) { return retry.Do(ctx, c, op, fn, nil) }
}
