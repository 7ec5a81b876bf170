// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boxgrpcotel "github.com/boxgrpc/boxgrpc/contrib/otel"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Without these nobody sees that an upstream is in trouble as long as repeats hide it.
func TestRetriesAndTheirDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, option := newMeters()
		ctl := retry.New(retry.WithObserver(boxgrpcotel.Observer(option)), retry.WithGate(nil))
		busy := boxs("GET", 503, "2")
		begun := time.Now()
		if _, err := retry.Do(t.Context(), ctl, reads, fails(busy, busy), nil); err != nil {
			t.Fatal(err)
		}
		m.has(t,
			"boxgrpc.call.retries{"+op+",boxgrpc.reason=hint} 2",
			fmt.Sprintf("boxgrpc.call.retry_delay{%s,boxgrpc.reason=hint} %.3f of 2", op, time.Since(begun).Seconds()))
	})
}

// What succeeds at once is not told, or every call would pay for it.
func TestSuccess(t *testing.T) {
	t.Parallel()
	m, option := newMeters()
	ctl := retry.New(retry.WithObserver(boxgrpcotel.Observer(option)))
	if _, err := retry.Do(t.Context(), ctl, reads, fails(), nil); err != nil {
		t.Fatal(err)
	}
	m.has(t)
}

// An alarm needs to tell a budget that is used up from a write of which nobody knows what
// it did, and both from a 404.
func TestFailures(t *testing.T) {
	t.Parallel()
	writes := retry.Operation{Name: reads.Name}
	for _, tt := range []struct {
		situation string
		op        retry.Operation
		errs      []error
		options   []retry.Option
		want      []string
	}{
		{"permanent", reads, []error{boxs("GET", 404, "")}, nil,
			[]string{"permanent", "NOT_APPLIED", "NOT_FOUND", "1 of 1"}},
		{"attempts", reads, []error{boxs("GET", 503, ""), boxs("GET", 503, ""), boxs("GET", 503, "")}, nil,
			[]string{"attempts", "NOT_APPLIED", "UNAVAILABLE", "3 of 1"}},
		{"budget", reads, []error{boxs("GET", 503, "")}, []retry.Option{retry.WithBudget(1, 1)},
			[]string{"budget", "NOT_APPLIED", "UNAVAILABLE", "1 of 1"}},
		{"nobody knows", writes, []error{boxs("POST", 503, "")}, nil,
			[]string{"unsafe", "UNKNOWN", "UNAVAILABLE", "1 of 1"}},
		{"foreign", reads, []error{status.Error(codes.AlreadyExists, "secret")}, nil,
			[]string{"foreign", "", "ALREADY_EXISTS", "1 of 1"}},
		{"plain", reads, []error{errors.New("secret")}, nil, []string{"foreign", "", "UNKNOWN", "1 of 1"}},
		{"a code of tomorrow", reads, []error{status.Error(codes.Code(99), "secret")}, nil,
			[]string{"foreign", "", "UNKNOWN", "1 of 1"}},
	} {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, option := newMeters()
				ctl := retry.New(append(tt.options, retry.WithObserver(boxgrpcotel.Observer(option)))...)
				if _, err := retry.Do(t.Context(), ctl, tt.op, fails(tt.errs...), nil); err == nil {
					t.Fatal("no error")
				}
				reason, outcome, code, attempts := tt.want[0], tt.want[1], tt.want[2], tt.want[3]
				if outcome != "" {
					outcome = ",boxgrpc.outcome=" + outcome
				}
				var ends []string
				for _, line := range m.read(t) {
					if !strings.Contains(line, "retr") {
						ends = append(ends, line)
					}
				}
				want := fmt.Sprintf("[boxgrpc.call.attempts{%s,boxgrpc.reason=%s} %s boxgrpc.call.failures{%s%s,boxgrpc.reason=%s,grpc.status=%s} 1]",
					op, reason, attempts, op, outcome, reason, code)
				if got := fmt.Sprint(ends); got != want {
					t.Errorf("recorded\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

// What servers tell this caller shows which of them is in trouble.
func TestPushbacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, option := newMeters()
		ctl := retry.New(retry.WithObserver(boxgrpcotel.Observer(option)))
		for _, trailer := range []string{"2000", "-1", "2000"} {
			ctl.Again(t.Context(), reads, retry.Failure{
				Err: status.Error(codes.Unavailable, "busy"), Attempt: 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline,
				Received: true, Pushback: retry.PushbackOf([]string{trailer}),
			})
		}
		var got []string
		for _, line := range m.read(t) {
			if strings.HasPrefix(line, "boxgrpc.call.pushbacks") {
				got = append(got, line)
			}
		}
		want := fmt.Sprintf("[boxgrpc.call.pushbacks{%s,boxgrpc.pushback=stop} 1 boxgrpc.call.pushbacks{%s,boxgrpc.pushback=wait} 2]", op, op)
		if fmt.Sprint(got) != want {
			t.Errorf("recorded\n%s\nwant\n%s", got, want)
		}
	})
}

// A write that worked although the answer was lost is worth knowing: without the look it
// would have been made twice.
func TestReconciled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, option := newMeters()
		ctl := retry.New(retry.WithObserver(boxgrpcotel.Observer(option)))
		look := func(context.Context, *translate.Error) (int, bool, error) { return 1, true, nil }
		if _, err := retry.Do(t.Context(), ctl, retry.Operation{Name: reads.Name}, fails(boxs("POST", 503, "")), look); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(m.read(t)); !strings.Contains(got, "boxgrpc.call.reconciled{"+op+"} 1") {
			t.Errorf("recorded %s", got)
		}
	})
}

// What went well in the end is no failure, or the alarm rings for nothing.
func TestWhatIsNoFailure(t *testing.T) {
	t.Parallel()
	m, option := newMeters()
	for _, reason := range []retry.Reason{retry.ReasonHeld, retry.ReasonReconciled, retry.ReasonNoKey} {
		boxgrpcotel.Observer(option)(t.Context(), retry.Event{Operation: reads.Name, Delay: 2 * time.Second, Reason: reason})
	}
	m.has(t, "boxgrpc.gate.wait{"+op+"} 2.000 of 1", "boxgrpc.call.reconciled{"+op+"} 1", "boxgrpc.gate.unkeyed{"+op+"} 1")
}

// A caller that went away before anything was sent failed with no code at all.
func TestCanceledBeforeTheFirstAttempt(t *testing.T) {
	t.Parallel()
	m, option := newMeters()
	boxgrpcotel.Observer(option)(t.Context(), retry.Event{Operation: reads.Name, Reason: retry.ReasonCanceled})
	m.has(t,
		"boxgrpc.call.failures{"+op+",boxgrpc.reason=canceled} 1",
		"boxgrpc.call.attempts{"+op+",boxgrpc.reason=canceled} 0 of 1")
}

// A stranger who makes up methods must not fill the memory of the service and of what
// scrapes it.
func TestOperationsThatAStrangerMakesUp(t *testing.T) {
	t.Parallel()
	m, option := newMeters()
	observe := boxgrpcotel.Observer(option)
	for i := range 1000 {
		observe(t.Context(), retry.Event{Operation: fmt.Sprint(i), Reason: retry.ReasonNoKey})
	}
	observe(t.Context(), retry.Event{Operation: "0", Reason: retry.ReasonNoKey}) // one of the service's, later
	lines := m.read(t)
	if len(lines) != 257 {
		t.Errorf("%d series, want 257", len(lines))
	}
	if got := fmt.Sprint(lines); !strings.Contains(got, "boxgrpc.operation=_OTHER} 744") || !strings.Contains(got, "boxgrpc.operation=0} 2") {
		t.Errorf("recorded %s", got)
	}
}

// A mistake in the wiring is found at start-up, with what is wrong and what is right.
func TestMistakesInTheWiring(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]func(){
		"boxgrpcotel: WithMeterProvider: the provider is nil; leave the option out for the global one": func() { boxgrpcotel.WithMeterProvider(nil) },
		"boxgrpcotel: an option is nil; leave it out":                                                  func() { boxgrpcotel.Observer(nil) },
		"boxgrpcotel: Gate: the gate is nil; retry.NewGate() makes one":                                func() { boxgrpcotel.Gate(nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			f()
		}()
	}
}
