// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A gate that leaves a goroutine behind leaks one with each reload of a service.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	alice = retry.Key{Principal: "alice"}
	bob   = retry.Key{Principal: "bob"}
)

// replica is a gate as one process has it.
func replica(tb testing.TB, addr string, options ...redisgate.Option) *redisgate.Gate {
	tb.Helper()
	g, err := redisgate.NewGate(tb.Context(), &redis.UniversalOptions{Addrs: []string{addr}},
		append([]redisgate.Option{redisgate.WithBudget(generous)}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(); err != nil {
			tb.Error(err)
		}
	})
	return g
}

// generous: what these tests look for is not how busy the machine is.
const generous = 2 * time.Second

// throttle is a 429 that answers a request sent just now.
func throttle(g retry.Gate, key retry.Key, wait time.Duration) {
	m, _ := g.Mark()
	g.Throttled(context.Background(), key, m, wait)
}

// left is what a request is told that does not want to wait; 0 if it may be sent.
func left(tb testing.TB, g retry.Gate, key retry.Key) time.Duration {
	tb.Helper()
	_, left, ok := g.Enter(tb.Context(), key, 0)
	if ok != (left == 0) {
		tb.Errorf("Enter = %v, %v", left, ok)
	}
	return left
}

// until waits for something that another goroutine brings about.
func until(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !done(); <-tick.C {
		if time.Now().After(deadline) {
			tb.Fatalf("waited 10 s for: %s", what)
		}
	}
}

func heldBack(g retry.Gate) func() bool {
	return func() bool { _, idle := g.Mark(); return !idle }
}

// A journal collects events.
type journal struct {
	mu     sync.Mutex
	events []redisgate.Event
}

func (j *journal) observe(e redisgate.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

func (j *journal) all() []redisgate.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.events)
}

// seen waits until there are n events.
func (j *journal) seen(tb testing.TB, n int) []redisgate.Event {
	tb.Helper()
	until(tb, "an event", func() bool { return len(j.all()) >= n })
	return j.all()
}

// A laggard is late as often as it is told.
type laggard struct {
	counter

	times atomic.Int64
}

func (l *laggard) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if l.times.Add(-1) >= 0 {
			<-ctx.Done()
			return ctx.Err()
		}
		defer l.add()
		return next(ctx, cmds)
	}
}

// A counter counts trips to Redis.
type counter struct {
	mu    sync.Mutex
	trips int
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trips++
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trips
}

// take returns how many there were since the last time.
func (c *counter) take() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.trips
	c.trips = 0
	return n
}

func (c *counter) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { c.add(); return next(ctx, cmd) }
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { c.add(); return next(ctx, cmds) }
}
