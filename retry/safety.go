// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

// Safety says what a repeat of an RPC can do to the world. For a gRPC method it
// is read from idempotency_level; what the schema does not say, the service may.
type Safety int

const (
	// Unknown is the default. Unknown means not safe.
	Unknown Safety = iota
	// ReadOnly changes nothing (NO_SIDE_EFFECTS).
	ReadOnly
	// Idempotent has the same effect once and several times (IDEMPOTENT).
	Idempotent
	// Conditional writes only where a version still matches, as with If-Match. A
	// repeat after a write that worked would fail, so it is made only where a ledger
	// proves that nothing was written.
	Conditional
	// SingleUpstreamCall makes one request to one upstream, so what holds for the
	// request holds for the whole.
	SingleUpstreamCall
	// NotIdempotent has its effect each time, and not at the upstream alone: it is
	// never repeated, whatever a ledger proves about the upstream.
	NotIdempotent
)

// Repeatable tells whether repeating does no harm, whatever happened before.
func (s Safety) Repeatable() bool { return s == ReadOnly || s == Idempotent }
