// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"slices"
	"time"
)

// maxWaiting bounds the queue of a key. At 100 requests a second the last of them
// waits for ten seconds, which is as long as anybody waits by default.
const maxWaiting = 1000

// A waiter is a request in the queue of its key.
type waiter struct {
	limit time.Duration // its turn must come before that
	turn  chan Mark     // receives it, or is closed when the request is refused
	left  time.Duration // until the turn that was too late
}

// enter lets a request out at once, in its turn, or not at all.
func (e *entry) enter(ctx context.Context, longest time.Duration) (Mark, time.Duration, bool) {
	e.mu.Lock()
	now, done := e.gate.now(), ctx.Err() != nil
	if !done && (e.gone || len(e.queue) == 0 && e.next <= now) {
		defer e.mu.Unlock()
		return e.leave(now), 0, true
	}
	turn, limit := e.turn(len(e.queue)), limitOf(ctx, now, longest)
	if done || turn >= limit || len(e.queue) == maxWaiting {
		e.mu.Unlock()
		return 0, max(turn-now, 0), false
	}
	w := &waiter{limit: limit, turn: make(chan Mark, 1)}
	e.queue = append(e.queue, w)
	if len(e.queue) == 1 {
		e.arm(now)
	}
	e.mu.Unlock()
	return e.wait(ctx, w, limit-now)
}

// limitOf is the time from which on a turn is of no use. One after exactly the longest
// wait is, one at the deadline is not.
func limitOf(ctx context.Context, now, longest time.Duration) time.Duration {
	limit := later(later(now, longest), 1)
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, later(now, time.Until(deadline)))
	}
	return limit
}

// wait holds no lock. Its timer ends a wait whose turn was promised too early, as
// when the pace has not grown as hoped.
func (e *entry) wait(ctx context.Context, w *waiter, longest time.Duration) (Mark, time.Duration, bool) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case m, ok := <-w.turn:
		return m, w.left, ok
	case <-timer.C:
	case <-ctx.Done():
	}
	return e.giveUp(ctx, w)
}

// giveUp takes a waiter out of the queue; those behind it move up. A turn that has
// come in the same moment is taken, or given back where ctx is done.
func (e *entry) giveUp(ctx context.Context, w *waiter) (Mark, time.Duration, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.gate.now()
	e.release(now) // its turn may have come, and the timer that says so be late
	i := slices.Index(e.queue, w)
	if i >= 0 {
		left := e.turn(i) - now
		e.queue = slices.Delete(e.queue, i, i+1)
		return 0, max(left, 0), false
	}
	m, ok := <-w.turn
	if ok && ctx.Err() != nil {
		e.next = max(e.next-e.pace.gap(), e.until)
		e.arm(now)
		return 0, 0, false
	}
	return m, w.left, ok
}

// turn is when a request with n others before it may leave.
func (e *entry) turn(n int) time.Duration { return later(e.next, e.pace.after(n)) }

// leave takes the turn that has come.
func (e *entry) leave(now time.Duration) Mark {
	e.next = later(max(e.next, e.until, now-spare), e.pace.gap())
	return e.gate.mark()
}

// release lets out the waiters whose turn has come.
func (e *entry) release(now time.Duration) {
	for len(e.queue) > 0 && e.next <= now {
		e.queue[0].turn <- e.leave(now)
		e.queue[0] = nil
		e.queue = e.queue[1:]
	}
	if len(e.queue) == 0 {
		e.queue = nil
	}
}

// refuse sends away the waiters whose turn comes too late, now that the gate has
// closed again. The others keep their places.
func (e *entry) refuse(now time.Duration) {
	kept := e.queue[:0]
	for _, w := range e.queue {
		if turn := e.turn(len(kept)); turn >= w.limit {
			w.left = turn - now
			close(w.turn)
			continue
		}
		kept = append(kept, w)
	}
	clear(e.queue[len(kept):])
	e.queue = kept
}
