// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// These gates have no Redis: what it would do is done by hand, and time is virtual.

var alice = retry.Key{Principal: "alice"}

func unconnected(lost bool) *Gate {
	g := &Gate{budget: defaultBudget, start: time.Now(), keys: make(map[string]*entry)}
	g.wake = make(chan struct{}, 1)
	g.alone.Store(lost)
	return g
}

// closedFor is the entry of a key that has just been throttled.
func closedFor(g *Gate, wait time.Duration) *entry {
	m, _ := g.Mark()
	g.Throttled(context.Background(), alice, m, wait)
	return g.find(idOf(alice))
}

func (e *entry) is() (state, report) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	return e.state, e.report
}

// Requests under way when the key closed tell nothing new: a pace that each of them halves
// is nothing in the end, and one that their successes raise is too high.
func TestAnOldMarkSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := unconnected(true)
		old, _ := g.Mark()
		e := closedFor(g, 10*time.Second)
		before, _ := e.is()
		closings := g.mark()
		g.Passed(t.Context(), alice, old)
		g.Throttled(t.Context(), alice, old, 5*time.Second)
		g.Throttled(t.Context(), alice, old, -1)
		if after, _ := e.is(); after != before || g.mark() != closings {
			t.Errorf("state %v, %d closings\nwant  %v, %d", &after, g.mark(), &before, closings)
		}
		g.Passed(t.Context(), alice, closings)
		g.Throttled(t.Context(), alice, closings, 10*time.Second)
		g.Throttled(t.Context(), alice, closings, 10*time.Second)
		if after, _ := e.is(); after.rate != before.rate/2 {
			t.Errorf("rate = %v after one that was news, want %v", after.rate, before.rate/2)
		}
	})
}

// Who cannot wait until the key opens again has to learn now, not at its own deadline.
func TestAClosingSendsAwayWhoCannotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := unconnected(true)
		closedFor(g, 2*time.Second)
		began := time.Now()
		refused := make(chan time.Duration)
		go func() {
			_, left, ok := g.Enter(t.Context(), alice, 5*time.Second)
			if ok {
				t.Error("let out")
			}
			refused <- left
		}()
		synctest.Wait()
		closedFor(g, time.Minute)
		if left := <-refused; left != time.Minute || time.Since(began) != 0 {
			t.Errorf("left = %v after %v, want 1m at once", left, time.Since(began))
		}
	})
}

// An entry that stays costs everybody the fast path.
func TestAKeyIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := unconnected(true)
		closedFor(g, time.Second)
		time.Sleep(time.Second + life - 1)
		if _, idle := g.Mark(); idle {
			t.Error("forgotten too early")
		}
		time.Sleep(2 * time.Nanosecond)
		if _, idle := g.Mark(); !idle {
			t.Error("held back after 2 minutes")
		}
	})
}

// The answer does not come: the budget is over for who waits least, too.
func TestTheBudgetEndsTheWaitForANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tests := map[string]func(*Gate, *entry){
			"nobody says so":       func(*Gate, *entry) {},
			"the call is too late": func(_ *Gate, e *entry) { a := e.ask(); time.Sleep(defaultBudget / 2); e.unanswered(a) },
			"Redis is lost":        func(g *Gate, _ *entry) { g.isolate() },
		}
		for name, happens := range tests {
			for _, longest := range []time.Duration{0, time.Minute} {
				if name == "nobody says so" && longest > 0 {
					continue // the desk does
				}
				g := unconnected(false)
				e := closedFor(g, 0)
				began := time.Now()
				ended := make(chan bool)
				go func() {
					_, _, ok := g.Enter(t.Context(), alice, longest)
					ended <- ok
				}()
				synctest.Wait()
				happens(g, e)
				if ok := <-ended; !ok || time.Since(began) > defaultBudget {
					t.Errorf("%s, longest %v: ok = %v after %v", name, longest, ok, time.Since(began))
				}
			}
		}
	})
}

// A report that was not answered would leave the other replicas without the 429.
func TestAReportThatWasNotAnsweredIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := unconnected(false)
		e := closedFor(g, 10*time.Second)
		_, want := e.is()
		e.unanswered(e.ask())
		if _, got := e.is(); got != want || !want.throttled || !want.news {
			t.Errorf("report %+v, want %+v", got, want)
		}
		if entries := g.called(); len(entries) < 2 {
			t.Error("nobody sends it")
		}
		g.isolate()
		if !e.untold || e.queued {
			t.Errorf("Redis is lost: untold = %v, queued = %v; want true, false", e.untold, e.queued)
		}
		closedFor(g, 20*time.Second)
		if e.queued || len(g.called()) != 0 {
			t.Error("a call is made while Redis is lost")
		}
		e.recall()
		if e.untold {
			t.Error("still untold after its recall")
		}
		closedFor(g, 30*time.Second) // before Redis is used again
		if !e.untold {
			t.Error("a closing after the recall is lost")
		}
	})
}

// News from Redis arrives out of order, and may cross what happens here.
func TestWhatRedisSaysIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := unconnected(false)
		e := closedFor(g, 10*time.Second)
		s, _ := e.is()
		s.seq, s.closing, s.rest = 5, 1, 0
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.take(s); e.state.rest != 10e6 {
			t.Error("open, before Redis knows of the 429")
		}
		e.report, e.numbers = report{}, []float64{3, 4}
		if e.take(s); e.state.rest != 0 {
			t.Error("closed, though Redis knows better")
		}
		older := s
		older.seq, older.rest = 4, 5e6
		if e.take(older); e.state.rest != 0 {
			t.Error("older news taken")
		}
		older.pos, older.born = s.pos+100, 7 // Redis had lost the key
		if e.take(older); e.state.rest != 5e6 || e.numbers[0] != 103 || e.numbers[1] != 104 {
			t.Errorf("rest %v, numbers %v: want what Redis says that began anew, and numbers that are as far away", e.state.rest, e.numbers)
		}
	})
}

// Who may not wait at all waits for the answer of Redis. That the key has closed since, and is
// open again, is no reason to send it away with a wait of 0.
func TestAnOpenKeySendsNobodyAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := unconnected(false)
		e := closedFor(g, 0)
		ended := make(chan bool, 1)
		go func() {
			_, _, ok := g.Enter(t.Context(), alice, 0)
			ended <- ok
		}()
		synctest.Wait()
		time.Sleep(time.Millisecond)
		a := e.ask()
		s, _ := e.is()
		s.seq, s.closing = 1, 1
		if err := e.answer(a, []string{s.String(), "0"}, false); err != nil {
			t.Fatal(err)
		}
		if !<-ended {
			t.Error("sent away")
		}
	})
}

// A state without a pace would hold a key back for ever.
func TestParseRefusesNonsense(t *testing.T) {
	good := fresh(0)
	if s, err := parse(good.String()); err != nil || s != good {
		t.Errorf("parse(%v) = %v, %v", &good, &s, err)
	}
	for _, text := range []string{
		"", "x", "0 0 0 0 0 10", "0 0 0 0 0 0 1 1 1 0 0 0 0 0", "0 0 NaN 0 0 10 1 1 1 0 0 0 0 0",
		"0 0 Inf 0 0 10 1 1 1 0 0 0 0 0", "0 0 -1 0 0 10 1 1 1 0 0 0 0 0", "0 0 x 0 0 10 1 1 1 0 0 0 0 0",
	} {
		if s, err := parse(text); err == nil {
			t.Errorf("parse(%q) = %v", text, &s)
		}
	}
}

// A Redis that comes and goes would make an event for each request.
func TestProbesBackOff(t *testing.T) {
	if p := nextProbe(mostProbe, steady); p != firstProbe {
		t.Errorf("after a steady time %v", p)
	}
	p, n := firstProbe, 0
	for ; p < mostProbe; n++ {
		p = nextProbe(p, steady-1)
	}
	if n != 5 || nextProbe(p, 0) != mostProbe {
		t.Errorf("%d steps to %v", n, p)
	}
}
