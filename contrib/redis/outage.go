// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"fmt"
	"math"
	"time"
)

// A Redis that is lost is asked again after firstProbe, then after twice that, and so on to
// mostProbe. It starts anew once Redis has stayed for steady.
const (
	firstProbe = 100 * time.Millisecond
	mostProbe  = 2 * time.Second
	steady     = 5 * time.Second
)

// lose leaves the replica on its own. It goes on from what it knows, as one of the replicas
// that there are: of the numbers that come next it takes one in so many, and what it sees
// let through stands for what the others see.
func (g *Gate) lose(err error) {
	g.lostAt = time.Now()
	g.probe = nextProbe(g.probe, g.lostAt.Sub(g.backAt))
	g.isolate()
	_ = g.sub.Close()
	g.sub = nil
	g.tell(Event{Lost: fmt.Errorf("redisgate: lost Redis at %s: %w", g.store.addrs, err)})
}

// nextProbe is when to ask a Redis that is lost again, after it was there for so long.
func nextProbe(last, there time.Duration) time.Duration {
	if there >= steady {
		return firstProbe
	}
	return min(2*last, mostProbe)
}

// isolate gives numbers to all who wait for Redis.
func (g *Gate) isolate() {
	g.alone.Store(true)
	for _, e := range g.entries() {
		e.mu.Lock()
		e.advance()
		e.settle(e.report)
		e.report, e.queued = report{owed: e.report.owed}, false
		e.draw()
		e.mu.Unlock()
	}
}

// regain ends an outage, if Redis is back.
func (g *Gate) regain() error {
	if err := g.connect(g.ctx); err != nil {
		return err
	}
	g.alone.Store(false)
	for _, e := range g.entries() {
		e.mu.Lock()
		if e.untold { // closed after its recall
			e.remind()
			g.call(e)
		}
		e.mu.Unlock()
	}
	g.backAt = time.Now()
	g.tell(Event{Away: g.backAt.Sub(g.lostAt)})
	return nil
}

func (g *Gate) tell(e Event) {
	for _, observe := range g.observers {
		observe(e)
	}
}

// What follows is what gate.lua does, for a replica on its own. They need the entry's lock.

// settle takes in a report that Redis may not have got.
func (e *entry) settle(r report) {
	if r.passed > 0 {
		e.state.passed(r.passed)
	}
	if r.news {
		e.state.punish(r.wait)
	}
	e.untold = e.untold || r.throttled
}

// remind makes a report of a closing that was not told. Whether it was news nobody can say
// by now.
func (e *entry) remind() {
	e.report = report{throttled: true, wait: duration(e.state.rest), at: e.at, seen: e.state.closing, owed: e.report.owed}
	e.untold = false
}

// draw gives numbers to those in the queue who have none, or sends them away.
func (e *entry) draw() {
	for i := len(e.numbers); i < len(e.queue); {
		w, number := e.queue[i], max(e.state.tail, e.state.pos-e.state.rate*spare.Seconds())
		turn := duration(e.state.rest + e.state.after(number-e.state.pos))
		if turn > 0 && later(e.at, turn) >= w.limit {
			e.dismiss(w, turn)
			continue
		}
		e.numbers = append(e.numbers, number)
		e.report.owed++
		e.state.tail = number + max(e.state.crowd, 1)
		i++
	}
	e.release()
	e.arm()
}

// passed lets the pace grow by so many requests that were let through here.
func (s *state) passed(n int) {
	s.passing, s.backoff = 1, 0
	if s.tail <= s.pos {
		return
	}
	for range int(min(float64(n)*max(s.crowd, 1), mostPassed)) {
		s.letThrough()
	}
}

// mostPassed bounds a loop. After as many the pace has grown as far as it can.
const mostPassed = 10_000

func (s *state) letThrough() {
	s.rate = min(s.rate+s.growth, s.mostRate())
	if s.rate > s.last*(1+s.step/4) {
		s.last = s.rate
		s.step = min(2*s.step, 1)
		s.growth = min(4*s.growth, 1.5)
	}
}

// punish takes in a 429 that is news, and returns for how long it closes.
func (s *state) punish(wait time.Duration) time.Duration {
	if wait < 0 {
		const first, most = 1e6, 60e6
		s.backoff = min(max(2*s.backoff, first), most)
		wait = duration(s.backoff)
	}
	if s.passing == 1 {
		s.slow(wait)
	}
	s.passing = 0
	return wait
}

func (s *state) slow(closed time.Duration) {
	const nextToNothing, leastRate, leastClosure = 1.0 / 16, 0.1, 1
	if s.rate < s.last*(1-s.step*(1-nextToNothing)) {
		s.step = min(2*s.step, 1.0/2)
	} else {
		s.step = max(s.step/2, 1.0/32)
	}
	s.last = s.rate
	s.rate = min(max(s.rate*(1-s.step), leastRate), s.mostRate())
	s.growth = s.step * s.step / 2 / max(closed.Seconds(), leastClosure)
}

// after is how long n numbers take, in microseconds, the growth that they bring included.
func (s *state) after(n float64) float64 {
	n = max(n, 0)
	t := n / s.rate
	if s.growth > 0 {
		t = max(math.Log1p(s.growth*t)/s.growth, n/s.mostRate())
	}
	return t * 1e6
}

func (s *state) mostRate() float64 {
	if s.most > 0 {
		return s.most
	}
	return math.Inf(1)
}
