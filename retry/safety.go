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
	// Conditional writes only where a version still matches, as with If-Match. It
	// can be repeated only where it is known that no earlier write was made, which
	// nothing tells yet: until then it counts as Unknown.
	Conditional
	// SingleUpstreamCall makes one request to one upstream, so what holds for the
	// request holds for the RPC.
	SingleUpstreamCall
	// NotIdempotent has its effect each time.
	NotIdempotent
)

// Repeatable tells whether repeating does no harm, whatever happened before.
func (s Safety) Repeatable() bool { return s == ReadOnly || s == Idempotent }
