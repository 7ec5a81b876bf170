// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/retry"
)

// What a gate is asked and told in the course of one operation. Not asked before a
// request, it holds nothing back; not told of a 429, it never closes; told of one that
// a broken connection made up, it opens too early.
func TestDoAsksTheGate(t *testing.T) {
	const mark, enter, passed = "mark", "enter, up to 10s", "passed, mark 7"
	situations := []struct {
		name   string
		closed bool
		errs   []error
		want   []string
	}{
		{"open, a success", false, nil, []string{mark}},
		{"open, a failure", false, []error{notFound()}, []string{mark}},
		{"open, no answer", false, []error{lost("POST")}, []string{mark}},
		{"open, 429", false, []error{throttled("5").WithoutRetry()}, []string{mark, "throttled 5s"}},
		{"open, 429 without a hint", false, []error{box("POST", 429, "rate_limit_exceeded", "").WithoutRetry()}, []string{mark, "throttled -1ns"}},
		{"closed, a success", true, nil, []string{mark, enter, passed}},
		{"closed, not found", true, []error{notFound()}, []string{mark, enter, passed}},
		{"closed, the write is ambiguous", true, []error{busyWrite()}, []string{mark, enter, passed}},
		{"closed, no answer", true, []error{lost("POST")}, []string{mark, enter}},
		{"closed, a bug", true, []error{errors.New("bug")}, []string{mark, enter}},
		{"closed, 429 once", true, []error{throttled("5")}, []string{mark, enter, "throttled 5s, entered", mark, enter, passed}},
		{"closed, 429 always", true, []error{throttled("5"), throttled("6"), throttled("7")}, []string{
			mark, enter, "throttled 5s, entered", mark, enter, "throttled 6s, entered", mark, enter, "throttled 7s, entered",
		}},
		{"closed, busy once", true, []error{blocked()}, []string{mark, enter, passed, mark, enter, passed}},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &turnstile{closed: tt.closed}
				ctx := retry.WithKey(t.Context(), "ann")
				_, _ = retry.Do(ctx, retry.New(retry.WithGate(g)), create, (&script{errs: tt.errs}).run, nil)
				if diff := cmp.Diff(tt.want, g.calls); diff != "" {
					t.Errorf("the gate was asked (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The gate does the waiting after a 429: it knows who else waits. Two waits one after
// the other would be twice what the upstream asked for.
func TestTheGateWaitsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, s := &turnstile{shuts: true}, &script{errs: []error{throttled("5")}}
		_, err := retry.Do(retry.WithKey(t.Context(), "ann"), retry.New(retry.WithGate(g)), create, s.run, nil)
		s.checkCalls(t, 2)
		if err != nil || s.at[1] != 5*time.Second {
			t.Errorf("called at %v, error = %v, want the second call when the gate opens, after 5s", s.at, err)
		}
	})
}

// A gate over a store that is gone delays nobody. The upstream's wait holds all the
// same: three requests in no time is what it bans clients for.
func TestAGateThatForgetsMakesNobodyEarly(t *testing.T) {
	for name, closed := range map[string]bool{"it is always idle": false, "it lets everybody in": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, s := &turnstile{closed: closed}, &script{errs: []error{throttled("5"), throttled("6")}}
				_, err := retry.Do(retry.WithKey(t.Context(), "ann"), retry.New(retry.WithGate(g)), create, s.run, nil)
				s.checkCalls(t, 3)
				if err != nil || s.at[1] < 5*time.Second || s.at[2]-s.at[1] < 6*time.Second {
					t.Errorf("called at %v, error = %v, want 5s and 6s between the calls", s.at, err)
				}
			})
		})
	}
}

// A request that has no turn in time is not sent, and its caller is told when to come
// back. That is what a gate is for: no request, and no wait without hope.
func TestRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, g, s := &journal{}, &turnstile{closed: true, refuse: map[int]string{1: "42s"}}, &script{}
		l := &retry.Ledger{Context: retry.WithKey(t.Context(), "ann")}
		c := retry.New(retry.WithGate(g), retry.WithObserver(j.observe), retry.WithMaxWait(9*time.Second))
		_, err := retry.Do(l, c, create, s.run, lookUpNothing(t))
		s.checkCalls(t, 0)
		e := mustUpstream(t, err)
		if left, ok := e.RetryDelay(); e.Reason() != "COOLDOWN" || e.Code() != codes.ResourceExhausted || !ok || left != 42*time.Second {
			t.Errorf("error = %v, RetryInfo %v, want a cooldown of 42s", err, left)
		}
		if diff := cmp.Diff([]string{"mark", "enter, up to 9s"}, g.calls); diff != "" {
			t.Errorf("the gate was asked (-want +got):\n%s", diff)
		}
		if len(j.events) != 1 || j.events[0].Reason != retry.ReasonCooldown || j.events[0].Retry || j.events[0].Delay != 42*time.Second || j.events[0].Attempt != 0 || j.events[0].Operation != "create" {
			t.Errorf("told %+v, want one cooldown of 42s, no attempt", j.events)
		}
		if !l.Proves(e) || l.Changed() || l.Spent(e) {
			t.Errorf("Proves = %v, Changed = %v, Spent = %v, want a proof that nothing was sent", l.Proves(e), l.Changed(), l.Spent(e))
		}
	})
}

// A turn that comes too late for the second attempt must not cost the error of the
// first one: the caller asked for a folder, not for the state of our gate.
func TestRefusedLaterKeepsTheRealError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, e := &journal{}, blocked()
		g, s := &turnstile{closed: true, refuse: map[int]string{2: "42s"}}, always(e)
		l := &retry.Ledger{Context: retry.WithKey(t.Context(), "ann")}
		v, err := retry.Do(l, retry.New(retry.WithGate(g), retry.WithObserver(j.observe)), create, s.run, nil)
		s.checkCalls(t, 1)
		if !very(err, e) || v != 1 {
			t.Errorf("Do = %d, %v, want the first value and the very error", v, err)
		}
		if diff := cmp.Diff([]retry.Reason{retry.ReasonBackoff, retry.ReasonCooldown}, j.reasons()); diff != "" {
			t.Errorf("decisions (-want +got):\n%s", diff)
		}
		if l.Spent(e) {
			t.Error("Spent, want attempts left for the layer above")
		}
	})
}

// Who waits as long as it takes must not be refused at once, because a sum wraps around.
func TestAnEndlessWaitAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &turnstile{closed: true}
		_, _ = retry.Do(retry.WithKey(t.Context(), "ann"), retry.New(retry.WithGate(g), retry.WithMaxWait(math.MaxInt64)), create, (&script{}).run, nil)
		if len(g.calls) != 3 || strings.Contains(g.calls[1], "-") {
			t.Errorf("the gate was asked %q, want no negative wait", g.calls)
		}
	})
}

// A request that has waited for its turn is told of, with the time that it took: that
// is the latency which a dashboard of the upstream does not show.
func TestAWaitAtTheGateIsTold(t *testing.T) {
	for wait, want := range map[time.Duration][]retry.Event{
		3 * time.Second: {{Operation: "create", Delay: 3 * time.Second, Reason: retry.ReasonHeld}},
		0:               nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			j, g := &journal{}, &turnstile{closed: true, wait: wait}
			_, err := retry.Do(retry.WithKey(t.Context(), "ann"), retry.New(retry.WithGate(g), retry.WithObserver(j.observe)), create, (&script{}).run, nil)
			if diff := cmp.Diff(want, j.events); diff != "" || err != nil {
				t.Errorf("error = %v, told (-want +got):\n%s", err, diff)
			}
		})
	}
}

// The layer at the request tells the gate, and no other: one 429 that is told twice is
// two, and closes it for longer.
func TestNestedOperationsTellTheGateOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &turnstile{shuts: true}
		c, s := retry.New(retry.WithGate(g)), &script{errs: []error{throttled("5")}}
		_, err := retry.Do(retry.WithKey(t.Context(), "ann"), c, create, nested(c, create, s.run), nil)
		told := 0
		for _, call := range g.calls {
			if strings.HasPrefix(call, "throttled") {
				told++
			}
		}
		s.checkCalls(t, 2)
		if told != 1 || err != nil || s.at[1] != 5*time.Second {
			t.Errorf("told %d times, called at %v, error = %v; want one, and 5s between the calls", told, s.at, err)
		}
	})
}

// Who goes away in the queue gets the real error in that moment, and is told of as
// such: else an observer has seen a retry that was never made.
func TestCancelAtTheGate(t *testing.T) {
	situations := map[string]struct {
		errs []error
		want codes.Code
		told []retry.Reason
	}{
		"before the first attempt": {nil, codes.Canceled, []retry.Reason{retry.ReasonCanceled}},
		"after a 429":              {[]error{throttled("9")}, codes.ResourceExhausted, []retry.Reason{retry.ReasonHint, retry.ReasonCanceled}},
	}
	for name, tt := range situations {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(retry.WithKey(t.Context(), "ann"))
				time.AfterFunc(3*time.Second, cancel)
				j, s := &journal{}, &script{errs: tt.errs}
				g := &turnstile{shuts: true}
				if tt.errs == nil {
					g.closed, g.wait = true, 9*time.Second
				}
				start := time.Now()
				_, err := retry.Do(ctx, retry.New(retry.WithGate(g), retry.WithObserver(j.observe)), create, s.run, nil)
				s.checkCalls(t, len(tt.errs))
				if status.FromContextError(err).Code() != tt.want && status.Code(err) != tt.want || time.Since(start) != 3*time.Second {
					t.Errorf("error = %v after %v, want %v after 3s", err, time.Since(start), tt.want)
				}
				if diff := cmp.Diff(tt.told, j.reasons()); diff != "" {
					t.Errorf("decisions (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// openGate lets everybody in, as one may whose store is gone.
type openGate struct{ retry.Gate }

func (openGate) Mark() (retry.Mark, bool) { return 0, false }
func (openGate) Enter(context.Context, retry.Key, time.Duration) (retry.Mark, time.Duration, bool) {
	return 0, 0, true
}
func (openGate) Throttled(context.Context, retry.Key, retry.Mark, time.Duration) {}

// A 429 that names no wait is still to be waited for. Behind a gate that has lost its
// memory three attempts in one moment would be what the upstream complains about.
func TestAnOpenGateLeavesTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := retry.New(retry.WithGate(openGate{}), retry.WithBackoff(time.Minute, time.Minute), retry.WithMaxWait(time.Hour))
		s := always(throttled(""))
		_, _ = retry.Do(retry.WithKey(t.Context(), "ann"), c, create, s.run, nil)
		s.checkCalls(t, 3)
		if s.at[2] == 0 {
			t.Errorf("called at %v, want waits between", s.at)
		}
	})
}
