// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
)

// A Redis that is there and refuses is as good as none: calls must not fail for it, and
// what the upstream says still counts.
func TestARedisThatRefusesFailsNoCall(t *testing.T) {
	for want, command := range map[string][]any{
		"OOM":        {"CONFIG", "SET", "maxmemory", "1"},
		"READONLY":   {"REPLICAOF", "127.0.0.1", "1"},
		"NOREPLICAS": {"CONFIG", "SET", "min-replicas-to-write", "1"},
		"NOPERM":     {"ACL", "SETUSER", "default", "-evalsha"},
		"NOSCRIPT":   {"SCRIPT", "FLUSH"},
	} {
		t.Run(want, func(t *testing.T) {
			s := redistest.Start(t)
			trips, events := &counter{}, &journal{}
			g := replica(t, s.Addr, fast, redisgate.WithHook(trips), redisgate.WithObserver(events.observe))
			trips.take()
			throttle(g, alice, 0)
			until(t, "Redis knows", func() bool { return trips.take() == 1 })
			client := redis.NewClient(&redis.Options{Addr: s.Addr})
			defer client.Close()
			if err := client.Do(t.Context(), command...).Err(); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				if _, left, ok := g.Enter(t.Context(), alice, time.Minute); !ok {
					t.Errorf("refused, left = %v", left)
				}
			}
			if e := events.seen(t, 1)[0]; e.Lost == nil || !strings.Contains(e.Lost.Error(), want) || !strings.Contains(e.Lost.Error(), s.Addr) {
				t.Errorf("event %+v, want one that has %s and %s", e, want, s.Addr)
			}
			throttle(g, bob, time.Minute)
			if got := left(t, g, bob); got < 50*time.Second {
				t.Errorf("left = %v, want a little less than 1m", got)
			}
			if want == "NOSCRIPT" {
				events.seen(t, 2) // it has the script again
			}
		})
	}
}

// A Redis that is full evicts the key, and a replica that knew less makes it anew. What it
// says then counts for the others too, though they had counted further.
func TestAnEvictedKeyStillHoldsThemAllBack(t *testing.T) {
	s := redistest.Start(t)
	a, b := replica(t, s.Addr, fast), replica(t, s.Addr, fast)
	throttle(a, alice, 0)
	until(t, "the other replica knows", heldBack(b))
	for range 20 {
		a.Enter(t.Context(), alice, time.Minute)
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	throttle(b, alice, 2*time.Second)
	until(t, "Redis knows", func() bool { return client.DBSize(t.Context()).Val() == 2 })
	if _, left, ok := a.Enter(t.Context(), alice, time.Minute); !ok || time.Since(began) < 1990*time.Millisecond {
		t.Errorf("left = %v, %v after %v; want true after 2s", left, ok, time.Since(began))
	}
}

// Whoever can write to the channel could stop a service with what cannot be read.
func TestStrangeNewsAreIgnored(t *testing.T) {
	s := redistest.Start(t)
	g := replica(t, s.Addr)
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	for _, text := range []string{"", " ", "x", "x 1 2 3", "x 0 1 0 0 0 0 0 0 0 0 0 0 0 0", "x 1 1 NaN 1 1 1 1 1 1 1 1 1 1 1", "x 1 1 1 1 1 -1 1 1 1 1 1 1 1 1", "x 1 1 Inf 1 1 1 1 1 1 1 1 1 1 1"} {
		if n := client.Publish(t.Context(), "{boxgrpc:gate:1}:news", text).Val(); n != 1 {
			t.Errorf("%d listeners", n)
		}
	}
	throttle(replica(t, s.Addr), bob, time.Minute) // comes after them
	until(t, "the next news", func() bool { return left(t, g, bob) > 0 })
}
