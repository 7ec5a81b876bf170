// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A call is one call of one caller, by a stack that retries as it does.
type call func(context.Context) error

// A tally is how a crowd of callers fared.
type tally struct {
	mu      sync.Mutex
	calls   int
	late    int       // successes in the second minute
	seconds []float64 // that successes took
}

func (c *tally) add(took, at time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if err != nil {
		return
	}
	c.seconds = append(c.seconds, took.Seconds())
	if at >= duration/2 && at < duration {
		c.late++
	}
}

// quantile needs all calls to be in.
func (c *tally) quantile(q float64) float64 {
	slices.Sort(c.seconds)
	if len(c.seconds) == 0 {
		return 0
	}
	return c.seconds[min(int(q*float64(len(c.seconds))), len(c.seconds)-1)]
}

// crowd makes the calls: each caller thinks, calls, and thinks again, in the virtual time of run.
func crowd(m model, seed uint64, f call) *tally {
	c, start := &tally{}, time.Now()
	period := time.Duration(callers / m.wanted() * float64(time.Second))
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			time.Sleep(time.Duration(i) * period / callers)
			rng := rand.New(rand.NewPCG(uint64(i), seed))
			for time.Since(start) < duration {
				began := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				err := f(ctx)
				cancel()
				c.add(time.Since(began), time.Since(start), err)
				time.Sleep(time.Duration((0.5 + rng.Float64()) * float64(period-latency)))
			}
		})
	}
	wg.Wait()
	return c
}

// An outcome is what counts in the end. Goodput is successes in terms of what the
// upstream could give, or of what was wanted where that is less.
type outcome struct {
	Sent    float64 `json:"sent"` // requests for each success
	Goodput float64 `json:"goodput"`
	Late    float64 `json:"late"`   // goodput of the second minute
	Failed  float64 `json:"failed"` // of all calls
	P50     float64 `json:"p50"`    // seconds, of the successes
	P99     float64 `json:"p99"`
}

// run is one storm: two minutes that take a second or so.
func run(t *testing.T, m model, p policy, seed uint64) (o outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		up := newUpstream(m)
		f := p.build(t, up)
		start := time.Now()
		c := crowd(m, seed, f)
		successes := float64(len(c.seconds))
		o = outcome{
			Sent:    float64(up.sent) / max(successes, 1),
			Goodput: successes / m.worth(time.Since(start)),
			Late:    float64(c.late) / min(m.wanted(), capacity) / (duration / 2).Seconds(),
			Failed:  1 - successes/float64(c.calls),
			P50:     c.quantile(0.5), P99: c.quantile(0.99),
		}
	})
	return o
}

// median of the seeds, each figure by itself.
func median(runs []outcome) outcome {
	of := func(figure func(outcome) float64) float64 {
		var all []float64
		for _, r := range runs {
			all = append(all, figure(r))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return outcome{
		Sent:    of(func(o outcome) float64 { return o.Sent }),
		Goodput: of(func(o outcome) float64 { return o.Goodput }),
		Late:    of(func(o outcome) float64 { return o.Late }),
		Failed:  of(func(o outcome) float64 { return o.Failed }),
		P50:     of(func(o outcome) float64 { return o.P50 }),
		P99:     of(func(o outcome) float64 { return o.P99 }),
	}
}
