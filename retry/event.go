// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"log/slog"
	"time"
)

// An Event is a decision, as observers are told ([WithObserver]).
type Event struct {
	// Operation is its name: of an RPC the full method.
	Operation string
	// Group is the limit group.
	Group string
	// Attempt is how many there were.
	Attempt int
	// Retry tells whether there will be another, and Delay after which wait.
	Retry bool
	Delay time.Duration
	// Reason says why.
	Reason Reason
	// Err is what the attempt returned. It may hold what must not leave the
	// service.
	Err error
}

func (c *Controller) tell(ctx context.Context, e *Event) {
	for _, observe := range c.observers {
		observe(ctx, *e)
	}
}

// LogTo returns an observer that logs: what is sent again, and what the gate does,
// at debug; what was given up although it could be repeated at info. Failures that
// nobody would repeat are not logged: they are answers. It panics if l is nil.
func LogTo(l *slog.Logger) func(context.Context, Event) {
	mustf(l != nil, "LogTo: the *slog.Logger is nil")
	return func(ctx context.Context, e Event) {
		level, message := e.level()
		if message == "" || !l.Enabled(ctx, level) {
			return
		}
		l.LogAttrs(ctx, level, message,
			slog.String("operation", e.Operation), slog.String("group", e.Group),
			slog.Int("attempt", e.Attempt), slog.Duration("delay", e.Delay),
			slog.String("reason", string(e.Reason)), slog.Any("error", e.Err))
	}
}

func (e *Event) level() (slog.Level, string) {
	switch e.Reason {
	case ReasonForeign, ReasonPermanent:
		return 0, ""
	case ReasonHeld, ReasonNoKey:
		return slog.LevelDebug, "gate"
	case ReasonNotOwner:
		return slog.LevelDebug, "left to another layer"
	case ReasonReconciled:
		return slog.LevelInfo, "write was applied"
	}
	if e.Retry {
		return slog.LevelDebug, "retry"
	}
	return slog.LevelInfo, "gave up"
}
