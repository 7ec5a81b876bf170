// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
)

// A Pushback is the grpc-retry-pushback-ms trailer (gRFC A6): what a server tells
// its caller's gRPC library. The zero Pushback is no trailer.
type Pushback struct {
	told bool
	ms   int32 // negative: stop
}

// PushbackOf reads the values of the trailer. More than one, or one that is no
// int32, means stop, as to every gRPC library.
func PushbackOf(values []string) Pushback {
	if len(values) == 0 {
		return Pushback{}
	}
	ms, err := strconv.ParseUint(values[0], 10, 31) // no sign
	if err != nil || len(values) > 1 {
		return stop
	}
	return Pushback{told: true, ms: int32(ms)}
}

// stop ends the caller's retries.
var stop = Pushback{told: true, ms: -1}

// String returns the value of the trailer, "" for none.
func (p Pushback) String() string {
	if !p.told {
		return ""
	}
	return strconv.FormatInt(int64(p.ms), 10)
}

// Stop tells whether the caller must not send the RPC again.
func (p Pushback) Stop() bool { return p.told && p.ms < 0 }

// Wait returns how long the caller has to wait before it sends the RPC again, and
// false where it was not told to.
func (p Pushback) Wait() (time.Duration, bool) {
	if !p.told || p.ms < 0 {
		return 0, false
	}
	return time.Duration(p.ms) * time.Millisecond, true
}

// after is the wait in whole milliseconds with upward jitter, for callers come back
// exactly then. One that does not fit the trailer's int32, or ends after the
// caller's deadline, ends the retries at once, so that the caller keeps the real
// error.
func after(delay, remaining time.Duration) Pushback {
	ms := math.Ceil(delay.Seconds() * 1000 * (1 + rand.Float64()/hintJitter)) //nolint:gosec // no secret
	late := remaining >= 0 && ms >= float64(remaining.Milliseconds())
	if late || ms > math.MaxInt32 {
		return stop
	}
	return Pushback{told: true, ms: int32(ms)}
}

// retryInfo is the wait of a status that is not ours.
func retryInfo(err error) (time.Duration, bool) {
	if s, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err); ok {
		for _, d := range s.GRPCStatus().Details() {
			if info, ok := d.(*errdetails.RetryInfo); ok {
				return max(info.GetRetryDelay().AsDuration(), 0), true
			}
		}
	}
	return 0, false
}
