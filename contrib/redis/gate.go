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

// The low bits of Gate.state count the keys that are held back, the others the closings.
const (
	keyBits = 20
	held    = 1<<keyBits - 1
)

// A Gate is a [retry.Gate] over Redis, for [retry.WithGate]. All its methods are safe for
// concurrent use.
type Gate struct {
	state atomic.Uint64 // what Mark reads, in one word as in retry

	told      map[string]float64
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

// Mark is one atomic load.
func (g *Gate) Mark() (retry.Mark, bool) {
	s := g.state.Load()
	return retry.Mark(s >> keyBits), s&held == 0
}

// Enter waits only if the key is held back.
func (g *Gate) Enter(ctx context.Context, key retry.Key, longest time.Duration) (retry.Mark, time.Duration, bool) {
	if e := g.find(idOf(key)); e != nil {
		t := e.enter(ctx, longest)
		return t.mark, t.left, t.ok
	}
	return g.mark(), 0, true
}

// Throttled closes the key here at once, and everywhere as soon as Redis has been told. It
// does not wait for that.
func (g *Gate) Throttled(_ context.Context, key retry.Key, m retry.Mark, wait time.Duration) {
	id := idOf(key)
	for {
		e := g.find(id)
		if e == nil {
			e = g.add(id, fresh(g.told[key.Group]))
		}
		if e == nil || e.throttled(m, wait) {
			return
		}
	}
}

// Passed is told to Redis with the next number that is drawn, or in the background.
func (g *Gate) Passed(_ context.Context, key retry.Key, m retry.Mark) {
	if e := g.find(idOf(key)); e != nil {
		e.passedOne(m)
	}
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
	s.crowd = float64(g.crowd.Load())
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
func (g *Gate) mark() retry.Mark    { return retry.Mark(g.state.Load() >> keyBits) }
func (g *Gate) closing() retry.Mark { return retry.Mark(g.state.Add(1<<keyBits) >> keyBits) }
