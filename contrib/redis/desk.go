// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// A desk is what the goroutine that speaks to Redis needs. There is one, so that requests
// which come while it waits for an answer share the next trip.
type desk struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	closed sync.Once

	alone  atomic.Bool   // Redis is lost
	crowd  atomic.Uint64 // how many replicas there are, as far as is known
	wake   chan struct{}
	broken chan loss
	sub    *redis.PubSub // nil in an outage
	missed bool          // the last call was too late; a second one in a row is a loss
	lostAt time.Time
	backAt time.Time
	probe  time.Duration // until the next try, in an outage

	callMu sync.Mutex // taken after that of an entry
	calls  []*entry
}

// call has the entry's report and wishes sent, unless Redis is lost. It needs the entry's
// lock.
func (g *Gate) call(e *entry) {
	if e.queued || g.alone.Load() {
		return
	}
	e.queued = true
	g.callMu.Lock()
	g.calls = append(g.calls, e)
	g.callMu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *Gate) called() []*entry {
	g.callMu.Lock()
	defer g.callMu.Unlock()
	all := g.calls
	g.calls = nil
	return all
}

// open connects for the first time.
func (g *Gate) open(ctx context.Context) error {
	g.wake, g.broken = make(chan struct{}, 1), make(chan loss)
	g.ctx, g.cancel = context.WithCancel(context.Background())
	if err := g.connect(ctx); err != nil {
		g.cancel()
		return fmt.Errorf("redisgate: no Redis at %s that can be used; see to Addrs and its credentials: %w", g.store.addrs, err)
	}
	g.probe = firstProbe
	g.done.Go(g.serve)
	return nil
}

// serve speaks to Redis until the gate is closed.
func (g *Gate) serve() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		var err error
		select {
		case <-g.ctx.Done():
			return
		case <-g.wake:
			err = g.round()
		case l := <-g.broken:
			if l.sub == g.sub {
				err = l.err
			}
		case <-timer.C:
			if g.regain() != nil {
				g.probe = nextProbe(g.probe, 0)
				timer.Reset(g.probe)
			}
		}
		if err != nil && !g.alone.Load() && g.ctx.Err() == nil {
			g.lose(err)
			timer.Reset(g.probe)
		}
	}
}

// round makes the calls that have come together. None of those who wait for it may wait
// longer than the budget, counted from when they came.
func (g *Gate) round() error {
	entries := g.called()
	if g.alone.Load() {
		return nil
	}
	asks, until := make([]*ask, len(entries)), g.now()
	for i, e := range entries {
		asks[i] = e.ask()
		until = min(until, asks[i].oldest)
	}
	if len(asks) == 0 {
		return nil
	}
	ctx, cancel := context.WithDeadline(g.ctx, g.start.Add(until+g.budget))
	defer cancel()
	err := g.deliver(ctx, asks, false)
	if err == nil {
		g.missed = false
		return nil
	}
	for _, a := range asks {
		a.entry.unanswered(a)
	}
	if isTimeout(err) && !g.missed {
		g.missed = true
		return nil
	}
	return err
}

// isTimeout tells whether Redis is slow, rather than gone.
func isTimeout(err error) bool {
	late, ok := errors.AsType[net.Error](err)
	return ok && late.Timeout()
}

func (g *Gate) deliver(ctx context.Context, asks []*ask, force bool) error {
	answers, err := g.store.call(ctx, asks)
	if err != nil {
		return err
	}
	for i, a := range asks {
		if err := a.entry.answer(a, answers[i], force); err != nil {
			return err
		}
	}
	return nil
}

// close is safe to be called twice.
func (g *Gate) close() (err error) {
	g.closed.Do(func() {
		g.cancel()
		err = g.store.close() // what is under way ends, too
		g.done.Wait()
		g.isolate()
	})
	return err
}
