// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"time"
)

// A Gate holds requests back where the upstream has said 429. Everybody who shares
// a limit shares its key: one 429 tells them all.
//
// [NewGate] keeps its keys in the memory of one process. An implementation over a
// shared store must keep to this: Mark costs no round trip; a request waits for one
// round trip of its own at most, in Enter; nobody waits for what Throttled and Passed
// tell, which goes in the background, or with another request's round trip; a store
// that is slow or gone delays nobody and refuses nobody; keys expire by themselves,
// and principals are stored as they come in, which is hashed. All methods are safe
// for concurrent use.
type Gate interface {
	// Mark is asked before every request, so it costs one atomic load. Where idle
	// is true nothing is held back, and Enter need not be asked.
	Mark() (m Mark, idle bool)

	// Enter returns when a request of key may be sent, marked m: at once if the key
	// is not held back, else in its turn. It returns ok = false at once where the
	// turn comes later than longest, or at the deadline of ctx, or where too many wait
	// already; left is then the time until the turn. It also returns false when
	// ctx is done, or when the gate closes for too long while the request waits.
	Enter(ctx context.Context, key Key, longest time.Duration) (m Mark, left time.Duration, ok bool)

	// Throttled says that a request of key, marked m when it was sent, was answered
	// 429 with this wait. A negative wait means that none was named. An answer to
	// a request that was under way when the gate closed is no news, unless its wait is
	// longer.
	Throttled(ctx context.Context, key Key, m Mark, wait time.Duration)

	// Passed says that a request of key was let through by the upstream's limit,
	// whatever became of it then. Nobody learns that more may be sent unless it is
	// told. It need not be told where Mark was idle.
	Passed(ctx context.Context, key Key, m Mark)
}

// A Mark says when a request was sent, in the closings of a gate.
type Mark uint64

// A Key is whose limit a request counts against.
type Key struct {
	// Principal is who sends, hashed: a token never gets here as it is.
	Principal string
	// Group is the limit among those that the upstream keeps apart for the
	// principal: "upload", "search". Empty is the general one.
	Group string
}
