// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A storm is callers that want more than an upstream gives, for two minutes of virtual
// time. Each thinks, calls with a deadline of 10 s and up to three attempts, and
// thinks again.
type storm struct {
	kind     string        // how the upstream limits, see upstream
	capacity float64       // requests a second
	callers  int           // want twice the capacity together; in a blip 0.8 of it
	latency  time.Duration // of the upstream
	jitter   time.Duration // added to it at random

	told     float64 // the limit told to the gate, in capacities
	stacked  bool    // a gate in the client, over one in the server
	replicas int     // processes that share the limit, each with a gate
	hintless bool    // 429s name no wait
	seed     uint64
}

// usual is the storm that peers were measured with.
func usual(kind string, seed uint64) storm {
	return storm{kind: kind, capacity: 100, callers: 64, latency: 20 * time.Millisecond, replicas: 1, seed: seed}
}

const (
	stormTime     = 2 * time.Minute
	stormDeadline = 10 * time.Second
	stormAttempts = 3
)

// A caller makes one call, and returns the wait after which it may be made again, or 0
// if it succeeded.
type caller func(context.Context) time.Duration

// gated is the loop that a gate is made for.
func gated(g retry.Gate, key retry.Key, hintless bool, next caller) caller {
	return func(ctx context.Context) time.Duration {
		var wait time.Duration
		for range stormAttempts {
			m, idle := g.Mark()
			if !idle {
				var ok bool
				if m, wait, ok = g.Enter(ctx, key, stormDeadline); !ok {
					return max(wait, 1)
				}
			}
			if wait = next(ctx); wait == 0 {
				g.Passed(ctx, key, m)
				return 0
			}
			told := wait
			if hintless {
				told = -1
			}
			g.Throttled(ctx, key, m, told)
		}
		return wait
	}
}

// gates puts the gates of a storm over an upstream, one stack for each replica.
func (s storm) gates(u *upstream) []caller {
	var limits []retry.Limit
	if s.told > 0 {
		limits = append(limits, retry.Limit{Requests: int(60 * s.told * s.capacity), Per: time.Minute})
	}
	var calls []caller
	for range s.replicas {
		call := gated(retry.NewGate(limits...), alice, s.hintless, u.call)
		if s.stacked {
			call = gated(retry.NewGate(limits...), alice, s.hintless, call)
		}
		calls = append(calls, call)
	}
	return calls
}

// A tally is how a crowd of callers fared.
type tally struct {
	mu           sync.Mutex
	calls        int
	failed, late int // late: successes in the second minute
	seconds      []float64
}

func (c *tally) add(took, at time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	switch {
	case !ok:
		c.failed++
		return
	case at >= stormTime/2 && at < stormTime:
		c.late++
	}
	c.seconds = append(c.seconds, took.Seconds())
}

// quantile needs all calls to be in.
func (c *tally) quantile(q float64) float64 {
	slices.Sort(c.seconds)
	if len(c.seconds) == 0 {
		return 0
	}
	return c.seconds[min(int(q*float64(len(c.seconds))), len(c.seconds)-1)]
}

// wanted is how many requests a second the callers want.
func (s storm) wanted() float64 {
	if s.kind == "blip" {
		return 0.8 * s.capacity
	}
	return 2 * s.capacity
}

// crowd starts the callers, who share the calls evenly.
func (s storm) crowd(wg *sync.WaitGroup, calls ...caller) *tally {
	c, start := &tally{}, time.Now()
	period := time.Duration(float64(s.callers) / s.wanted() * float64(time.Second))
	think := period - s.latency - s.jitter/2
	for i := range s.callers {
		wg.Go(func() {
			time.Sleep(time.Duration(i) * period / time.Duration(s.callers))
			rng := rand.New(rand.NewPCG(uint64(i), s.seed))
			for time.Since(start) < stormTime {
				began := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), stormDeadline)
				wait := calls[i%len(calls)](ctx)
				c.add(time.Since(began), time.Since(start), wait == 0 && ctx.Err() == nil)
				cancel()
				time.Sleep(time.Duration((0.5 + rng.Float64()) * float64(think)))
			}
		})
	}
	return c
}

// An outcome is what counts in the end. Goodput is successes in terms of what the
// upstream could give, or of what was wanted where that is less.
type outcome struct {
	sent          float64 // requests for each success
	goodput, late float64 // of two minutes, and of the second one
	failed        float64 // of all calls
	p50, p99      float64 // seconds
}

func (s storm) run(t *testing.T) (o outcome) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		u := newUpstream(s)
		start := time.Now()
		var wg sync.WaitGroup
		c := s.crowd(&wg, s.gates(u)...)
		wg.Wait()
		successes, base := float64(len(c.seconds)), s.capacity
		o = outcome{
			sent: float64(u.sent) / successes, failed: float64(c.failed) / float64(c.calls),
			p50: c.quantile(0.5), p99: c.quantile(0.99),
		}
		if s.kind == "blip" {
			base = s.wanted()
		}
		o.late = float64(c.late) / base / (stormTime / 2).Seconds()
		o.goodput = successes / base / (time.Since(start) - u.outage()).Seconds()
	})
	return o
}
