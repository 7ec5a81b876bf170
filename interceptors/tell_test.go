// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// every matches all RPCs.
var every = selector.MatchFunc(func(context.Context, mwinterceptors.CallMeta) bool { return true })

// told is what a caller is told about sending the RPC again.
type told struct {
	delay    time.Duration // of RetryInfo, which is there exactly if this is not negative
	pushback string        // "", "-1", or "wait": the delay and up to a tenth more
}

var (
	nothing = told{-1, ""}
	stop    = told{-1, "-1"}
)

func waiting(d time.Duration) told { return told{d, "wait"} }

func checkTold(t *testing.T, a answer, want told) {
	t.Helper()
	delay, n := retryInfo(a.err)
	switch {
	case want.delay < 0 && n != 0:
		t.Errorf("RetryInfo = %v, want none", delay)
	case want.delay >= 0 && (n != 1 || delay != want.delay):
		t.Errorf("RetryInfo = %v (%d of them), want one of %v", delay, n, want.delay)
	}
	checkPushback(t, a, want)
}

func checkPushback(t *testing.T, a answer, want told) {
	t.Helper()
	got := a.trailer[pushbackKey]
	switch {
	case want.pushback == "" && len(got) == 0:
	case len(got) != 1:
		t.Errorf("pushback = %q, want one value: %q", got, want.pushback)
	case want.pushback == "wait":
		ms, err := strconv.ParseInt(got[0], 10, 32)
		low := want.delay.Milliseconds()
		if err != nil || ms < low || ms > low+low/10+1 {
			t.Errorf("pushback = %q, want %d to a tenth more", got, low)
		}
	case got[0] != want.pushback:
		t.Errorf("pushback = %q, want %q", got, want.pushback)
	}
}

// situations are failed upstream requests, and what the caller of the RPC is told
// by what is known of the RPC.
var situations = []struct {
	name                           string
	err                            error
	safe, unknown, single, harmful told
}{
	{"429 with Retry-After", box(http.MethodPost, 429, "rate_limit_exceeded", "Retry-After", "2"), waiting(2 * time.Second), stop, waiting(2 * time.Second), stop},
	{"429 with Retry-After: 0", box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "0"), waiting(0), stop, waiting(0), stop},
	{"503 on a read", box(http.MethodGet, 503, "unavailable"), waiting(time.Second), stop, waiting(time.Second), stop},
	{"503 on a write", box(http.MethodPost, 503, "unavailable"), waiting(time.Second), stop, stop, stop},
	{"503 on a write with Retry-After", box(http.MethodPost, 503, "unavailable", "Retry-After", "4"), waiting(4 * time.Second), stop, stop, stop},
	{"the folder is busy", box(http.MethodPost, 409, "operation_blocked_temporary"), waiting(time.Second), stop, waiting(time.Second), stop},
	{"the name is in use", box(http.MethodPost, 409, "item_name_in_use"), nothing, nothing, nothing, nothing},
	{"no space left", upstream(translate.Box, http.MethodPost, 507, ""), stop, stop, stop, stop},
	{"no space left with Retry-After", upstream(translate.HTTP, http.MethodGet, 507, "", "Retry-After", "4"), stop, stop, stop, stop},
	{"401", box(http.MethodGet, 401, "unauthorized"), nothing, nothing, nothing, nothing},
	{"404 with Retry-After", box(http.MethodGet, 404, "not_found", "Retry-After", "4"), nothing, nothing, nothing, nothing},
}

// Rule 1. Where it breaks, callers send writes twice, or give up on reads that a
// second try would have saved.
func TestWhatCallersAreTold(t *testing.T) {
	t.Parallel()
	for _, s := range situations {
		rpcs := []struct {
			name   string
			method string
			safety []interceptors.Option
			want   told
		}{
			{"NO_SIDE_EFFECTS", readOnly, nil, s.safe},
			{"NO_SIDE_EFFECTS stream", listFolder, nil, s.safe},
			{"IDEMPOTENT", idempotent, nil, s.safe},
			{"undeclared", undeclared, nil, s.unknown},
			{"undeclared stream", uploadFile, nil, s.unknown},
			{"undeclared, idempotent by option", undeclared, safety(retry.Idempotent), s.safe},
			{"undeclared stream, read only by option", uploadFile, safety(retry.ReadOnly), s.safe},
			{"single upstream call", undeclared, safety(retry.SingleUpstreamCall), s.single},
			{"conditional", undeclared, safety(retry.Conditional), s.unknown},
			{"declared, not idempotent by option", readOnly, safety(retry.NotIdempotent), s.harmful},
			{"declared stream, not idempotent by option", listFolder, safety(retry.NotIdempotent), s.harmful},
		}
		for _, rpc := range rpcs {
			t.Run(s.name+", "+rpc.name, func(t *testing.T) {
				t.Parallel()
				checkTold(t, ask(t, failing(s.err, rpc.safety...), rpc.method), rpc.want)
				plain := append([]interceptors.Option{interceptors.WithoutIsolation()}, rpc.safety...)
				checkTold(t, ask(t, failing(s.err, plain...), rpc.method), rpc.want)
			})
		}
	}
}

func safety(s retry.Safety) []interceptors.Option {
	return []interceptors.Option{interceptors.WithSafety(s, every)}
}

// A wait that must not be obeyed is still a fact; without it a user who looks into
// a failed write does not learn that the upstream was overloaded.
func TestAWithheldWaitMovesToTheMetadata(t *testing.T) {
	t.Parallel()
	a := ask(t, failing(box(http.MethodPost, 429, "rate_limit_exceeded", "Retry-After", "90")), undeclared)
	checkTold(t, a, stop)
	if got := factsOf(t, a.err).Metadata["retryAfter"]; got != "90s" {
		t.Errorf("metadata retryAfter = %q, want %q", got, "90s")
	}
}

// Two pushback values mean "stop" to clients: a handler that forwards the trailers
// of another service, or sets its own, must not cost its callers their retries, nor
// give them leave where we say no.
func TestThePushbackOfAHandlerGivesWay(t *testing.T) {
	t.Parallel()
	situations := map[string]struct {
		err    error
		method string
		want   told
	}{
		"a wait":              {box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2"), readOnly, waiting(2 * time.Second)},
		"a wait, on a stream": {box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2"), listFolder, waiting(2 * time.Second)},
		"a stop":              {box(http.MethodPost, 503, "unavailable"), undeclared, stop},
		"a stop, on a stream": {box(http.MethodPost, 503, "unavailable"), uploadFile, stop},
		"no word":             {box(http.MethodPost, 409, "item_name_in_use"), undeclared, nothing},
	}
	for name, tt := range situations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := failing(tt.err)
			set := func(ctx context.Context) {
				_ = grpc.SetHeader(ctx, metadata.Pairs(pushbackKey, "7"))
				_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackKey, "77", pushbackKey, "777"))
			}
			s.unary = func(ctx context.Context) error { set(ctx); return tt.err }
			s.list = func(ss listStream) error { set(ss.Context()); return tt.err }
			s.upload = func(ss uploadStream) error { set(ss.Context()); return tt.err }
			checkTold(t, ask(t, s, tt.method), tt.want)
		})
	}
}

// A caller who waits past its own deadline loses the real error and gets
// DEADLINE_EXCEEDED without details. A wait that does not fit the trailer's int32
// must not become a shorter one. RetryInfo stays: the next RPC may obey it.
func TestWaitsThatCannotEndInATry(t *testing.T) {
	t.Parallel()
	situations := map[string]struct {
		hint time.Duration
		left time.Duration // of the caller's deadline; 0: there is none
		want string
	}{
		"no deadline":                   {30 * time.Second, 0, "wait"},
		"a deadline far off":            {30 * time.Second, time.Hour, "wait"},
		"a deadline before it":          {30 * time.Second, 20 * time.Second, "-1"},
		"a deadline at the same":        {30 * time.Second, 30 * time.Second, "-1"},
		"22 days":                       {1_950_000 * time.Second, 0, "wait"},
		"just beyond int32":             {2_147_484 * time.Second, 0, "-1"},
		"2^32 ms, short if it were cut": {4_294_968 * time.Second, 0, "-1"},
		"a year, which is the most":     {365 * 24 * time.Hour, 0, "-1"},
	}
	for name, tt := range situations {
		for _, method := range []string{readOnly, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				if tt.left > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.left)
					defer cancel()
				}
				hint := fmt.Sprint(int(tt.hint.Seconds()))
				err := box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", hint)
				checkTold(t, call(ctx, failing(err).dial(t), method), told{tt.hint, tt.want})
			})
		}
	}
}
