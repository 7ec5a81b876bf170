// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"time"

	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Advice is what the caller of a failed RPC is told.
type Advice struct {
	// Retry means that the same RPC may be sent again after Delay: RetryInfo.
	Retry bool
	Delay time.Duration
	// Pushback is what its gRPC library shall do now.
	Pushback Pushback
}

// Advise says what the caller of an RPC is told after this failure, when [Decide]
// decided d.
//
// RetryInfo stands for "the same RPC may be sent again": the failure is of a kind
// that passes, and a repeat does no harm. The pushback says whether to do so now: not
// if this side has made all attempts already, or if the wait ends after the caller's
// deadline.
func (c *Controller) Advise(f Failure, d Decision) Advice {
	e, ok := translate.FromError(f.Err)
	if !ok {
		return Advice{}
	}
	if e.RetryClass() == boxgrpcv1.Retry_RETRY_NEVER || !harmless(e, &f) {
		return Advice{Pushback: discourage(e.Code())}
	}
	delay, named := e.RetryAfter()
	if !named {
		delay = max(time.Second, c.window(f.Attempt))
	}
	a := Advice{Retry: true, Delay: delay, Pushback: after(delay, f.Remaining)}
	if f.Spent || d.exhausted() {
		a.Pushback = stop
	}
	return a
}

// exhausted: whoever tries again now multiplies what was tried here.
func (d Decision) exhausted() bool {
	return d.Reason == ReasonAttempts || d.Reason == ReasonSpent || d.Reason == ReasonBudget
}

// discourage stops retries that clients would make by the code alone. Under other
// codes they make none, and the bytes are saved.
func discourage(c codes.Code) Pushback {
	switch c {
	case codes.Unavailable, codes.ResourceExhausted, codes.Aborted,
		codes.DeadlineExceeded, codes.Internal, codes.Unknown:
		return stop
	}
	return Pushback{}
}
