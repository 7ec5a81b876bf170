// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

// A Reason says why something was decided, in one of few words: fit for a metric's
// label.
type Reason string

// Why an attempt is made again.
const (
	ReasonHint       Reason = "hint"       // after the wait that the upstream named
	ReasonBackoff    Reason = "backoff"    // after a wait of our own
	ReasonPushback   Reason = "pushback"   // the server said so; without a retry: it said stop
	ReasonReconciled Reason = "reconciled" // no need: the write turned out to be applied
)

// Why it is not.
const (
	ReasonForeign    Reason = "foreign"    // not an upstream's error
	ReasonPermanent  Reason = "permanent"  // it would fail again
	ReasonUnsafe     Reason = "unsafe"     // it could do harm
	ReasonAttempts   Reason = "attempts"   // there were as many as may be
	ReasonSpent      Reason = "spent"      // the layer below has made them
	ReasonBudget     Reason = "budget"     // too much fails already
	ReasonMaxWait    Reason = "max_wait"   // the named wait is longer than ours
	ReasonDeadline   Reason = "deadline"   // the wait would end after the deadline
	ReasonCommitted  Reason = "committed"  // something was delivered already
	ReasonNotOwner   Reason = "not_owner"  // somebody else on this hop retries
	ReasonUndeclared Reason = "undeclared" // nobody said that the method may be repeated
	ReasonCanceled   Reason = "canceled"   // the caller went away during the wait
	ReasonCooldown   Reason = "cooldown"   // not sent: the gate is closed for too long
)

// What else there is to know.
const (
	ReasonHeld  Reason = "held"   // the gate held the request back, then let it go
	ReasonNoKey Reason = "no_key" // a 429 of a request without a principal: not gated
)
