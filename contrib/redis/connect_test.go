// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate_test

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
)

// The one mistake that everybody makes once has to be told where it is made.
func TestNewGateNamesAWrongAddress(t *testing.T) {
	locked := redistest.Start(t, "--requirepass", "right")
	tests := map[string]struct {
		opts redis.UniversalOptions
		want string
	}{
		"no address":       {redis.UniversalOptions{Password: "secret", TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}}, "127.0.0.1:6379"},
		"nobody there":     {redis.UniversalOptions{Addrs: []string{"127.0.0.1:1"}}, "127.0.0.1:1"},
		"no password":      {redis.UniversalOptions{Addrs: []string{locked.Addr}}, locked.Addr},
		"a wrong password": {redis.UniversalOptions{Addrs: []string{locked.Addr}, Password: "secret"}, locked.Addr},
		"a URL":            {redis.UniversalOptions{Addrs: []string{"redis://me:secret@127.0.0.1:1"}}, "Addrs[0]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := redisgate.NewGate(t.Context(), &tt.opts)
			if g != nil || err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("NewGate = %v, %v; want an error that has %q", g, err, tt.want)
			}
		})
	}
}

// A service that starts while Redis hangs would not start at all.
func TestNewGateObeysItsContext(t *testing.T) {
	s := redistest.Start(t)
	proxy := redistest.StartProxy(t, s.Addr)
	proxy.Delay(time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := redisgate.NewGate(ctx, &redis.UniversalOptions{Addrs: []string{proxy.Addr}})
	if took := time.Since(began); err == nil || !strings.Contains(err.Error(), proxy.Addr) || took > 3*time.Second {
		t.Errorf("NewGate = %v after %v", err, took)
	}
}

// Requests that are under way when a service stops still have to end.
func TestAClosedGateLetsRequestsEnd(t *testing.T) {
	s := redistest.Start(t)
	g := replica(t, s.Addr, fast)
	throttle(g, alice, 100*time.Millisecond)
	ended := make(chan bool)
	go func() {
		_, _, ok := g.Enter(t.Context(), alice, time.Minute)
		ended <- ok
	}()
	for range 2 {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
	throttle(g, bob, 0)
	if _, left, ok := g.Enter(t.Context(), bob, time.Minute); !ok {
		t.Errorf("refused after Close, left = %v", left)
	}
	if !<-ended {
		t.Error("refused by Close")
	}
	if n := s.Clients(); n != 1 {
		t.Errorf("%d connections are left", n-1)
	}
}

// A cluster refuses a script that touches keys of two slots.
func TestACluster(t *testing.T) {
	s := redistest.Start(t, "--cluster-enabled", "yes")
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	if err := client.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	until(t, "the cluster is up", func() bool {
		return strings.Contains(client.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	})
	var gates [2]*redisgate.Gate
	for i := range gates {
		g, err := redisgate.NewGate(t.Context(), &redis.UniversalOptions{Addrs: []string{s.Addr}, IsClusterMode: true}, redisgate.WithBudget(generous))
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		gates[i] = g
	}
	throttle(gates[0], alice, time.Minute)
	until(t, "the other replica knows", heldBack(gates[1]))
}
