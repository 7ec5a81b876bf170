// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate_test

import (
	"testing"
	"time"

	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// What a request pays, beside the gate in memory: nothing where nobody is held back, one
// trip where its key is.
func BenchmarkGate(b *testing.B) {
	s := redistest.Start(b)
	trips := &counter{}
	limit := retry.Limit{Requests: 1_000_000_000, Per: time.Second}
	gates := map[string]retry.Gate{
		"memory": retry.NewGate(limit),
		"redis":  replica(b, s.Addr, redisgate.WithLimits(limit), redisgate.WithHook(trips)),
	}
	for _, name := range []string{"memory", "redis"} {
		g := gates[name]
		b.Run("fast/"+name, func(b *testing.B) {
			trips.take()
			b.ReportAllocs()
			for b.Loop() {
				if _, idle := g.Mark(); !idle {
					b.Fatal("not idle")
				}
			}
			b.ReportMetric(float64(trips.take())/float64(b.N), "trips/op")
		})
	}
	for _, name := range []string{"memory", "redis"} {
		g := gates[name]
		throttle(g, alice, 0)
		m, _, _ := g.Enter(b.Context(), alice, time.Minute)
		g.Passed(b.Context(), alice, m)
		for path, key := range map[string]retry.Key{"other key": bob, "slow": alice} {
			b.Run(path+"/"+name, func(b *testing.B) {
				trips.take()
				b.ReportAllocs()
				for b.Loop() {
					m, _, _ := g.Enter(b.Context(), key, time.Minute)
					g.Passed(b.Context(), key, m)
				}
				b.ReportMetric(float64(trips.take())/float64(b.N), "trips/op")
			})
		}
		b.Run("slow, 64 at once/"+name, func(b *testing.B) {
			trips.take()
			b.SetParallelism(32)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					m, _, _ := g.Enter(b.Context(), alice, time.Minute)
					g.Passed(b.Context(), alice, m)
				}
			})
			b.ReportMetric(float64(trips.take())/float64(b.N), "trips/op")
		})
	}
}

// Everybody pays this, a 429 or none.
func TestTheFastPathAllocatesNothing(t *testing.T) {
	g := replica(t, redistest.Start(t).Addr)
	if n := testing.AllocsPerRun(100, func() { g.Mark() }); n != 0 {
		t.Errorf("Mark: %v allocations", n)
	}
}
