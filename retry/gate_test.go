// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

var alice = retry.Key{Principal: "alice"}

// closedGate has just seen a 429 of alice.
func closedGate(t *testing.T, wait time.Duration, limits ...retry.Limit) retry.Gate {
	t.Helper()
	g := retry.NewGate(limits...)
	throttle(t, g, wait)
	return g
}

// throttle is a 429 that answers a request sent just now.
func throttle(t *testing.T, g retry.Gate, wait time.Duration) {
	t.Helper()
	m, _ := g.Mark()
	g.Throttled(t.Context(), alice, m, wait)
}

// left is what a request is told that does not want to wait; 0 if it may be sent.
func left(t *testing.T, g retry.Gate, key retry.Key) time.Duration {
	t.Helper()
	_, left, ok := g.Enter(t.Context(), key, 0)
	if ok != (left == 0) {
		t.Errorf("Enter(%v) = %v, %v", key, left, ok)
	}
	return left
}

// A turn is when Enter returned, since the gate was asked, and what it returned.
type turn struct {
	at, left time.Duration
	ok       bool
}

// queue lets n requests of alice enter in this order, and collects how it ends for
// them. Whoever is let out calls sent.
func queue(ctx context.Context, g retry.Gate, n int, longest time.Duration, sent func(retry.Mark)) func() []turn {
	start, turns := time.Now(), make([]turn, n)
	for i := range turns {
		go func() {
			m, left, ok := g.Enter(ctx, alice, longest)
			turns[i] = turn{time.Since(start), left, ok}
			if ok {
				sent(m)
			}
		}()
		synctest.Wait()
	}
	return func() []turn {
		time.Sleep(longest + 1)
		synctest.Wait()
		return turns
	}
}

func silent(retry.Mark) {}

// at is the times of turns that have come.
func at(times ...time.Duration) []turn {
	turns := make([]turn, len(times))
	for i, d := range times {
		turns[i] = turn{at: d, ok: true}
	}
	return turns
}

func checkTurns(t *testing.T, got, want []turn) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("turns:\n got %v\nwant %v", got, want)
	}
}

// Whoever shares no limit with the throttled one would wait for nothing.
func TestGateClosesForOneKeyOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := retry.NewGate()
		if _, idle := g.Mark(); !idle || left(t, g, alice) != 0 {
			t.Error("a gate that has seen no 429 holds somebody back")
		}
		throttle(t, g, 7*time.Second)
		tests := map[retry.Key]time.Duration{
			alice:                                  7 * time.Second,
			{Principal: "bob"}:                     0,
			{Principal: "alice", Group: "search"}:  0,
			{Principal: "", Group: "alice"}:        0,
			{Principal: "search", Group: "alice"}:  0,
			{Principal: "alicesearch", Group: ""}:  0,
			{Principal: "alices", Group: "search"}: 0,
		}
		for key, want := range tests {
			if got := left(t, g, key); got != want {
				t.Errorf("left for %v = %v, want %v", key, got, want)
			}
		}
		if _, idle := g.Mark(); idle {
			t.Error("Mark is idle while a key is held back")
		}
	})
}

// A request that is sent before the upstream's longest wait is over is another 429,
// and may prolong the punishment.
func TestGateStaysClosedForTheLongestWait(t *testing.T) {
	const s = time.Second
	tests := map[string]struct {
		waits []time.Duration
		want  time.Duration
	}{
		"the first is the longest":       {[]time.Duration{5 * s, 2 * s}, 5 * s},
		"the last is the longest":        {[]time.Duration{2 * s, 5 * s}, 5 * s},
		"the last names none":            {[]time.Duration{5 * s, -1}, 5 * s},
		"the last may be repeated now":   {[]time.Duration{5 * s, 0}, 5 * s},
		"the first may be repeated now":  {[]time.Duration{0, 5 * s}, 5 * s},
		"the first names none":           {[]time.Duration{-1, 5 * s}, 5 * s},
		"the one in the middle":          {[]time.Duration{2 * s, 5 * s, 3 * s}, 5 * s},
		"a wait of more than a lifetime": {[]time.Duration{2 * s, math.MaxInt64}, math.MaxInt64},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := retry.NewGate()
				m, _ := g.Mark()
				for _, wait := range tt.waits {
					g.Throttled(t.Context(), alice, m, wait)
				}
				if got := left(t, g, alice); got != tt.want {
					t.Errorf("left = %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// An upstream that names no wait would be asked again at once, or for ever each
// second while it is down.
func TestGateBacksOffWhereNoWaitIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := retry.NewGate()
		m, _ := g.Mark()
		for _, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
			g.Throttled(t.Context(), alice, m, -1)
			g.Throttled(t.Context(), alice, m, -1) // was under way as well
			if got := left(t, g, alice); got.Seconds() != float64(want) {
				t.Errorf("left = %v, want %d s", got, want)
			}
			m, _, _ = g.Enter(t.Context(), alice, time.Hour)
		}
		g.Passed(t.Context(), alice, m)
		g.Throttled(t.Context(), alice, m, -1)
		if got := left(t, g, alice); got != time.Second {
			t.Errorf("left = %v after a success, want 1s", got)
		}
	})
}

// A caller whose deadline comes first would wait for nothing, and lose the real error
// to DEADLINE_EXCEEDED. One that is refused too early would lose its turn. The time
// that it is told is RetryInfo: one that is too short makes it come back in vain.
func TestGateRefusesAtOnceWhenTheTurnIsTooLate(t *testing.T) {
	const wait, gap = 5 * time.Second, time.Second // 97 in 97 s
	limit := retry.Limit{Requests: 100, Per: 97 * time.Second}
	tests := map[string]struct {
		ahead             int
		longest, deadline time.Duration
		want              turn
	}{
		"no wait is wanted":             {0, 0, time.Hour, turn{0, wait, false}},
		"a negative wait":               {0, math.MinInt64, time.Hour, turn{0, wait, false}},
		"the gate opens in time":        {0, wait, time.Hour, turn{wait, 0, true}},
		"the gate opens too late":       {0, wait - 1, time.Hour, turn{0, wait, false}},
		"the deadline comes first":      {0, time.Hour, wait, turn{0, wait, false}},
		"the deadline comes after":      {0, time.Hour, wait + 1, turn{wait, 0, true}},
		"three are ahead":               {3, wait + 3*gap - 1, time.Hour, turn{0, wait + 3*gap, false}},
		"three are ahead, time enough":  {3, wait + 3*gap, time.Hour, turn{wait + 3*gap, 0, true}},
		"three are ahead, the deadline": {3, time.Hour, wait + 3*gap, turn{0, wait + 3*gap, false}},
		"the deadline is over":          {0, time.Hour, 0, turn{0, wait, false}},
		"for ever":                      {0, math.MaxInt64, time.Hour, turn{wait, 0, true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := closedGate(t, wait, limit)
				defer queue(t.Context(), g, tt.ahead, time.Minute, silent)()
				start := time.Now()
				ctx, cancel := context.WithDeadline(t.Context(), start.Add(tt.deadline))
				defer cancel()
				_, left, ok := g.Enter(ctx, alice, tt.longest)
				if got := (turn{time.Since(start), left, ok}); got != tt.want {
					t.Errorf("Enter = %v, want %v", got, tt.want)
				}
			})
		})
	}
}
