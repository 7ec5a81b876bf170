// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// mostConnect is how long connecting may take. Nobody waits for it but NewGate.
	mostConnect = 5 * time.Second

	// quiet is how long no message comes before the gate asks whether the connection is
	// still there. Twice that without an answer is a loss.
	quiet = time.Second

	// pageSize keys are written or read in one trip.
	pageSize = 500
)

// A loss is what became of a subscription.
type loss struct {
	sub *redis.PubSub
	err error
}

// connect subscribes first, so that nothing is missed of what comes after it has asked
// for all that is held back.
func (g *Gate) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, mostConnect)
	defer cancel()
	if err := g.store.ping(ctx, time.Second); err != nil {
		return err
	}
	sub, err := g.store.subscribe(ctx)
	if err != nil {
		return err
	}
	if err = g.sync(ctx); err == nil {
		err = g.store.ping(ctx, g.budget)
	}
	if err != nil {
		return errors.Join(err, sub.Close())
	}
	g.sub = sub
	g.done.Go(func() { g.listen(sub) })
	return nil
}

// sync writes what Redis may have forgotten, and reads what the replica has missed.
func (g *Gate) sync(ctx context.Context) error {
	if err := g.store.load(ctx); err != nil {
		return err
	}
	for n := 0; ; n += pageSize {
		ids, err := g.store.page(ctx, n, pageSize)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		if err := g.learn(ctx, ids); err != nil {
			return err
		}
	}
	return g.recall(ctx)
}

// learn takes in keys that the replica does not know.
func (g *Gate) learn(ctx context.Context, ids []string) error {
	var asks []*ask
	for _, id := range ids {
		if g.find(id) == nil {
			asks = append(asks, &ask{args: []any{id, "0", 0, "", "0", 0, ""}})
		}
	}
	answers, err := g.store.call(ctx, asks)
	if err != nil {
		return err
	}
	for i, words := range answers {
		if len(words) == 0 {
			continue // it has just ended
		}
		s, err := parse(words[0])
		if err != nil {
			return err
		}
		g.hearOf(fmt.Sprint(asks[i].args[0]), s)
	}
	return nil
}

// recall tells Redis what the replica knows.
func (g *Gate) recall(ctx context.Context) error {
	entries := g.entries()
	for len(entries) > 0 {
		n := min(pageSize, len(entries))
		asks := make([]*ask, n)
		for i, e := range entries[:n] {
			asks[i] = e.recall()
		}
		if err := g.deliver(ctx, asks, true); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// listen takes in what other replicas have done.
func (g *Gate) listen(sub *redis.PubSub) {
	defer context.AfterFunc(g.ctx, func() { _ = sub.Close() })()
	for asked := false; ; {
		m, err := sub.ReceiveTimeout(g.ctx, quiet)
		if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() && !asked {
			asked, err = true, sub.Ping(g.ctx)
		} else if err == nil {
			asked = false
		}
		if err != nil {
			select {
			case g.broken <- loss{sub, err}:
			case <-g.ctx.Done():
			}
			return
		}
		if m, ok := m.(*redis.Message); ok {
			g.hear(m.Payload)
		}
	}
}

// hear ignores what it cannot read: there is nobody to tell.
func (g *Gate) hear(message string) {
	id, text, _ := strings.Cut(message, " ")
	s, err := parse(text)
	if err != nil {
		return
	}
	g.hearOf(id, s)
}

func (g *Gate) hearOf(id string, s state) {
	if e := g.add(id, fresh(0)); e != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.take(s)
	}
}
