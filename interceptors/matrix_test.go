// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A failure is one that the upstream answers every request with, and all that the
// rules below need to know of it.
type failure struct {
	name   string
	err    error
	code   codes.Code
	op     retry.Safety // of the operation, where the request goes through one
	passes bool         // it goes away by itself
	clean  bool         // the answer proves that a repeat of the request does no harm
	hint   time.Duration
	least  time.Duration // what the next request has to wait at least
}

var failures = []failure{
	{"429 with Retry-After", slowDown, codes.ResourceExhausted, retry.SingleUpstreamCall, true, true, 2 * time.Second, 2 * time.Second},
	{"503 on a read", brokenRead, codes.Unavailable, retry.ReadOnly, true, true, 0, 0},
	{"503 on a write", brokenWrite, codes.Unavailable, retry.SingleUpstreamCall, true, false, 0, 0},
	{"409 blocked", busy, codes.Aborted, retry.SingleUpstreamCall, true, true, 0, time.Second}, // its own earlier attempt may block it
	{"409 name in use", nameInUse, codes.AlreadyExists, retry.SingleUpstreamCall, false, true, 0, 0},
	{"507", noSpace, codes.ResourceExhausted, retry.SingleUpstreamCall, false, false, 0, 0},
	{"401", noToken, codes.Unauthenticated, retry.ReadOnly, false, true, 0, 0},
}

// A cell of the matrix. Its expectations follow from the five rules below.
type cell struct {
	caller
	failure

	declaration string
	declared    bool // safe to repeat
	method      string
	options     []interceptors.Option
	below       bool // a layer below retries too, and keeps account
}

// Rule 1: the RPC may be sent again if the failure passes, and either the method is
// declared safe to repeat or the account shows that nothing was changed.
func (c *cell) again() bool { return c.passes && (c.declared || c.below && c.clean) }

// Rule 2: such a request is made 3 times, by the lowest layer that may do so; any
// other once.
func (c *cell) inFirstRPC() int {
	if c.again() {
		return 3
	}
	return 1
}

// Rule 3: callers get told not to send it once more, for all attempts are spent.
// go-grpc-middleware does not listen, but says that it retries: one request for each
// RPC more.
func (c *cell) requests() int { return c.inFirstRPC() + c.resends(c.code) }

// Rule 4: RetryInfo says when the RPC may be sent again. That is the upstream's wait,
// or else the next backoff, at least a second; every RPC and every attempt counts for it.
// Pushback says "not now": under codes that clients send again.
func (c *cell) told() told {
	want := told{delay: -1, pushback: "-1"}
	if c.again() {
		want.delay = max(time.Second, window(c.resends(c.code)+c.account().attempts))
	}
	if want.delay >= 0 && c.hint > 0 {
		want.delay = c.hint
	}
	if c.code == codes.AlreadyExists || c.code == codes.Unauthenticated {
		want.pushback = ""
	}
	return want
}

// runs is how often the handler ran: where the layer below made the attempts, the
// interceptor did not.
func (c *cell) runs() int {
	if c.below && c.clean {
		return 1 + c.resends(c.code)
	}
	return c.requests()
}

// Rule 5: the error says how often the request of this RPC was made, and whether
// something may have been changed: by a write that failed half-way.
func (c *cell) account() account {
	want := account{c.inFirstRPC(), "NOT_APPLIED"}
	if c.resends(c.code) > 0 {
		want.attempts = 1
	}
	if c.err == brokenWrite || c.err == noSpace { //nolint:errorlint // the very one
		want.outcome = "UNKNOWN"
	}
	return want
}

// checkTimes: nothing is sent earlier than it may be, nor much later. What a caller
// sends again by itself comes when it likes, which is after 50 ms.
func (c *cell) checkTimes(t *testing.T, at []time.Duration) {
	t.Helper()
	for i := range at {
		low, high := time.Duration(0), time.Duration(0)
		switch {
		case i >= c.inFirstRPC():
			low, high = 45*time.Millisecond, 55*time.Millisecond
		case i > 0 && c.hint > 0:
			low, high = c.hint, max(c.hint+c.hint/10, window(i))
		case i > 0:
			low, high = c.least, c.least+window(i)
		}
		gap := at[i]
		if i > 0 {
			gap -= at[i-1]
		}
		if gap < low || gap > high {
			t.Errorf("request %d came %v after the one before, want %v to %v", i+1, gap, low, high)
		}
	}
}

// The caller matrix: whoever calls, whatever Box answers, whatever the schema says. If
// it fails, an attempt somewhere multiplies another's, or a write is done twice, or
// the callers of a service that Box throttles are told to come back too early.
func TestCallerMatrix(t *testing.T) {
	declarations := []struct {
		name, unary string
		declared    bool
		stream      []interceptors.Option // ListFolder is declared NO_SIDE_EFFECTS
	}{
		{"NO_SIDE_EFFECTS", readOnly, true, nil},
		{"IDEMPOTENT", idempotent, true, safety(retry.Idempotent)},
		{"nothing", undeclared, false, safety(retry.Unknown)},
	}
	for _, who := range callers {
		for _, f := range failures {
			for _, d := range declarations {
				unary := cell{caller: who, failure: f, declaration: d.name, declared: d.declared, method: d.unary}
				stream := unary
				stream.method, stream.options = listFolder, d.stream
				for _, c := range []cell{unary, stream, unary.withLayerBelow(), stream.withLayerBelow()} {
					t.Run(c.title(), func(t *testing.T) { synctest.Test(t, c.test) })
				}
			}
		}
	}
}

func (c cell) withLayerBelow() cell {
	c.below = true
	return c
}

func (c *cell) title() string {
	title := c.caller.name + ", " + c.failure.name + ", " + c.declaration
	if c.method == listFolder {
		title += ", stream"
	}
	if c.below {
		title += ", retry.Do"
	}
	return title
}

func (c *cell) test(t *testing.T) {
	up, ctl := always(c.err), retry.New()
	handler := up.direct
	if c.below {
		handler = up.through(ctl, c.op)
	}
	s := succeeding(marked(handler))
	s.ctl, s.options = ctl, c.options
	c.check(t, call(t.Context(), s.dial(t, c.caller.options()...), c.method), up.times())
}

func (c *cell) check(t *testing.T, a answer, at []time.Duration) {
	t.Helper()
	if len(at) != c.requests() {
		t.Errorf("%d requests to the upstream, want %d", len(at), c.requests())
	}
	c.checkTimes(t, at)
	if got := status.Code(a.err); got != c.code {
		t.Errorf("code = %v, want %v", got, c.code)
	}
	checkSameFacts(t, a.err, c.err)
	checkAccount(t, a.err, c.account())
	checkTold(t, a, c.told())
	if len(grpcOnly(a.header)) != 0 {
		t.Errorf("header = %v, want none: the answer of a failed RPC is Trailers-Only", a.header)
	}
	last := []string{strconv.Itoa(c.runs())}
	own := metadata.MD{"x-held": last, "x-run": last} // what the last run set, and nothing of those before
	if diff := cmp.Diff(own, without(a.trailer, pushbackKey, "grpc-status-details-bin")); diff != "" {
		t.Errorf("trailer (-want +got):\n%s", diff)
	}
}

func without(md metadata.MD, keys ...string) metadata.MD {
	md = grpcOnly(md)
	for _, key := range keys {
		md.Delete(key)
	}
	return md
}
