// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"sync"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// life is how long a key is kept after it opened, as in retry.
const life = 2 * time.Minute

// An entry is what the replica knows of a key that is held back, and who waits for it here.
type entry struct {
	gate *Gate
	id   string

	mu      sync.Mutex // taken after that of the gate
	state   state
	at      time.Duration // what the state is of
	until   time.Duration // closed
	closing retry.Mark    // requests with an earlier mark were under way then
	queue   []*waiter
	numbers []float64 // of the first in the queue; more than those, if some have gone
	timer   *time.Timer
	report  report // for Redis
	telling bool   // Redis is being told of a 429
	queued  bool   // at the desk
	untold  bool   // it closed while Redis was lost
	gone    bool   // the gate has forgotten it
}

// A report is what Redis has not been told yet.
type report struct {
	throttled bool
	news      bool
	wait      time.Duration // of the 429, from at on; negative if none was named
	at        time.Duration
	seen      float64 // the last closing of which the replica knew then
	passed    int
	owed      int // numbers that were taken without asking
}

// add takes in what came after.
func (r *report) add(next report) {
	if !r.throttled {
		next.passed += r.passed
		next.owed += r.owed
		*r = next
		return
	}
	r.wait = max(r.wait, next.wait)
	r.news = r.news || next.news
	r.passed += next.passed
	r.owed += next.owed
}

// throttled closes the entry, until Redis says for how long. It returns false if the gate
// has forgotten the entry.
func (e *entry) throttled(m retry.Mark, wait time.Duration) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return false
	}
	e.advance()
	r := report{throttled: true, news: m >= e.closing, wait: wait, at: e.at, seen: e.state.closing}
	if r.news {
		next := e.state // which may not be ours to change
		wait = next.punish(wait)
	}
	if !r.news && micros(wait) <= e.state.rest {
		return true
	}
	e.state.rest = max(e.state.rest, micros(wait))
	if e.gate.alone.Load() {
		e.settle(r)
	} else {
		e.report.add(r)
	}
	e.closed()
	e.gate.call(e)
	return true
}

// closed takes in that the key has closed. It needs the lock.
func (e *entry) closed() {
	e.state.tail = max(e.state.tail, e.state.pos)
	e.closing = e.gate.closing()
	e.refuse()
	e.arm()
}

// passedOne counts what was let through. Redis has to know at once where it is the first
// since the closing, for the next 429 is judged by that, and where the pace changes by it.
func (e *entry) passedOne(m retry.Mark) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m < e.closing {
		return
	}
	e.advance()
	if e.gate.alone.Load() {
		e.state.passed(1)
		return
	}
	e.report.passed++
	if !e.report.throttled {
		e.report.seen = e.state.closing
	}
	const little = 1.0 / 16
	grows := e.state.tail > e.state.pos && float64(e.report.passed)*e.state.growth > e.state.rate*little
	if e.state.passing == 0 && e.report.passed == 1 || grows {
		e.gate.call(e)
	}
}

// take replaces the state by what Redis says, unless it is older. What has just been
// closed here stays closed until Redis knows.
func (e *entry) take(s state) {
	e.advance()
	if s.born != e.state.born {
		e.moveTo(s)
	}
	if s.seq < e.state.seq {
		return
	}
	news := s.closing > e.state.closing
	if e.report.throttled || e.telling || e.untold {
		s.rest = max(s.rest, e.state.rest)
	}
	e.state = s
	e.gate.crowd.Store(uint64(s.crowd))
	if news {
		e.report.passed = 0
		e.closed()
	}
	e.release()
	e.arm()
}

// moveTo has the numbers here count from where Redis counts. It may have lost the key, by
// an eviction say, and have it again from a replica that knew less: then its count of
// calls begins anew, too.
func (e *entry) moveTo(s state) {
	for i := range e.numbers {
		e.numbers[i] += s.pos - e.state.pos
	}
	e.state.pos, e.state.born, e.state.seq = s.pos, s.born, 0
}

// advance lets the time pass since the last one.
func (e *entry) advance() {
	now := e.gate.now()
	e.state.advance(now - e.at)
	e.at = now
}

// run lets out whoever may leave, or ends the entry. The timer calls it.
func (e *entry) run() {
	e.mu.Lock()
	e.advance()
	e.release()
	busy := e.busy()
	if busy {
		e.arm()
	}
	e.mu.Unlock()
	if !busy {
		e.gate.forget(e)
	}
}

// busy tells whether the entry is needed.
func (e *entry) busy() bool { return len(e.queue) > 0 || e.queued || e.at < later(e.until, life) }

// arm sets the timer for the first who may leave, or for the end. It may fire too early,
// never too late. It needs the lock, and the state to be of now.
func (e *entry) arm() {
	if e.state.rest > 0 {
		e.until = max(e.until, later(e.at, duration(e.state.rest)))
	}
	const soon = time.Second // at the desk still
	wait := max(later(e.until, life)-e.at, soon)
	if len(e.queue) > 0 && len(e.numbers) > 0 {
		wait = e.state.turn(e.numbers[0])
	}
	if e.timer == nil {
		e.timer = time.AfterFunc(wait, e.run)
		return
	}
	e.timer.Reset(wait)
}
