// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"math"
	"strconv"
	"time"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// Cooldown is the error of a request that was not sent, because the upstream has
// told its principal to slow down: RESOURCE_EXHAUSTED, reason COOLDOWN of domain
// "boxgrpc", and the time that is left in RetryInfo.
func Cooldown(left time.Duration) *Error {
	e := newFailure(boxgrpcv1.Failure_FAILURE_COOLDOWN, boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED, nil)
	e.allowed, e.hint, e.hinted = true, max(left, 0), true
	e.built().setRetry(&e.verdict)
	return e
}

// Attempts is how often the request, or the handler that makes it, was sent or run
// before this error was given out: metadata "attempts", or 1, and at most [math.MaxInt32].
func (e *Error) Attempts() int { return max(int(e.orMissing().attempts), 1) }

// WithAttempts returns the error with the number of attempts in its metadata. One
// goes without saying.
func (e *Error) WithAttempts(n int) *Error {
	if n == e.Attempts() || n < 1 {
		return e
	}
	c := e.withMetadata(keyAttempts, strconv.Itoa(n), e.orMissing().verdict)
	c.attempts = int32(min(n, math.MaxInt32))
	return c
}

// WithOutcome returns the error with another outcome: for an RPC that did more than
// the request that failed.
func (e *Error) WithOutcome(o boxgrpcv1.Outcome) *Error {
	if o == e.Outcome() || o == boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED {
		return e
	}
	v := e.orMissing().verdict
	v.outcome = o
	return e.withMetadata(keyOutcome, outcomeName(o), v)
}

func (e *Error) withMetadata(key, value string, v verdict) *Error {
	p := e.built().clone()
	p.setMetadata(key, value)
	return e.derive(p, v)
}
