// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A caller that goes away in the moment of its turn would cost those behind it a turn,
// one whose own limit ends in that moment would be refused though it may go, and one
// that is refused in that moment would be sent. From outside, chance decides whether
// the moments meet.
func TestGiveUpInTheMomentOfTheTurn(t *testing.T) {
	const second = time.Second
	tests := map[string]struct {
		canceled bool
		closed   time.Duration // the gate closes again, before the waiter notices
		next     time.Duration // after it, seen from now
		ok       bool
	}{
		"its time is over":                  {false, 0, second, true},
		"it is cancelled":                   {true, 0, 0, false},
		"cancelled, the gate closes":        {true, 5 * second, 5 * second, false},
		"its time is over, the gate closes": {false, 5 * second, 5 * second, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				g := &memoryGate{told: map[string]float64{"": 1}, start: time.Now()}
				e := newEntry(g, Key{})
				w := &waiter{limit: second, turn: make(chan Mark, 1)}
				e.queue = append(e.queue, w)
				e.release(0)
				if tt.closed > 0 {
					e.throttled(0, tt.closed)
				}
				if tt.canceled {
					cancel()
				}
				if _, _, ok := e.giveUp(ctx, w); ok != tt.ok || e.next != tt.next {
					t.Errorf("ok = %v, and the next may leave after %v, want %v, %v", ok, e.next, tt.ok, tt.next)
				}
			})
		})
	}
}

// The other way to leave the queue before the turn.
func TestGiveUpWhenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEntry(&memoryGate{start: time.Now()}, Key{})
		w := &waiter{limit: time.Second, turn: make(chan Mark, 1)}
		e.queue = append(e.queue, w)
		e.throttled(0, 5*time.Second)
		if _, left, ok := e.giveUp(t.Context(), w); ok || left != 5*time.Second {
			t.Errorf("left = %v, ok = %v, want 5s, false", left, ok)
		}
	})
}
