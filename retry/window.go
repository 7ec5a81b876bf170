// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"time"
)

// window is when attempts were under way of which nobody knows what they did.
type window struct{ from, until time.Time }

func (w *window) extend(from, until time.Time, first bool) {
	if first {
		w.from = from
	}
	w.until = until
}

type windowKey struct{}

// Window tells a reconcile function when those attempts were under way of which nobody
// knows what they did: from the first that began to the last that ended. What was
// made earlier or later is somebody else's. Outside [Do] both are zero.
func Window(ctx context.Context) (from, until time.Time) {
	w, _ := ctx.Value(windowKey{}).(window)
	return w.from, w.until
}

func (r *repeat) windowed(ctx context.Context) context.Context {
	return context.WithValue(ctx, windowKey{}, r.window)
}
