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

// eachSecond is a limit at which requests leave each second.
var eachSecond = retry.Limit{Requests: 100, Per: 97 * time.Second}

// Callers that are let out in one moment are the burst that closed the gate: that is
// worse than no gate.
func TestGateReopensForOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, 5*time.Second, eachSecond)
		turns := queue(t.Context(), g, 4, time.Minute, silent)()
		checkTurns(t, turns, at(5*time.Second, 6*time.Second, 7*time.Second, 8*time.Second))
	})
}

// Memory would grow without bound while an upstream is closed and callers keep coming.
func TestGateLetsAThousandWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, time.Second)
		turns := queue(t.Context(), g, 1001, time.Hour, silent)()
		for i, turn := range turns {
			if turn.ok != (i < 1000) {
				t.Fatalf("request %d: %v", i+1, turn)
			}
		}
		if last := turns[1000]; last.at != 0 || last.left <= time.Second {
			t.Errorf("the last one was told %v, want at once, and a wait", last)
		}
	})
}

// Who has waited longest would start again behind everybody, or wait although its
// turn cannot come in time.
func TestGateClosesAgainWhileCallersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, 5*time.Second, eachSecond)
		m, _ := g.Mark()
		patient := queue(t.Context(), g, 1, time.Minute, silent)
		hasty := queue(t.Context(), g, 1, 8*time.Second, silent)
		last := queue(t.Context(), g, 1, time.Minute, silent)
		time.Sleep(4 * time.Second)
		g.Throttled(t.Context(), alice, m-1, 20*time.Second) // under way when the gate closed
		checkTurns(t, hasty(), []turn{{4 * time.Second, 21 * time.Second, false}})
		checkTurns(t, append(patient(), last()...), at(24*time.Second, 25*time.Second))
	})
}

// A caller that has gone away would still hold up those behind it, or hang in the
// queue: the bubble fails if a goroutine is left.
func TestGateLetsTheNextOneMoveUp(t *testing.T) {
	for name, who := range map[string]int{"the first is cancelled": 0, "the second": 1, "the last": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := closedGate(t, 5*time.Second, eachSecond)
				var waits []func() []turn
				var cancels []context.CancelFunc
				for range 3 {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					waits = append(waits, queue(ctx, g, 1, time.Minute, silent))
					cancels = append(cancels, cancel)
				}
				time.Sleep(time.Second)
				cancels[who]()
				var stay []turn
				for i, wait := range waits {
					if turns := wait(); i != who {
						stay = append(stay, turns...)
					} else if got := turns[0]; got.ok || got.at != time.Second {
						t.Errorf("the cancelled one: %v, want refused after 1s", got)
					}
				}
				checkTurns(t, stay, at(5*time.Second, 6*time.Second))
			})
		})
	}
}

// A context that is done before the gate is asked would take somebody's turn.
func TestGateIgnoresTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, 0, eachSecond)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, ok := g.Enter(ctx, alice, time.Minute); ok {
			t.Error("a request whose context is done was let out")
		}
		checkTurns(t, queue(t.Context(), g, 1, time.Minute, silent)(), at(0))
	})
}

// A caller whose turn was promised for a pace that does not come would wait beyond
// what it allowed.
func TestGateEndsAWaitThatItPromisedTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const longest = 1950 * time.Millisecond
		g := closedGate(t, time.Second)
		turns := queue(t.Context(), g, 20, longest, silent)() // nothing passes, so 10 a second it is
		for i, turn := range turns {
			want := i < 10
			if turn.ok != want || turn.at.Truncate(time.Microsecond) > longest || !want && turn.left <= 0 {
				t.Errorf("request %d: %v, want out %v", i+1, turn, want)
			}
		}
	})
}

// Principals that were throttled once would be held back, and kept, for ever.
func TestGateForgetsAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, 100*time.Second)
		throttle(t, g, 10*time.Second)
		time.Sleep(100*time.Second + 2*time.Minute - time.Nanosecond)
		if _, idle := g.Mark(); idle {
			t.Error("idle before the key has been open for 2 minutes")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if _, idle := g.Mark(); !idle {
			t.Error("not idle although the key has been open for 2 minutes")
		}
		throttle(t, g, time.Second) // and it can be held back again
		if got := left(t, g, alice); got != time.Second {
			t.Errorf("left = %v after another 429, want 1s", got)
		}
	})
}

// All that wait would be let out in one moment when the key is forgotten.
func TestGateKeepsAKeyThatSomebodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const minute = time.Minute
		g := closedGate(t, 0, retry.Limit{Requests: 100, Per: 97 * minute})
		turns := queue(t.Context(), g, 5, time.Hour, silent)
		time.Sleep(3*minute + time.Second)
		if _, idle := g.Mark(); idle {
			t.Error("idle while somebody waits")
		}
		checkTurns(t, turns(), at(0, minute, 2*minute, 3*minute, 4*minute))
		if _, idle := g.Mark(); !idle {
			t.Error("not idle although nobody waits any more")
		}
	})
}
