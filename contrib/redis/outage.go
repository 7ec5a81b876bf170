// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	"fmt"
	"time"
)

// A Redis that is lost is asked again after firstProbe, then after twice that, and so on to
// mostProbe. It starts anew once Redis has stayed for steady.
const (
	firstProbe = 100 * time.Millisecond
	mostProbe  = 2 * time.Second
	steady     = 10 * time.Second
)

// An outage is a time without Redis. Its context ends with it.
type outage struct {
	context.Context

	end   context.CancelFunc
	since time.Time
}

// away returns the outage, or nil while Redis is there.
func (g *Gate) away() context.Context {
	if o := g.outage.Load(); o != nil {
		return o
	}
	return nil
}

// lose leaves the replica on its own.
func (g *Gate) lose(err error) {
	now := time.Now()
	if now.Sub(g.back) >= steady {
		g.probe = firstProbe
	} else {
		g.probe = min(2*g.probe, mostProbe)
	}
	g.leave()
	_ = g.sub.Close()
	g.sub = nil
	g.tell(Event{Lost: fmt.Errorf("redisgate: lost Redis at %s: %w", g.store.addrs, err)})
}

// leave sends all who wait to the replica's own gate.
func (g *Gate) leave() {
	o := &outage{since: time.Now()}
	o.Context, o.end = context.WithCancel(context.Background())
	g.outage.Store(o)
	g.state.Or(alone)
	for _, e := range g.entries() {
		e.leave()
	}
}

// regain ends an outage, if Redis is back.
func (g *Gate) regain() error {
	o := g.outage.Load()
	if err := g.connect(g.ctx); err != nil {
		return err
	}
	g.back = time.Now()
	g.outage.Store(nil)
	g.state.And(^uint64(alone))
	o.end()
	g.tell(Event{Away: g.back.Sub(o.since)})
	return nil
}

func (g *Gate) tell(e Event) {
	for _, observe := range g.observers {
		observe(e)
	}
}
