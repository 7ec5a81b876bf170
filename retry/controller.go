// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A Controller decides about retries. It is safe for concurrent use; share one
// among all interceptors of a service.
type Controller struct{}

// New returns a controller. Its defaults are safe.
func New() *Controller { return &Controller{} }

// Advice is what the caller of a failed RPC is told.
type Advice struct {
	// Retry means that the same RPC may be sent again after Delay: RetryInfo.
	Retry bool
	Delay time.Duration

	// Pushback is the value of the grpc-retry-pushback-ms trailer (gRFC A6): a wait
	// in milliseconds, "-1" for "do not retry", or "" for no trailer.
	Pushback string
}

// stop is the pushback that ends a caller's built-in retries.
const stop = "-1"

// maxJitter is the largest part of a wait that is added to it, so that callers who
// were told the same moment do not all come back in it. It is never taken away.
const maxJitter = 0.1

// defaultDelay is used where the upstream names no wait.
const defaultDelay = time.Second

// Advise judges the RPC, where a translator has judged the upstream's request
// only. remaining is what is left of the caller's deadline; a negative one means
// that there is none.
//
// The RPC may be sent again if the error is of a kind that passes, and if a repeat
// does no harm: the method is safe, or made no other request than the one that may
// be repeated. Unknown means no.
func (c *Controller) Advise(e *translate.Error, s Safety, remaining time.Duration) Advice {
	if !mayRepeat(e, s) {
		return Advice{Pushback: discourage(e.Code())}
	}
	delay, named := e.RetryAfter()
	if !named {
		delay = defaultDelay
	}
	return Advice{Retry: true, Delay: delay, Pushback: pushback(delay, remaining)}
}

func mayRepeat(e *translate.Error, s Safety) bool {
	_, allowed := e.RetryDelay()
	switch {
	case s.Repeatable():
		return e.RetryClass() != boxgrpcv1.Retry_RETRY_NEVER
	case s == SingleUpstreamCall:
		return allowed
	}
	return false
}

// discourage stops retries that clients would make by the code alone. Under other
// codes they make none, and the bytes are saved.
func discourage(c codes.Code) string {
	switch c {
	case codes.Unavailable, codes.ResourceExhausted, codes.Aborted,
		codes.DeadlineExceeded, codes.Internal, codes.Unknown:
		return stop
	}
	return ""
}

// pushback is the wait in whole milliseconds, never shortened: one that does not
// fit the trailer's int32, or ends after the caller's deadline, ends the retries
// at once, so that the caller keeps the real error.
func pushback(delay, remaining time.Duration) string {
	ms := math.Ceil(delay.Seconds() * 1000 * (1 + rand.Float64()*maxJitter)) //nolint:gosec // no secret
	late := remaining >= 0 && ms >= float64(remaining.Milliseconds())
	if late || ms > math.MaxInt32 {
		return stop
	}
	return strconv.FormatFloat(ms, 'f', 0, 64)
}
