// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boxgrpc/boxgrpc/retry"
)

const (
	defaultBudget = 20 * time.Millisecond
	defaultPrefix = "boxgrpc"
)

// An Option sets something of a [Gate].
type Option interface{ apply(g *Gate) }

type optionFunc func(*Gate)

func (f optionFunc) apply(g *Gate) { f(g) }

// WithBudget sets how long a request waits for Redis, at most. It should be three times
// what Redis takes to answer, or more: a request may have to wait for the answer to
// those before it. The default is 20 ms. It panics if d is not above 0.
func WithBudget(d time.Duration) Option {
	mustf(d > 0, "WithBudget(%v): give more than 0", d)
	return optionFunc(func(g *Gate) { g.budget = d })
}

// WithPrefix sets what the names of all keys and of the channel begin with. Services that
// do not share limits need different ones. The default is "boxgrpc". In a cluster it
// decides which node has the keys. It panics if prefix is empty or has braces.
func WithPrefix(prefix string) Option {
	mustf(prefix != "" && !strings.ContainsAny(prefix, "{}"), "WithPrefix(%q): give a name without braces", prefix)
	return optionFunc(func(g *Gate) { g.prefix = prefix })
}

// WithLimits tells what the upstream allows, as [retry.NewGate] is told. It holds for all
// replicas together. It panics where NewGate does.
func WithLimits(limits ...retry.Limit) Option {
	retry.NewGate(limits...)
	rates := told(limits)
	return optionFunc(func(g *Gate) { g.told = rates })
}

// WithObserver adds a function that is told when Redis is lost, and when it is back. It
// is called from one goroutine, which serves all requests, so it must not block.
func WithObserver(observe func(Event)) Option {
	mustf(observe != nil, "WithObserver: the function is nil")
	return optionFunc(func(g *Gate) { g.observers = append(g.observers, observe) })
}

// WithHook adds a hook to the client, for traces and metrics of what goes to Redis.
func WithHook(h redis.Hook) Option {
	mustf(h != nil, "WithHook: the redis.Hook is nil")
	return optionFunc(func(g *Gate) { g.hooks = append(g.hooks, h) })
}

// An Event says that Redis was lost, or is back, in turns. Where Redis comes and goes, the
// gate asks it less and less often, so that there is an event a second.
type Event struct {
	// Lost is why the replica is on its own from now on. It is nil if Redis is back.
	Lost error
	// Away is how long Redis was lost. It is 0 in the first event.
	Away time.Duration
}

// mustf panics where a programmer gave an option a value that makes no sense.
func mustf(ok bool, format string, args ...any) {
	if !ok {
		panic("redisgate: " + fmt.Sprintf(format, args...))
	}
}
