// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Eight replicas would each get their own 429, and prolong the punishment of all.
func TestOneReplicasThrottledHoldsThemAllBack(t *testing.T) {
	s := redistest.Start(t)
	a, b := replica(t, s.Addr), replica(t, s.Addr)
	throttle(a, alice, time.Minute)
	until(t, "the other replica knows", heldBack(b))
	late := replica(t, s.Addr) // started after the closing
	for name, g := range map[string]retry.Gate{"who was told 429": a, "another": b, "a new one": late} {
		if got := left(t, g, alice); got < 50*time.Second || got > time.Minute {
			t.Errorf("%s: left = %v, want a little less than 1m", name, got)
		}
		for _, free := range []retry.Key{bob, {Principal: "alice", Group: "upload"}, {Principal: "", Group: "alice"}} {
			if got := left(t, g, free); got != 0 {
				t.Errorf("%s: left for %v = %v, want 0", name, free, got)
			}
		}
	}
}

// The pace is that of all replicas: 8 of them at 10 a second would be 80.
func TestReplicasShareThePace(t *testing.T) {
	s := redistest.Start(t)
	limit := redisgate.WithLimits(retry.Limit{Requests: 100, Per: 97 * time.Second / 20}) // 20 a second
	gates := []*redisgate.Gate{replica(t, s.Addr, limit), replica(t, s.Addr, limit), replica(t, s.Addr, limit)}
	throttle(gates[0], alice, 100*time.Millisecond)
	for _, g := range gates {
		until(t, "it knows", heldBack(g))
	}
	const each = 5
	times := make(chan time.Time, each*len(gates))
	for range each {
		for _, g := range gates {
			go func() {
				if _, left, ok := g.Enter(t.Context(), alice, time.Minute); !ok {
					t.Errorf("refused, left = %v", left)
				}
				times <- time.Now()
			}()
		}
	}
	first := <-times
	last := first
	for range each*len(gates) - 1 {
		last = <-times
	}
	if took := last.Sub(first); took < 650*time.Millisecond || took > 1500*time.Millisecond {
		t.Errorf("15 requests of 20 a second took %v, want 700ms", took)
	}
}

// A 429 that answers a request from before the closing is no news: each of the requests
// under way would halve the pace. But the longest wait counts, whoever was told it.
func TestRequestsUnderWayAreNoNews(t *testing.T) {
	s := redistest.Start(t)
	trips := &counter{}
	a, b := replica(t, s.Addr), replica(t, s.Addr, redisgate.WithHook(trips))
	old, _ := b.Mark()
	throttle(a, alice, 20*time.Second)
	until(t, "the other replica knows", heldBack(b))
	trips.take()
	b.Throttled(t.Context(), alice, old, 10*time.Second)
	b.Throttled(t.Context(), alice, old, -1)
	if n := trips.take(); n != 0 {
		t.Errorf("%d trips for what is no news", n)
	}
	b.Throttled(t.Context(), alice, old, 2*time.Minute)
	until(t, "the longer wait is known", func() bool { return left(t, a, alice) > time.Minute })
}

// A caller that cannot wait so long has to learn at once, and a closed key must not cost
// Redis a question for each call.
func TestTooLateIsToldAtOnce(t *testing.T) {
	s := redistest.Start(t)
	trips := &counter{}
	g := replica(t, s.Addr, redisgate.WithHook(trips))
	trips.take()
	throttle(g, alice, time.Minute)
	until(t, "Redis knows", func() bool { return trips.take() == 1 })
	short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for range 100 {
		if _, left, ok := g.Enter(short, alice, time.Hour); ok || left < 50*time.Second {
			t.Fatalf("Enter = %v, %v, want a little less than 1m, false", left, ok)
		}
	}
	if n := trips.take(); n != 0 || short.Err() != nil {
		t.Errorf("%d trips, %v; want none, at once", n, short.Err())
	}
}

// The queue of a key is longer than the caller can wait: only Redis knows that.
func TestTheQueueOfAllReplicasCounts(t *testing.T) {
	s := redistest.Start(t)
	limit := redisgate.WithLimits(retry.Limit{Requests: 1, Per: 970 * time.Millisecond})
	a, b := replica(t, s.Addr, limit), replica(t, s.Addr, limit)
	throttle(a, alice, time.Second)
	until(t, "the other replica knows", heldBack(b))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	for range 4 {
		go func() {
			_, _, ok := a.Enter(ctx, alice, time.Minute)
			ended <- ok
		}()
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	key := client.Keys(t.Context(), "*:key:*").Val()[0]
	until(t, "all have numbers", func() bool { return client.HGet(t.Context(), key, "tail").Val() >= "4" })
	began := time.Now()
	if _, left, ok := b.Enter(t.Context(), alice, 2*time.Second); ok || left < 3*time.Second || time.Since(began) > time.Second {
		t.Errorf("Enter = %v, %v after %v; want 4s or so, false, at once", left, ok, time.Since(began))
	}
	cancel()
	for range 4 {
		if <-ended {
			t.Error("a cancelled request was let out")
		}
	}
}

// Somebody who goes away leaves a number behind. The next one here takes it: the upstream
// would stay idle for that time, and Redis would be asked once more.
func TestTheNumberOfWhoGoesAwayIsUsed(t *testing.T) {
	s := redistest.Start(t)
	trips := &counter{}
	g := replica(t, s.Addr, redisgate.WithHook(trips))
	trips.take()
	throttle(g, alice, 300*time.Millisecond)
	until(t, "Redis knows", func() bool { return trips.count() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		_, _, ok := g.Enter(ctx, alice, time.Minute)
		ended <- ok
	}()
	until(t, "it has asked", func() bool { return trips.count() == 2 })
	throttle(g, bob, 0)
	until(t, "it has its answer, and the next question is asked", func() bool { return trips.count() == 3 })
	cancel()
	<-ended
	trips.take()
	began := time.Now()
	if _, _, ok := g.Enter(t.Context(), alice, time.Minute); !ok || trips.take() != 0 || time.Since(began) > time.Second {
		t.Errorf("ok = %v after %v, want the number that was left", ok, time.Since(began))
	}
}

// What is in Redis must end by itself, and must tell nobody who it is about.
func TestWhatIsInRedis(t *testing.T) {
	s := redistest.Start(t)
	g := replica(t, s.Addr, redisgate.WithPrefix("files"))
	throttle(g, alice, 10*time.Second)
	late := replica(t, s.Addr, redisgate.WithPrefix("files"))
	until(t, "it is there", heldBack(late))
	if _, idle := replica(t, s.Addr).Mark(); !idle {
		t.Error("another prefix, and the key is held back")
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	names := client.Keys(t.Context(), "*").Val()
	if len(names) != 2 {
		t.Errorf("keys = %q, want one and the set of them", names)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "{files:gate:1}:") || strings.Contains(name, "alice") {
			t.Errorf("name %q", name)
		}
		if ttl := client.TTL(t.Context(), name).Val(); ttl < 2*time.Minute || ttl > 131*time.Second {
			t.Errorf("%s expires in %v, want 130s", name, ttl)
		}
		if text := fmt.Sprint(client.HGetAll(t.Context(), name).Val()); strings.Contains(text, "alice") {
			t.Errorf("%s has %s", name, text)
		}
	}
}

// A counter of trips would be of no use if requests that nothing holds back went to Redis.
func TestTrips(t *testing.T) {
	s := redistest.Start(t)
	trips := &counter{}
	limit := redisgate.WithLimits(retry.Limit{Requests: 1_000_000, Per: time.Second})
	g := replica(t, s.Addr, limit, redisgate.WithHook(trips))
	trips.take()
	for range 1000 {
		m, idle := g.Mark()
		if !idle {
			t.Fatal("not idle")
		}
		g.Passed(t.Context(), alice, m)
	}
	if n := trips.take(); n != 0 {
		t.Errorf("fast path: %d trips, want 0", n)
	}
	throttle(g, alice, 0)
	until(t, "Redis knows", func() bool { return trips.take() == 1 })
	if left(t, g, bob) != 0 || trips.take() != 0 {
		t.Error("somebody else's key cost a trip")
	}
	m, _, _ := g.Enter(t.Context(), alice, time.Minute)
	if n := trips.take(); n != 1 {
		t.Errorf("slow path: %d trips, want 1", n)
	}
	g.Passed(t.Context(), alice, m)
	until(t, "the first that passed is told", func() bool { return trips.take() == 1 })
	for range 100 {
		m, _, _ := g.Enter(t.Context(), alice, time.Minute)
		g.Passed(t.Context(), alice, m)
	}
	if n := trips.take(); n != 100 {
		t.Errorf("100 requests, each waiting for the one before: %d trips, want 100", n)
	}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { g.Enter(t.Context(), alice, time.Minute) })
	}
	wg.Wait()
	if n := trips.take(); n > 100 {
		t.Errorf("100 requests at once: %d trips, want at most 100", n)
	}
}
