// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boxgrpc/boxgrpc/retry"
)

// maxKeys bounds the memory of a replica. The requests of further keys pass.
const maxKeys = 100_000

// What the bits of Gate.state mean: how many keys are held back, whether the replica is on
// its own, and, above, the closings that it has heard of.
const (
	held        = 1<<20 - 1
	alone       = 1 << 20
	closingBits = 21
)

// ownMark is set in marks of the replica's own gate.
const ownMark retry.Mark = 1 << 63

// A Gate is a [retry.Gate] over Redis, for [retry.WithGate]. All its methods are safe for
// concurrent use.
type Gate struct {
	state atomic.Uint64 // what Mark reads, in one word as in retry

	limits    []retry.Limit
	told      map[string]float64
	own       retry.Gate // while Redis is lost
	budget    time.Duration
	prefix    string
	hooks     []redis.Hook
	observers []func(Event)
	store     *store
	start     time.Time

	mu   sync.RWMutex
	keys map[string]*entry

	desk // of the goroutine that speaks to Redis
}

var _ retry.Gate = (*Gate)(nil)

// NewGate connects to Redis, version 5 or later, and returns a gate. It returns an error
// that names the addresses where that does not succeed before the deadline of ctx, or
// within 5 s; ctx is not needed after. The gate makes a client of its own from opts, of
// which it sets what concerns retries and the contexts' deadlines. Call [Gate.Close] when
// no request needs it any more. NewGate panics if opts is nil.
func NewGate(ctx context.Context, opts *redis.UniversalOptions, options ...Option) (*Gate, error) {
	mustf(opts != nil, "NewGate: the *redis.UniversalOptions is nil; give Addrs")
	g := &Gate{budget: defaultBudget, prefix: defaultPrefix, start: time.Now(), keys: make(map[string]*entry)}
	for i, o := range options {
		mustf(o != nil, "NewGate: option %d is nil", i)
		o.apply(g)
	}
	g.told, g.own = told(g.limits), retry.NewGate(g.limits...)
	if err := checkAddrs(opts.Addrs); err != nil {
		return nil, err
	}
	g.store = newStore(opts, g.prefix, g.hooks)
	if err := g.open(ctx); err != nil {
		return nil, errors.Join(err, g.store.close())
	}
	return g, nil
}

// Close ends the connections and the goroutines of the gate. Requests that wait go on
// waiting, without Redis.
func (g *Gate) Close() error { return g.close() }

// Mark is one atomic load while nothing is held back.
func (g *Gate) Mark() (retry.Mark, bool) {
	s := g.state.Load()
	if s&alone != 0 {
		m, idle := g.own.Mark()
		return m | ownMark, idle && s&held == 0
	}
	return retry.Mark(s >> closingBits), s&held == 0
}

// Enter waits only if the key is held back. A request that Redis has failed once does not
// wait for it again.
func (g *Gate) Enter(ctx context.Context, key retry.Key, longest time.Duration) (retry.Mark, time.Duration, bool) {
	begun, id := g.now(), idOf(key)
	for failed := false; ; {
		rest := max(longest-(g.now()-begun), min(longest, 0))
		var t turn
		if outage := g.away(); outage != nil {
			t = g.enterOwn(ctx, outage, failed, id, key, rest)
		} else {
			t = g.enterShared(ctx, id, rest)
			failed = true
		}
		if !t.again {
			return t.mark, t.left, t.ok
		}
	}
}

func (g *Gate) enterShared(ctx context.Context, id string, longest time.Duration) turn {
	if e := g.find(id); e != nil {
		return e.enter(ctx, longest)
	}
	return turn{mark: g.mark(), ok: true}
}

// enterOwn waits at the replica's own gate, until Redis is back.
func (g *Gate) enterOwn(ctx context.Context, outage context.Context, stay bool, id string, key retry.Key, longest time.Duration) turn {
	if e := g.find(id); e != nil {
		e.pass(ctx, key, outage)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	if !stay {
		defer context.AfterFunc(outage, cancel)()
	}
	m, left, ok := g.own.Enter(inner, key, longest)
	again := !ok && inner.Err() != nil && ctx.Err() == nil
	return turn{mark: m | ownMark, left: left, ok: ok, again: again}
}

// Throttled closes the key here at once, and everywhere as soon as Redis has been told. It
// does not wait for that.
func (g *Gate) Throttled(ctx context.Context, key retry.Key, m retry.Mark, wait time.Duration) {
	id := idOf(key)
	if g.away() != nil {
		g.own.Throttled(ctx, key, toOwn(m), wait)
	}
	for {
		e := g.find(id)
		if e == nil {
			e = g.add(id, fresh(g.told[key.Group]))
		}
		if e == nil || e.throttled(toShared(m), wait) {
			return
		}
	}
}

// Passed is told to Redis with the next number that is drawn, or in the background.
func (g *Gate) Passed(ctx context.Context, key retry.Key, m retry.Mark) {
	if g.away() != nil {
		g.own.Passed(ctx, key, toOwn(m))
		return
	}
	if e := g.find(idOf(key)); e != nil {
		e.passedOne(toShared(m))
	}
}

// A mark of the other gate is older than any closing of this one.

func toOwn(m retry.Mark) retry.Mark {
	if m&ownMark == 0 {
		return 0
	}
	return m &^ ownMark
}

func toShared(m retry.Mark) retry.Mark {
	if m&ownMark != 0 {
		return 0
	}
	return m
}

// idOf is the name of a key in Redis: of fixed length, and nobody reads it.
func idOf(key retry.Key) string {
	sum := sha256.Sum256([]byte(key.Principal + "\x00" + key.Group))
	return hex.EncodeToString(sum[:16])
}

func (g *Gate) find(id string) *entry {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.keys[id]
}

// add returns the entry of a key, a new one if need be, or nil if there is no room.
func (g *Gate) add(id string, s state) *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.keys[id]; e != nil || len(g.keys) == maxKeys {
		return e
	}
	now := g.now()
	e := &entry{gate: g, id: id, state: s, at: now, until: now}
	g.keys[id] = e
	g.state.Add(1)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.arm()
	return e
}

// forget drops an entry that has nothing to do any more.
func (g *Gate) forget(e *entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.advance()
	if e.busy() {
		e.arm()
		return
	}
	e.gone = true
	delete(g.keys, e.id)
	g.state.Add(^uint64(0)) // one less
}

// entries are all that are held back.
func (g *Gate) entries() []*entry {
	g.mu.RLock()
	defer g.mu.RUnlock()
	all := make([]*entry, 0, len(g.keys))
	for _, e := range g.keys {
		all = append(all, e)
	}
	return all
}

func (g *Gate) now() time.Duration  { return time.Since(g.start) }
func (g *Gate) mark() retry.Mark    { return retry.Mark(g.state.Load() >> closingBits) }
func (g *Gate) closing() retry.Mark { return retry.Mark(g.state.Add(1<<closingBits) >> closingBits) }
