// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"math"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
)

// hintJitter is the part of a named wait that may be added to it, so that callers
// who were told the same moment do not all come back in it. Nothing is ever taken
// away.
const hintJitter = 10

// contention is the least wait after ABORTED without a hint: somebody else, or an
// earlier attempt of one's own, is still at work on the same item.
const contention = time.Second

// delay is when the next attempt may be made. A hint that is shorter than the backoff
// leaves room up to it: "at once" would bring all callers back at once.
func (c *Controller) delay(hint time.Duration, named bool, code codes.Code, attempt int) verdict {
	window := c.window(attempt)
	switch {
	case named:
		return verdict{again: true, delay: hint, jitter: max(hint/hintJitter, window-hint), reason: ReasonHint}
	case code == codes.Aborted:
		return verdict{again: true, delay: contention, jitter: window, reason: ReasonBackoff}
	}
	return verdict{again: true, jitter: window, reason: ReasonBackoff}
}

// window is the longest backoff after so many attempts.
func (c *Controller) window(attempt int) time.Duration {
	w := c.base
	for range min(attempt, 64) - 1 {
		if w > c.cap/2 {
			return c.cap
		}
		w *= 2
	}
	return w
}

// draw adds the random part.
func (d Decision) draw() time.Duration {
	jitter := min(d.Jitter, math.MaxInt64-1-d.Delay) // no sum wraps around
	if jitter <= 0 {
		return d.Delay
	}
	return d.Delay + rand.N(jitter+1) //nolint:gosec // no secret
}
