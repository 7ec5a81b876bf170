// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"fmt"
	"math"
	"time"
)

// An Option sets something of a [Controller].
type Option interface{ apply(c *Controller) }

type optionFunc func(*Controller)

func (f optionFunc) apply(c *Controller) { f(c) }

// WithMaxAttempts sets how often an operation is tried in all, the first time
// included (gRFC A6, maxAttempts). The default is 3; 1 means that nothing is sent
// again from here, and callers are told that it is theirs. It panics if n is not
// from 1 to 100.
func WithMaxAttempts(n int) Option {
	const most = 100
	mustf(n >= 1 && n <= most, "WithMaxAttempts(%d): give 1 to %d; 1 means no retry", n, most)
	return optionFunc(func(c *Controller) { c.attempts = n })
}

// WithBackoff sets the waits where nobody names one: before attempt n+1 a random
// part (full jitter) of base, doubled n-1 times, and of at most longest. The default
// is 500 ms and 8 s. It panics unless 0 < base <= longest.
func WithBackoff(base, longest time.Duration) Option {
	mustf(base > 0 && longest >= base, "WithBackoff(%v, %v): give 0 < base <= longest", base, longest)
	return optionFunc(func(c *Controller) { c.base, c.cap = base, longest })
}

// WithMaxWait sets the longest wait of those that somebody names that is still waited
// out: the upstream's hints, a server's pushback, the turns at the gate. Waits of our
// own are bounded by [WithBackoff]. A longer one ends the attempts at once and is
// told to the caller; it is never shortened. The default is 10 s. It panics if d is
// negative.
func WithMaxWait(d time.Duration) Option {
	mustf(d >= 0, "WithMaxWait(%v): give a wait of 0 or more", d)
	return optionFunc(func(c *Controller) { c.longest = d })
}

// WithBudget sets the retry budget of each limit group (gRFC A6, retryThrottling): a
// failure that could be repeated takes one token, a success gives ratio of one back,
// and while no more than half of the tokens are left nothing is sent again. A 429 takes
// none: the gate is there for it; nor does ABORTED. The default is 10 tokens and a
// ratio of 0.1; with 1 or 2 tokens nothing is ever sent again. It panics unless tokens
// is from 1 to 1000 and ratio above 0 and at most 1000.
func WithBudget(tokens int, ratio float64) Option {
	const most = 1000
	mustf(tokens >= 1 && tokens <= most, "WithBudget: %d tokens; give 1 to %d", tokens, most)
	mustf(ratio > 0 && ratio <= most && !math.IsNaN(ratio), "WithBudget: ratio %v; give more than 0, at most %d", ratio, most)
	return optionFunc(func(c *Controller) { c.budgets = newBudgets(tokens, ratio) })
}

// WithoutBudget lets attempts alone bound what is sent again.
func WithoutBudget() Option {
	return optionFunc(func(c *Controller) { c.budgets = nil })
}

// WithGate sets the gate that holds requests back after a 429; by default it is a
// [NewGate]. Without one, nil, nothing is held back, and every caller waits for
// itself.
func WithGate(g Gate) Option {
	return optionFunc(func(c *Controller) { c.gate = g })
}

// WithSalt sets what principals are hashed with before a [Gate] sees them. By
// default it is random, so that no two processes have the same; replicas that share
// a gate must share a salt. It panics if salt is shorter than 16 bytes.
func WithSalt(salt []byte) Option {
	const least = 16
	mustf(len(salt) >= least, "WithSalt: %d bytes; give at least %d", len(salt), least)
	own := append([]byte{}, salt...)
	return optionFunc(func(c *Controller) { c.salt = own })
}

// WithObserver adds a function that is told of every decision: for metrics and logs,
// such as [LogTo]. It is called from many goroutines, in the path of the call, and
// must not block.
func WithObserver(observe func(context.Context, Event)) Option {
	mustf(observe != nil, "WithObserver: the function is nil")
	return optionFunc(func(c *Controller) { c.observers = append(c.observers, observe) })
}

// mustf panics where a programmer gave an option a value that makes no sense.
func mustf(ok bool, format string, args ...any) {
	if !ok {
		panic("retry: " + fmt.Sprintf(format, args...))
	}
}
