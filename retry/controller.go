// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"crypto/rand"
	"time"
)

// A Controller decides what is sent again, when, and how often. It is safe for
// concurrent use; share one among all interceptors and transports of a service, so
// that they share its budget and its gate.
type Controller struct {
	attempts  int
	base, cap time.Duration // of the backoff
	longest   time.Duration // wait
	observers []func(context.Context, Event)

	budgets *budgets // nil: attempts alone bound what is sent again
	gate    Gate     // nil: nothing is held back
	salt    []byte
}

// New returns a controller. Its defaults are safe: 3 attempts in all, backoff with
// full jitter from 0.5 s to 8 s, no wait longer than 10 s, a budget of 10 tokens, and
// a gate of its own. An option whose value makes no sense panics and says so.
func New(opts ...Option) *Controller {
	c := &Controller{
		attempts: 3, base: 500 * time.Millisecond, cap: 8 * time.Second, longest: 10 * time.Second,
		budgets: newBudgets(10, 0.1), gate: NewGate(), salt: newSalt(),
	}
	return c.apply(opts)
}

// With returns a controller with other settings that shares the budget and the gate
// of c, unless an option replaces them: for one upstream, method or call that is to
// be treated differently.
func (c *Controller) With(opts ...Option) *Controller {
	other := *c
	other.observers = append([]func(context.Context, Event){}, c.observers...)
	return other.apply(opts)
}

func (c *Controller) apply(opts []Option) *Controller {
	for i, o := range opts {
		mustf(o != nil, "option %d is nil", i)
		o.apply(c)
	}
	return c
}

// MaxAttempts is how often an operation is tried in all, the first time included.
func (c *Controller) MaxAttempts() int { return c.attempts }

func newSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails (crypto/rand)
	return salt
}
