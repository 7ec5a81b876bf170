// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A reply is one of the upstream's answers, and what it forbids.
type reply struct {
	name      string
	err       error
	hint      time.Duration // nothing may be sent before
	final     bool          // nothing may be sent again
	ambiguous bool          // nothing may be sent again that is not declared safe to repeat
}

// replies are all that happen to a request with this HTTP method.
func replies(method string) []reply {
	write := method == http.MethodPost
	return []reply{
		{"success", nil, 0, true, false},
		{"429, 2 s", box(method, 429, "rate_limit_exceeded", "Retry-After", "2"), 2 * time.Second, false, false},
		{"429, 9 s", box(method, 429, "rate_limit_exceeded", "Retry-After", "9"), 9 * time.Second, false, false},
		{"429, 60 s", box(method, 429, "rate_limit_exceeded", "Retry-After", "60"), time.Minute, false, false},
		{"429, 0 s", box(method, 429, "rate_limit_exceeded", "Retry-After", "0"), 0, false, false},
		{"503", box(method, 503, "unavailable"), 0, false, write},
		{"503, 3 s", box(method, 503, "unavailable", "Retry-After", "3"), 3 * time.Second, false, write},
		{"409 blocked", box(method, 409, "operation_blocked_temporary"), time.Second, false, false},
		{"409 name in use", box(method, 409, "item_name_in_use"), 0, true, false},
		{"401", box(method, 401, "unauthorized"), 0, true, false},
	}
}

// A storm is one RPC in bad weather: each request meets another answer.
type storm struct {
	caller

	declared bool
	options  []interceptors.Option
	method   string
	plain    bool // without isolation
	below    bool // a layer below retries too
	op       retry.Safety
	deadline time.Duration // 0: none

	replies []reply
}

func newStorm(r *rand.Rand) *storm {
	s := &storm{caller: callers[r.IntN(len(callers))], below: r.IntN(2) == 0, op: retry.ReadOnly}
	httpMethod := http.MethodGet
	if r.IntN(2) == 0 {
		httpMethod, s.op = http.MethodPost, retry.SingleUpstreamCall
	}
	for range 12 { // more than any of them may need
		all := replies(httpMethod)
		s.replies = append(s.replies, all[r.IntN(len(all))])
	}
	s.method, s.declared = readOnly, true
	switch r.IntN(6) {
	case 0:
		s.method = idempotent
	case 1:
		s.method, s.declared = undeclared, false
	case 2:
		s.method = listFolder
	case 3:
		s.method, s.declared, s.options = listFolder, false, safety(retry.Unknown)
	case 4:
		s.method, s.declared, s.options = undeclared, false, safety(retry.SingleUpstreamCall)
	}
	if r.IntN(3) == 0 {
		s.deadline = []time.Duration{time.Second, 5 * time.Second, 90 * time.Second}[r.IntN(3)]
	}
	s.plain = r.IntN(4) == 0
	if s.plain {
		s.options = append(s.options, interceptors.WithoutIsolation())
	}
	return s
}

func (s *storm) String() string {
	names := make([]string, 0, len(s.replies))
	for _, r := range s.replies {
		names = append(names, r.name)
	}
	return fmt.Sprintf("%s, %s, declared %v, plain %v, Do %v, deadline %v: %s",
		s.name, s.method, s.declared, s.plain, s.below, s.deadline, strings.Join(names, "; "))
}

// most is how many requests one RPC may cost. Without isolation there is no ledger, and
// the layer below does not learn that its caller retries: it may use its attempts at
// each RPC of a caller who does not listen, and once at the last of one who does, if
// the first two had a wait that was too long.
func (s *storm) most() int {
	switch stubborn := s.sends > 0; {
	case s.plain && s.below && stubborn:
		return 3 * s.sends
	case s.plain && s.below:
		return 1 + 1 + 3
	case stubborn:
		return 3 + 1 + 1
	}
	return 3
}

// Whatever the weather: not too many requests, none too early, none that may do harm,
// and the caller gets the real error. If it fails, there is a sequence of answers that
// nobody thought of, and that hurts a user.
func TestStorms(t *testing.T) {
	storms := 400
	if raceDetector {
		storms = 30
	}
	for seed := range uint64(storms) {
		s := newStorm(rand.New(rand.NewPCG(seed, 1)))
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, s.test)
		})
	}
}

func (s *storm) test(t *testing.T) {
	var again []bool // the request is one that the caller makes by itself
	up, ctl := answering(func(n int) error { return s.replies[n-1].err }), retry.New()
	handler := up.direct
	if s.below {
		handler = up.through(ctl, s.op)
	}
	svc := succeeding(func(ctx context.Context) error {
		before := up.count()
		err := handler(ctx)
		for range up.count() - before {
			again = append(again, len(metadata.ValueFromIncomingContext(ctx, "x-retry-attempt")) > 0)
		}
		return err
	})
	svc.ctl, svc.options = ctl, s.options
	ctx := t.Context()
	if s.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.deadline)
		defer cancel()
	}
	conn := svc.dial(t, s.caller.options()...)
	a := call(ctx, conn, s.method)
	fail := func(format string, args ...any) {
		t.Errorf("%s\n%s; requests at %v", fmt.Sprintf(format, args...), s, up.times())
	}
	at := up.times()
	if most := s.most(); len(at) > most {
		fail("%d requests, want at most %d", len(at), most)
	}
	for i := 1; i < len(at); i++ {
		last := s.replies[i-1]
		switch gap := at[i] - at[i-1]; {
		case again[i] && s.sends > 0: // it does not listen
		case gap < last.hint:
			fail("request %d after %v, want %v", i+1, gap, last.hint)
		case last.final:
			fail("request %d after %s", i+1, last.name)
		case last.ambiguous && !s.declared:
			fail("request %d after an ambiguous write", i+1)
		}
	}
	if got, want := status.Code(a.err), status.Code(s.replies[len(at)-1].err); got != want && got != codes.DeadlineExceeded || got == codes.DeadlineExceeded && s.sends == 0 {
		fail("code = %v, want the real one: %v", got, want)
	}
}
