// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"net/http"
	"time"

	"github.com/boxgrpc/boxgrpc/translate"
)

// enter returns when the next attempt is due. A gate that has lost its memory lets
// everybody in: that is not earlier than the upstream allows.
func (r *repeat) enter(ctx context.Context) error {
	if err := r.queue(ctx); err != nil {
		return err
	}
	if r.gated && !sleep(ctx, time.Until(r.due)) {
		r.canceled(ctx)
		return ctx.Err()
	}
	return nil
}

// queue waits at the gate.
func (r *repeat) queue(ctx context.Context) error {
	if r.c.gate == nil {
		return nil
	}
	r.mark, r.idle = r.c.gate.Mark()
	if r.idle {
		return nil
	}
	key, ok := r.c.key(ctx, &r.op)
	if !ok {
		return nil
	}
	if mark, ok := r.above.takeTurn(key); ok {
		r.mark = mark
		return nil
	}
	begun := time.Now()
	mark, left, ok := r.c.gate.Enter(ctx, key, r.c.longest)
	r.mark = mark
	switch {
	case ok:
		r.turn = &turn{key, mark}
		if held := time.Since(begun); held >= time.Millisecond {
			r.tell(ctx, ReasonHeld, held, nil)
		}
		return nil
	case ctx.Err() != nil:
		r.canceled(ctx)
		return ctx.Err()
	}
	err := translate.Cooldown(left)
	r.tell(ctx, ReasonCooldown, left, err)
	return err
}

// leave tells the gate how the upstream answered, unless a layer below has done so. No
// answer says nothing about its limits.
func (r *repeat) leave(ctx context.Context, err error) {
	below, gated := r.inner.below()
	r.gated = gated
	if below || r.c.gate == nil {
		return
	}
	e, upstream := translate.FromError(err)
	status, answered := e.HTTPStatus()
	throttled := upstream && status == http.StatusTooManyRequests
	if !throttled && (r.idle || err != nil && !answered) {
		return
	}
	key, ok := r.c.key(ctx, &r.op)
	switch {
	case !ok && throttled:
		r.tell(ctx, ReasonNoKey, 0, err)
	case !ok:
	case throttled:
		r.gated = true
		r.above.gate()
		r.c.gate.Throttled(ctx, key, r.mark, hintOf(e))
	default:
		r.c.gate.Passed(ctx, key, r.mark)
	}
}

// hintOf is the wait that the upstream named, or a negative one.
func hintOf(e *translate.Error) (wait time.Duration) {
	if hint, named := e.RetryAfter(); named {
		return hint
	}
	return -1
}

// A turn is what a gate gave: who waited for it may send one request.
type turn struct {
	key  Key
	mark Mark
}

// takeTurn takes the turn for which the layer above has waited.
func (l *Ledger) takeTurn(key Key) (Mark, bool) {
	if l == nil {
		return 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == nil || l.turn.key != key {
		return 0, false
	}
	m := l.turn.mark
	l.turn = nil
	return m, true
}
