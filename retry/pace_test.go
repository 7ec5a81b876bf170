// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// pass lets n requests of alice through, one after the other.
func pass(t *testing.T, g retry.Gate, n int) {
	t.Helper()
	for range n {
		m, _, _ := g.Enter(t.Context(), alice, time.Minute)
		g.Passed(t.Context(), alice, m)
	}
}

// gaps is the time between the next n requests, of which none is answered.
func gaps(t *testing.T, g retry.Gate, n int) []time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	turns := queue(ctx, g, n+1, time.Hour, silent)()
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = turns[i+1].at - turns[i].at
	}
	return all
}

// checkGap says at which pace requests leave.
func checkGap(t *testing.T, g retry.Gate, want time.Duration) {
	t.Helper()
	for _, got := range gaps(t, g, 5) {
		if got.Round(time.Millisecond) != want {
			t.Errorf("requests leave every %v, want %v", got, want)
		}
	}
}

// freshThrottle is a 429 after the gate has opened, and after a request was let through.
func freshThrottle(t *testing.T, g retry.Gate) {
	t.Helper()
	pass(t, g, 1)
	throttle(t, g, time.Second)
}

// The pace after the first 429 is a promise of the documentation, and what keeps
// the waiters from being the next burst.
func TestPaceStartsAtTenASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkGap(t, closedGate(t, 3*time.Second), 100*time.Millisecond)
	})
}

// At ten a second for ever, an upstream that is well again would stand idle while
// callers run into their deadlines.
func TestPaceGrowsWhileOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, time.Second)
		turns := queue(t.Context(), g, 64, 10*time.Second, func(m retry.Mark) { g.Passed(t.Context(), alice, m) })()
		if last := turns[63]; !last.ok || last.at > 3*time.Second {
			t.Errorf("the 64th: %v, want out within two seconds after the first", last)
		}
	})
}

// Callers that could be served in time would be refused, because the pace starts low.
func TestPaceIsExpectedToGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, time.Second)
		turns := queue(t.Context(), g, 300, 10*time.Second, func(m retry.Mark) { g.Passed(t.Context(), alice, m) })()
		for i, turn := range turns {
			if !turn.ok {
				t.Fatalf("request %d: %v, want out", i+1, turn)
			}
		}
	})
}

// The pace would grow without end while traffic is low, and be no pace at all when it
// is needed.
func TestPaceStandsStillWhereNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, time.Second)
		pass(t, g, 500)
		checkGap(t, g, 100*time.Millisecond)
	})
}

// One 429 would be counted once for every request that was under way, and the pace of
// a busy service would end at nothing.
func TestPaceIgnoresThrottlingThatIsNoNews(t *testing.T) {
	second := time.Second
	tests := map[string]struct {
		meanwhile func(t *testing.T, g retry.Gate, before retry.Mark)
		want      time.Duration
	}{
		"nothing": {func(*testing.T, retry.Gate, retry.Mark) {}, 100 * time.Millisecond},
		"200 were under way": {func(t *testing.T, g retry.Gate, before retry.Mark) {
			t.Helper()
			for range 200 {
				g.Throttled(t.Context(), alice, before, second)
			}
		}, 100 * time.Millisecond},
		"one was under way until the gate was open": {func(t *testing.T, g retry.Gate, before retry.Mark) {
			t.Helper()
			time.Sleep(2 * second)
			pass(t, g, 1)
			g.Throttled(t.Context(), alice, before, second)
		}, 100 * time.Millisecond},
		"the closure was too short": {func(t *testing.T, g retry.Gate, _ retry.Mark) {
			t.Helper()
			for range 5 {
				time.Sleep(2 * second)
				throttle(t, g, second)
			}
		}, 100 * time.Millisecond},
		"a success from before": {func(t *testing.T, g retry.Gate, before retry.Mark) {
			t.Helper()
			g.Passed(t.Context(), alice, before)
			time.Sleep(2 * second)
			throttle(t, g, second)
		}, 100 * time.Millisecond},
		"one is news": {func(t *testing.T, g retry.Gate, _ retry.Mark) {
			t.Helper()
			freshThrottle(t, g)
		}, 200 * time.Millisecond},
		"one is news, and 200 were under way": {func(t *testing.T, g retry.Gate, _ retry.Mark) {
			t.Helper()
			pass(t, g, 1)
			m, _ := g.Mark()
			for range 200 {
				g.Throttled(t.Context(), alice, m, second)
			}
		}, 200 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := retry.NewGate()
				before, _ := g.Mark()
				g.Throttled(t.Context(), alice, before, second)
				tt.meanwhile(t, g, before)
				checkGap(t, g, tt.want)
			})
		})
	}
}

// A pace that nothing bounds below would keep a principal out long after its limit
// was raised again.
func TestPaceHasAFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := retry.NewGate()
		for range 50 {
			freshThrottle(t, g)
		}
		checkGap(t, g, 10*time.Second)
	})
}

// Callers come at random. If the time in which none came were lost, a service below
// its limit would wait; if all of it counted, a quiet second would end in a burst.
func TestPaceMakesUpForALittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, 0, retry.Limit{Requests: 100 * 100, Per: 97 * time.Second})
		time.Sleep(30 * time.Second)
		n := 0
		for left(t, g, alice) == 0 {
			n++
		}
		if n != 11 { // of 100 ms, and the one whose turn it is
			t.Errorf("%d requests left at once after a quiet time, want 11", n)
		}
	})
}
