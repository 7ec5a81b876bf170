// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// fast is a limit that holds nobody back: what is late is Redis.
var fast = redisgate.WithLimits(retry.Limit{Requests: 1_000_000, Per: time.Second})

// A Redis that answers after 5 s would add 5 s to each call.
func TestASlowRedisDelaysNobody(t *testing.T) {
	s := redistest.Start(t)
	proxy := redistest.StartProxy(t, s.Addr)
	trips, events := &counter{}, &journal{}
	const budget = 50 * time.Millisecond
	g := replica(t, proxy.Addr, fast, redisgate.WithBudget(budget), redisgate.WithHook(trips), redisgate.WithObserver(events.observe))
	throttle(g, alice, 0)
	until(t, "Redis knows", func() bool { return trips.take() > 0 })
	before := len(events.all())
	proxy.Delay(5 * time.Second)
	began := time.Now()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				if _, left, ok := g.Enter(t.Context(), alice, time.Minute); !ok {
					t.Errorf("refused, left = %v", left)
				}
			}
		})
	}
	wg.Wait()
	// Twice the budget is what it takes to see that Redis is lost: one answer may be late.
	if took := time.Since(began); took > 2*budget+2*time.Second {
		t.Errorf("20 calls in a row took %v", took)
	}
	if e := events.seen(t, before+1)[before]; e.Lost == nil || !strings.Contains(e.Lost.Error(), proxy.Addr) {
		t.Errorf("event %+v, want one that names %s", e, proxy.Addr)
	}
	proxy.Delay(0)
	proxy.Cut() // what is on its way arrives late
	until(t, "Redis is back", func() bool { all := events.all(); return all[len(all)-1].Lost == nil })
	trips.take()
	if left(t, g, alice) != 0 || trips.take() == 0 {
		t.Error("Redis is back, and is not used")
	}
}

// A call waits no longer than the budget, not for one answer and then for another.
func TestTheBudgetIsOfTheCall(t *testing.T) {
	s := redistest.Start(t)
	proxy := redistest.StartProxy(t, s.Addr)
	const budget = 400 * time.Millisecond
	g := replica(t, proxy.Addr, fast, redisgate.WithBudget(budget))
	throttle(g, alice, 0)
	g.Enter(t.Context(), alice, time.Minute)
	proxy.Delay(300 * time.Millisecond) // for each answer
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			<-time.After(time.Duration(i) * 37 * time.Millisecond)
			began := time.Now()
			g.Enter(t.Context(), alice, time.Minute)
			if took := time.Since(began); took > budget+150*time.Millisecond {
				t.Errorf("%d: took %v of a budget of %v", i, took, budget)
			}
		})
	}
	wg.Wait()
}

// One late answer, as a busy machine makes them, is no loss. Two are.
func TestOneLateAnswerIsNoLoss(t *testing.T) {
	s := redistest.Start(t)
	for _, late := range []int64{1, 2} {
		hook, events := &laggard{}, &journal{}
		g := replica(t, s.Addr, fast, redisgate.WithBudget(100*time.Millisecond), redisgate.WithHook(hook), redisgate.WithObserver(events.observe))
		throttle(g, alice, 0)
		until(t, "Redis knows", func() bool { return hook.count() > 0 })
		before := len(events.all())
		hook.times.Store(late)
		if left(t, g, alice) != 0 {
			t.Error("refused because of a late answer")
		}
		until(t, "the answers were late", func() bool { return hook.times.Load() <= 0 })
		if late == 1 {
			throttle(g, bob, time.Minute)
			until(t, "Redis is used", heldBack(replica(t, s.Addr)))
			if n := len(events.all()); n != before {
				t.Errorf("%d events, want %d", n, before)
			}
			continue
		}
		if e := events.seen(t, before+1)[before]; e.Lost == nil {
			t.Errorf("event %+v, want a loss", e)
		}
	}
}

// A Redis that answers too late is there, and of no use: each time that it were used again,
// requests would wait. One that nobody asks is not lost.
func TestALateRedisIsNotUsed(t *testing.T) {
	s := redistest.Start(t)
	proxy := redistest.StartProxy(t, s.Addr)
	events, idle := &journal{}, &journal{}
	replica(t, s.Addr, redisgate.WithObserver(idle.observe))
	g := replica(t, proxy.Addr, redisgate.WithBudget(60*time.Millisecond), redisgate.WithObserver(events.observe))
	proxy.Delay(90 * time.Millisecond)
	throttle(g, alice, 0)
	events.seen(t, 1)
	<-time.After(2500 * time.Millisecond)
	if n := len(events.all()); n != 1 {
		t.Errorf("late: %d events, want 1", n)
	}
	if n := len(idle.all()); n != 0 {
		t.Errorf("idle: %d events, want none", n)
	}
}

// A Redis that starts again has forgotten everything: the replicas have not. Without them
// all would send at once to an upstream that has said not to.
func TestARestartedRedisIsToldWhatItForgot(t *testing.T) {
	s := redistest.Start(t)
	events := &journal{}
	a := replica(t, s.Addr, redisgate.WithObserver(events.observe))
	b := replica(t, s.Addr)
	throttle(a, alice, time.Minute)
	until(t, "the other replica knows", heldBack(b))
	s.Kill()
	if e := events.seen(t, 1)[0]; e.Lost == nil || e.Away != 0 {
		t.Errorf("event %+v, want a loss", e)
	}
	for name, g := range map[string]retry.Gate{"a": a, "b": b} {
		if got := left(t, g, alice); got < 50*time.Second {
			t.Errorf("%s without Redis: left = %v", name, got)
		}
	}
	throttle(a, bob, time.Minute) // while it is gone
	s.Restart()
	if e := events.seen(t, 2)[1]; e.Lost != nil || e.Away <= 0 {
		t.Errorf("event %+v, want that Redis is back", e)
	}
	late := replica(t, s.Addr)
	for _, key := range []retry.Key{alice, bob} {
		for name, g := range map[string]retry.Gate{"b": b, "a new one": late} {
			until(t, name+" knows", func() bool { return left(t, g, key) > 50*time.Second })
		}
	}
	if n := len(events.all()); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

// Eight replicas on their own would send eight times what is allowed.
func TestReplicasOnTheirOwnKeepTheSharedPace(t *testing.T) {
	s := redistest.Start(t)
	limit := redisgate.WithLimits(retry.Limit{Requests: 100, Per: 97 * time.Second / 20}) // 20 a second
	var gates []*redisgate.Gate
	var events []*journal
	for range 4 {
		j := &journal{}
		gates, events = append(gates, replica(t, s.Addr, limit, redisgate.WithObserver(j.observe))), append(events, j)
	}
	throttle(gates[0], alice, 0)
	for _, g := range gates {
		until(t, "it knows", heldBack(g))
		g.Enter(t.Context(), alice, time.Minute)
	}
	s.Kill()
	for _, j := range events {
		j.seen(t, 1)
	}
	began := time.Now()
	var wg sync.WaitGroup
	for _, g := range gates {
		for range 5 {
			wg.Go(func() {
				if _, left, ok := g.Enter(t.Context(), alice, time.Minute); !ok {
					t.Errorf("refused, left = %v", left)
				}
			})
		}
	}
	wg.Wait()
	if took := time.Since(began); took < 600*time.Millisecond || took > 2*time.Second {
		t.Errorf("20 requests of 20 a second took %v, want 1s", took)
	}
}

// Who waits for a turn keeps it when Redis goes, and when it comes back.
func TestWaitersKeepTheirTurnsThroughAnOutage(t *testing.T) {
	s := redistest.Start(t)
	events := &journal{}
	g := replica(t, s.Addr, fast, redisgate.WithObserver(events.observe))
	throttle(g, alice, 1500*time.Millisecond)
	began := time.Now()
	ended := make(chan time.Duration)
	for range 10 {
		go func() {
			if _, left, ok := g.Enter(t.Context(), alice, time.Minute); !ok {
				t.Errorf("refused, left = %v", left)
			}
			ended <- time.Since(began)
		}()
	}
	s.Kill()
	events.seen(t, 1)
	s.Restart()
	events.seen(t, 2)
	for range 10 {
		if took := <-ended; took < 1490*time.Millisecond || took > 3*time.Second {
			t.Errorf("left after %v, want 1.5s", took)
		}
	}
}
