// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

func principal(i int) retry.Key { return retry.Key{Principal: "principal-" + strconv.Itoa(i)} }

// holdBack closes a gate for n principals.
func holdBack(g retry.Gate, n int) {
	for i := range n {
		g.Throttled(context.Background(), principal(i), 0, time.Hour)
	}
}

// An attacker with many tokens, or an upstream that throttles everybody, would take
// all memory; and a bound that throws the wrong ones out would end the cooling of
// principals that are throttled now.
func TestGateHoldsBack100000Keys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := retry.NewGate()
		holdBack(g, 100_001)
		for i, want := range map[int]time.Duration{0: time.Hour, 99_999: time.Hour, 100_000: 0} {
			if got := left(t, g, principal(i)); got != want {
				t.Errorf("left for principal %d = %v, want %v", i, got, want)
			}
		}
	})
}

// What a key costs is a promise of the documentation. The names of the principals are
// counted along.
func TestGateMemoryOfAKey(t *testing.T) {
	for _, n := range []int{1_000, 100_000} {
		synctest.Test(t, func(t *testing.T) { // with the bubble, the timers go
			g := retry.NewGate()
			before := heap()
			holdBack(g, n)
			got := (heap() - before) / int64(n)
			if t.Logf("%d keys: %d bytes each", n, got); got > 512 {
				t.Errorf("%d keys: %d bytes each, want at most 512", n, got)
			}
			runtime.KeepAlive(g)
		})
	}
}

// heap is what is in use. What a first collection has made free, as from a pool, only
// a second one takes away.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// Each request pays for the question whether somebody is held back, millions of them
// for one that is.
func TestGateAllocatesNothingForOthers(t *testing.T) {
	ctx, idle, busy := t.Context(), retry.NewGate(), retry.NewGate()
	holdBack(busy, 1000)
	for name, f := range map[string]func(){
		"Mark":                    func() { idle.Mark() },
		"Mark while others cool":  func() { busy.Mark() },
		"Enter while others cool": func() { busy.Enter(ctx, alice, time.Second) },
		"Passed":                  func() { busy.Passed(ctx, alice, 0) },
		"Enter when refused":      func() { busy.Enter(ctx, retry.Key{Principal: "principal-7"}, time.Second) },
	} {
		if got := testing.AllocsPerRun(1000, f); got != 0 {
			t.Errorf("%s: %v allocations, want none", name, got)
		}
	}
}

// Under the race detector this finds what is not locked. A request that is never let
// out, or a count of keys that does not come back to nothing, is found without.
func TestGateConcurrentUse(t *testing.T) {
	g := retry.NewGate(retry.Limit{Requests: 1_000_000, Per: time.Second})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for range 500 {
				request(g, principal(rng.IntN(4)), rng)
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		if _, left, ok := g.Enter(t.Context(), principal(i), time.Second); !ok {
			t.Errorf("principal %d is refused, %v left", i, left)
		}
	}
}

// request ends in all ways that there are.
func request(g retry.Gate, key retry.Key, rng *rand.Rand) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+rng.IntN(3000))*time.Microsecond)
	defer cancel()
	m, idle := g.Mark()
	if !idle {
		var ok bool
		if m, _, ok = g.Enter(ctx, key, 2*time.Millisecond); !ok {
			return
		}
	}
	switch rng.IntN(10) {
	case 0:
		g.Throttled(ctx, key, m, time.Duration(rng.IntN(500))*time.Microsecond)
	case 1: // the connection was lost
	default:
		g.Passed(ctx, key, m)
	}
}

// A million principals, of whom none cools: the load of one word.
func BenchmarkGateMark(b *testing.B) {
	g := retry.NewGate()
	b.Run("idle", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, idle := g.Mark(); !idle {
				b.Fatal("not idle")
			}
		}
	})
	b.Run("idle, parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, idle := g.Mark(); !idle {
					b.Error("not idle")
				}
			}
		})
	})
}

// A million principals, of whom a thousand cool.
func BenchmarkGateEnter(b *testing.B) {
	const principals = 1 << 20
	keys := make([]retry.Key, principals)
	for i := range keys {
		keys[i] = principal(i)
	}
	g, ctx := retry.NewGate(), b.Context()
	holdBack(g, 1000)
	enter := func(i int) {
		if _, idle := g.Mark(); !idle {
			g.Enter(ctx, keys[i*7919%principals], time.Millisecond) // in no order that a cache would like
		}
	}
	plain := make(map[retry.Key]bool)
	for _, key := range keys[:1000] {
		plain[key] = true
	}
	found := false
	b.Run("a map without a lock", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			found = plain[keys[i*7919%principals]]
		}
	})
	runtime.KeepAlive(found)
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			enter(i)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.IntN(principals); pb.Next(); i++ {
				enter(i)
			}
		})
	})
}
