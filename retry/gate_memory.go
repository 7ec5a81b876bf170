// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// maxKeys bounds the memory of a gate to some 40 MB.
const maxKeys = 100_000

// keyBits of the state count keys, of which maxKeys must fit in.
const keyBits = 20

// memoryGate is the gate of one process.
type memoryGate struct {
	// state is what Mark reads: the closings so far, and in the low keyBits how many
	// keys are held back. Both in one word, so that a request which finds nobody held
	// back was sent before every later closing.
	state atomic.Uint64

	told  map[string]float64 // pace by group
	start time.Time          // times are kept as what has passed since: 8 bytes for 24

	mu   sync.RWMutex
	keys map[Key]*entry
}

// NewGate returns a gate that keeps its keys in memory. It holds back a key from its
// first 429 on, for the wait that the upstream names, else for 1 s, 2 s, 4 s and so on
// to a minute while nothing is let through. Of several waits the longest counts. Then
// requests leave one by one, in the order in which they came: at the limit, where the
// group of the key has one, else at a pace that starts at 10 a second and is learned.
// A key is forgotten when it has been open for 2 minutes and nobody waits. A wait of days
// closes for days: it is the upstream's word.
//
// At most 1000 requests of a key wait; further ones are refused. At most 100,000 keys
// are held back, with up to 512 bytes each; the requests of further ones pass as if
// there were no gate. Nothing is kept of other principals.
//
// NewGate panics if a limit makes no sense.
func NewGate(limits ...Limit) Gate {
	return &memoryGate{told: told(limits), start: time.Now(), keys: make(map[Key]*entry)}
}

// Mark is one atomic load.
func (g *memoryGate) Mark() (Mark, bool) {
	s := g.state.Load()
	return Mark(s >> keyBits), s&(1<<keyBits-1) == 0
}

// Enter waits only if the key is held back.
func (g *memoryGate) Enter(ctx context.Context, key Key, longest time.Duration) (Mark, time.Duration, bool) {
	if e := g.find(key); e != nil {
		return e.enter(ctx, longest)
	}
	return g.mark(), 0, true
}

// Throttled closes the gate for the key.
func (g *memoryGate) Throttled(_ context.Context, key Key, m Mark, wait time.Duration) {
	for {
		e := g.find(key)
		if e == nil {
			e = g.add(key)
		}
		if e == nil || e.throttled(m, wait) {
			return
		}
	}
}

// Passed lets the pace of the key grow.
func (g *memoryGate) Passed(_ context.Context, key Key, m Mark) {
	if e := g.find(key); e != nil {
		e.passed(m)
	}
}

func (g *memoryGate) find(key Key) *entry {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.keys[key]
}

// add returns the entry of the key, or nil if there is no room for one.
func (g *memoryGate) add(key Key) *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.keys[key]; e != nil || len(g.keys) == maxKeys {
		return e
	}
	e := newEntry(g, key)
	g.keys[key] = e
	g.state.Add(1)
	return e
}

// forget drops an entry that has nothing to do any more.
func (g *memoryGate) forget(e *entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := g.now(); e.busy(now) {
		e.arm(now)
		return
	}
	e.gone = true
	delete(g.keys, e.key)
	g.state.Add(^uint64(0)) // one less
}

func (g *memoryGate) now() time.Duration { return time.Since(g.start) }
func (g *memoryGate) mark() Mark         { return Mark(g.state.Load() >> keyBits) }
func (g *memoryGate) closing() Mark      { return Mark(g.state.Add(1<<keyBits) >> keyBits) }
