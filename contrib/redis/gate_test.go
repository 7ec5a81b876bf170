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
