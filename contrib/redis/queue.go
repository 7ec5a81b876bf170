// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	"slices"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// maxWaiting bounds the queue of a key in one replica. The script has the same bound for all
// replicas together.
const maxWaiting = 1000

// A waiter is a request in the queue of its key. The first in the queue have numbers.
type waiter struct {
	came  time.Duration
	limit time.Duration // its turn must come before that
	turn  chan turn     // receives one
}

// A turn is how it ended.
type turn struct {
	mark retry.Mark
	left time.Duration
	ok   bool
}

// enter lets a request out in its turn, or not at all.
func (e *entry) enter(ctx context.Context, longest time.Duration) turn {
	e.mu.Lock()
	e.advance()
	limit := limitOf(ctx, e.at, longest)
	switch {
	case e.gone:
		e.mu.Unlock()
		return turn{mark: e.gate.mark(), ok: true}
	case ctx.Err() != nil || len(e.queue) == maxWaiting || later(e.at, duration(e.state.rest)) >= limit:
		left := max(duration(e.state.rest), e.left(len(e.queue)))
		e.mu.Unlock()
		return turn{left: left}
	}
	e.trim()
	w := &waiter{came: e.at, limit: limit, turn: make(chan turn, 1)}
	e.queue = append(e.queue, w)
	e.want()
	wait := limit - e.at
	e.mu.Unlock()
	return e.wait(ctx, w, wait)
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

// wait holds no lock.
func (e *entry) wait(ctx context.Context, w *waiter, longest time.Duration) turn {
	timer := time.NewTimer(max(longest, e.gate.budget))
	defer timer.Stop()
	select {
	case t := <-w.turn:
		return t
	case <-timer.C:
	case <-ctx.Done():
	}
	return e.giveUp(ctx, w)
}

// giveUp takes a waiter out of the queue. Those behind it move up by one number each, and
// the last number is for the next who comes. A turn that has come in the same moment is
// taken, or given back where ctx is done.
func (e *entry) giveUp(ctx context.Context, w *waiter) turn {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	e.release()
	i := slices.Index(e.queue, w)
	if i >= len(e.numbers) && ctx.Err() == nil { // the answer is too late
		e.draw()
		i = slices.Index(e.queue, w)
	}
	if i >= 0 {
		left := e.left(i)
		e.queue = slices.Delete(e.queue, i, i+1)
		e.arm()
		return turn{left: left}
	}
	t := <-w.turn
	if t.ok && ctx.Err() != nil {
		e.numbers = slices.Insert(e.numbers, 0, e.state.pos)
		e.release()
		e.arm()
		return turn{}
	}
	return t
}

// left is when the i-th in the queue may leave, as far as the replica knows.
func (e *entry) left(i int) time.Duration {
	number := e.state.tail
	if i < len(e.numbers) {
		number = e.numbers[i]
	}
	return e.state.turn(number)
}

// release lets out the waiters whose numbers are reached.
func (e *entry) release() {
	for len(e.queue) > 0 && len(e.numbers) > 0 && e.state.due(e.numbers[0]) {
		e.queue[0].turn <- turn{mark: e.gate.mark(), ok: true}
		e.queue[0] = nil
		e.queue, e.numbers = e.queue[1:], e.numbers[1:]
	}
}

// trim drops the numbers that those left who have gone, where it is too late to use them.
func (e *entry) trim() {
	for len(e.numbers) > len(e.queue) && e.state.stale(e.numbers[0]) {
		e.numbers = e.numbers[1:]
	}
}

// refuse sends away the waiters whose turn comes too late, now that the key has closed
// again. Their numbers are for those behind them.
func (e *entry) refuse() {
	kept := e.queue[:0]
	for _, w := range e.queue {
		if left := e.left(len(kept)); left > 0 && later(e.at, left) >= w.limit {
			w.turn <- turn{left: left}
			continue
		}
		kept = append(kept, w)
	}
	clear(e.queue[len(kept):])
	e.queue = kept
}

// want sees to numbers for those who have none. It needs the state to be of now.
func (e *entry) want() {
	if e.gate.alone.Load() {
		e.draw()
		return
	}
	e.release()
	e.arm()
	if len(e.queue) > len(e.numbers) {
		e.gate.call(e)
	}
}

// dismiss sends away a waiter whose turn would come too late, if it still waits.
func (e *entry) dismiss(w *waiter, left time.Duration) {
	if i := slices.Index(e.queue, w); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		w.turn <- turn{left: left}
	}
}
