// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// told is advice with the trailer as it is written. A wait is "wait": what it may be
// depends on the delay.
type told struct {
	Retry    bool
	Delay    time.Duration
	Pushback string
}

// again is advice to repeat.
func again(d time.Duration) told { return told{true, d, "wait"} }

func checkAdvice(t *testing.T, a retry.Advice, want told) {
	t.Helper()
	got := told{a.Retry, a.Delay, a.Pushback.String()}
	if wait, ok := a.Pushback.Wait(); ok && want.Pushback == "wait" {
		ms, low := wait.Milliseconds(), want.Delay.Milliseconds()
		if ms < low || ms > low+low/10+1 {
			t.Errorf("Pushback = %d, want %d to a tenth more", ms, low)
		}
		got.Pushback = "wait"
	}
	if got != want {
		t.Errorf("Advise = %+v, want %+v (the pushback was %q)", got, want, a.Pushback)
	}
}

// advise is the advice after one failure, for which nothing was tried again.
func advise(e error, s retry.Safety, remaining time.Duration) retry.Advice {
	return retry.New().Advise(retry.Failure{Err: e, Attempt: 1, Safety: s, Remaining: remaining}, retry.Decision{})
}

// One row for each kind of failure, one column for each kind of RPC. A wrong "again"
// here is a write made twice, a wrong "stop" is a retry lost, and a missing stop is
// a storm of retries that clients make by the code alone.
func TestAdvise(t *testing.T) {
	t.Parallel()
	stop, silent := told{Pushback: "-1"}, told{}
	second := again(time.Second)
	situations := []struct {
		name                        string
		e                           *translate.Error
		safe, single, proven, other told
	}{
		{"429", throttled(""), second, second, second, stop},
		{"429 with a hint", throttled("7"), again(7 * time.Second), again(7 * time.Second), again(7 * time.Second), stop},
		{"429 with a hint of 0", throttled("0"), again(0), again(0), again(0), stop},
		{"503 on a read", busyRead(), second, second, second, stop},
		{"503 on a write", busyWrite(), second, stop, stop, stop},
		{"503 on a write with a hint", box("POST", 503, "unavailable", "7"), again(7 * time.Second), stop, stop, stop},
		{"503 on a deletion", box("DELETE", 503, "unavailable", ""), second, second, second, stop},
		{"500", box("GET", 500, "internal_server_error", ""), second, second, second, stop},
		{"the folder is busy", blocked(), second, second, second, stop},
		{"the name is in use", nameInUse(), silent, silent, silent, silent},
		{"the name is in use, with a hint", box("POST", 409, "item_name_in_use", "7"), silent, silent, silent, silent},
		{"no space left", box("POST", 507, "storage_limit_exceeded", ""), stop, stop, stop, stop},
		{"not found", notFound(), silent, silent, silent, silent},
		{"unauthorized", box("GET", 401, "unauthorized", ""), silent, silent, silent, silent},
		{"a bad request", box("POST", 400, "bad_request", ""), silent, silent, silent, silent},
		{"a status nobody knows", box("GET", 799, "", ""), stop, stop, stop, stop},
		{"connection refused on a write", transport("POST", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), second, second, second, stop},
		{"connection lost on a read", lost("GET"), second, second, second, stop},
		{"connection lost on a write", lost("POST"), second, stop, stop, stop},
		{"the gate is closed", translate.Cooldown(5 * time.Second), again(5 * time.Second), again(5 * time.Second), again(5 * time.Second), stop},
		{"deadline", transport("GET", context.DeadlineExceeded), stop, stop, stop, stop},
		{"cancelled", transport("GET", context.Canceled), silent, silent, silent, silent},
		{"certificate", transport("GET", x509.UnknownAuthorityError{}), stop, stop, stop, stop},
		{"judged: not again", throttled("7").WithoutRetry(), stop, stop, stop, stop},
		{"judged: again", box("POST", 404, "not_found", "").WithRetryDelay(3 * time.Second), again(3 * time.Second), again(3 * time.Second), again(3 * time.Second), silent},
	}
	for _, tt := range situations {
		for _, kind := range []struct {
			name   string
			f      retry.Failure
			wanted told
		}{
			{"unknown", retry.Failure{Safety: retry.Unknown}, tt.other},
			{"read only", retry.Failure{Safety: retry.ReadOnly}, tt.safe},
			{"idempotent", retry.Failure{Safety: retry.Idempotent, Changed: true}, tt.safe},
			{"conditional", retry.Failure{Safety: retry.Conditional}, tt.other},
			{"single", retry.Failure{Safety: retry.SingleUpstreamCall}, tt.single},
			{"single, but it has written", retry.Failure{Safety: retry.SingleUpstreamCall, Changed: true}, tt.other},
			{"not idempotent", retry.Failure{Safety: retry.NotIdempotent}, tt.other},
			{"not idempotent, proven", retry.Failure{Safety: retry.NotIdempotent, Proven: true}, tt.other},
			{"unknown, proven", retry.Failure{Safety: retry.Unknown, Proven: true}, tt.proven},
			{"conditional, proven", retry.Failure{Safety: retry.Conditional, Proven: true}, tt.proven},
		} {
			t.Run(tt.name+", "+kind.name, func(t *testing.T) {
				t.Parallel()
				kind.f.Err, kind.f.Attempt, kind.f.Remaining = tt.e, 1, retry.NoDeadline
				checkAdvice(t, retry.New().Advise(kind.f, retry.Decision{}), kind.wanted)
			})
		}
	}
}

// Errors that are not the upstream's pass untouched: nobody here knows whether their
// RPC may be repeated, and a stop would end retries that another service wants.
func TestAdviseLeavesStrangersAlone(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("bug"), stranger(codes.Unavailable, time.Second)} {
		checkAdvice(t, advise(err, retry.ReadOnly, retry.NoDeadline), told{})
	}
}

// Whoever tries again after this side has made all attempts multiplies them: three
// layers of three are 27 requests. RetryInfo stays, for people and for later. Where
// nobody has tried, the caller may.
func TestAdviseStopsWhoWouldMultiply(t *testing.T) {
	t.Parallel()
	for reason, want := range map[retry.Reason]string{
		retry.ReasonAttempts: "-1", retry.ReasonSpent: "-1", retry.ReasonBudget: "-1",
		retry.ReasonNotOwner: "wait", retry.ReasonUndeclared: "wait", retry.ReasonMaxWait: "wait",
		retry.ReasonCommitted: "wait", retry.ReasonCooldown: "wait",
	} {
		f := retry.Failure{Err: throttled("7"), Attempt: 3, Safety: retry.ReadOnly, Remaining: retry.NoDeadline}
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			checkAdvice(t, retry.New().Advise(f, retry.Decision{Reason: reason}), told{true, 7 * time.Second, want})
		})
	}
}

// The same holds where the layer below has made the attempts, whatever else forbids
// this layer to repeat.
func TestAdviseStopsAfterTheLayerBelow(t *testing.T) {
	t.Parallel()
	f := retry.Failure{Err: throttled("7"), Attempt: 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline, Spent: true}
	checkAdvice(t, retry.New().Advise(f, retry.Decision{Reason: retry.ReasonNotOwner}), told{true, 7 * time.Second, "-1"})
}

// Where nobody named a wait, the more often it failed the longer callers are sent
// away, and never less than a second. However far somebody has counted, the wait
// has its limit.
func TestAdviseBacksOff(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{
		-7: time.Second, 0: time.Second, 1: time.Second, 2: time.Second, 3: 2 * time.Second,
		4: 4 * time.Second, 5: 8 * time.Second, 6: 8 * time.Second, 64: 8 * time.Second, 65: 8 * time.Second, math.MaxInt: 8 * time.Second,
	} {
		t.Run(strconv.Itoa(attempt), func(t *testing.T) {
			t.Parallel()
			f := retry.Failure{Err: busyRead(), Attempt: attempt, Safety: retry.ReadOnly, Remaining: retry.NoDeadline}
			checkAdvice(t, retry.New().Advise(f, retry.Decision{}), again(want))
		})
	}
}
