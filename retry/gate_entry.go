// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"math"
	"sync"
	"time"
)

const (
	// life is how long a key is kept after it opened. It counts from there, not from
	// the 429: of the 100 s that Box's documentation shows as a wait, 20 would be left
	// to learn in. A key that somebody waits for is kept, or all would leave at once.
	life = 2 * time.Minute

	// spare is the unused time that is made up for. Callers come at random, and timers
	// fire late on a busy machine: without it no pace would ever be reached. A key that
	// was closed starts with none.
	spare = 100 * time.Millisecond

	// A 429 that names no wait closes for firstBackoff, the next for twice that.
	firstBackoff = time.Second
	mostBackoff  = time.Minute
)

// An entry is a key that is held back. Times are those of the gate.
type entry struct {
	gate *memoryGate
	key  Key

	mu      sync.Mutex // taken after that of the gate
	pace    pace
	until   time.Duration // closed
	next    time.Duration // the earliest time for the next request
	backoff time.Duration // of the last 429 that named no wait
	closing Mark          // requests with an earlier mark were under way then
	queue   []*waiter
	timer   *time.Timer // runs when the first waiter may leave, or the life ends
	passing bool        // something was let through since the last closing
	gone    bool        // the gate has forgotten it
}

func newEntry(g *memoryGate, key Key) *entry {
	now := g.now()
	return &entry{gate: g, key: key, pace: newPace(g.told[key.Group]), until: now, next: now}
}

// throttled closes the entry. It returns false if the gate has forgotten it.
func (e *entry) throttled(m Mark, wait time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return false
	}
	now, news := e.gate.now(), m >= e.closing
	if news {
		wait = e.news(wait)
	}
	if until := later(now, wait); news || wait > 0 && until > e.until {
		e.until = max(until, e.until)
		e.next = max(e.next, e.until)
		e.closing = e.gate.closing()
		e.refuse(now)
		e.arm(now)
	}
	return true
}

// news takes in a 429 that was not under way at the last closing, and returns how long
// it closes. If nothing has passed since then, it was the closure that was too short,
// not the pace that was too high.
func (e *entry) news(wait time.Duration) time.Duration {
	if wait < 0 {
		e.backoff = min(max(2*e.backoff, firstBackoff), mostBackoff)
		wait = e.backoff
	}
	if e.passing {
		e.pace.throttled(wait)
	}
	e.passing = false
	return wait
}

// passed takes in that the upstream let a request through. One from before the last
// closing says nothing about what has come since.
func (e *entry) passed(m Mark) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m < e.closing {
		return
	}
	e.passing, e.backoff = true, 0
	if len(e.queue) > 0 {
		e.pace.passed()
	}
}

// run lets out whoever may leave, or ends the entry. The timer calls it.
func (e *entry) run() {
	e.mu.Lock()
	now := e.gate.now()
	e.release(now)
	busy := e.busy(now)
	if busy {
		e.arm(now)
	}
	e.mu.Unlock()
	if !busy {
		e.gate.forget(e)
	}
}

// busy tells whether the entry is needed.
func (e *entry) busy(now time.Duration) bool {
	return len(e.queue) > 0 || now < later(e.until, life)
}

// arm sets the timer. It may fire too early, never too late.
func (e *entry) arm(now time.Duration) {
	at := e.next
	if len(e.queue) == 0 {
		at = later(e.until, life)
	}
	if e.timer == nil {
		e.timer = time.AfterFunc(at-now, e.run)
		return
	}
	e.timer.Reset(at - now)
}

// later is t+d, where that fits.
func later(t, d time.Duration) time.Duration {
	if d > 0 && t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}
