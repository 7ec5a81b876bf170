// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Nearly every operation succeeds the first time. It must not wait for anything.
func TestASuccessWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := &script{}, time.Now()
		v, err := retry.Do(t.Context(), retry.New(), create, s.run, nil)
		if v != 1 || err != nil || time.Since(start) != 0 {
			t.Errorf("Do = %d, %v after %v, want 1, nil at once", v, err, time.Since(start))
		}
		s.checkCalls(t, 1)
	})
}

// A 429 is waited out as long as the upstream asked, and the caller never sees it.
func TestAThrottledOperationWaitsAndSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: []error{throttled("5"), throttled("9")}}
		v, err := retry.Do(t.Context(), ungated(), create, s.run, nil)
		if v != 3 || err != nil {
			t.Errorf("Do = %d, %v, want the third value", v, err)
		}
		s.checkCalls(t, 3)
		if first, second := s.at[1], s.at[2]-s.at[1]; first < 5*time.Second || first > 5500*ms || second < 9*time.Second || second > 9900*ms {
			t.Errorf("waits of %v and %v, want 5s and 9s to a tenth more", first, second)
		}
	})
}

// How often each failure is tried, what comes back, and how long that takes at most.
// The very error comes back where there was one attempt: services compare it.
func TestWhenDoEnds(t *testing.T) {
	situations := []struct {
		name   string
		op     retry.Operation
		err    error
		opts   []retry.Option
		calls  int
		within time.Duration
	}{
		{"attempts are counted from the first", read, busyRead(), nil, 3, 1500*ms + 1},
		{"as many as were asked for", read, busyRead(), []retry.Option{retry.WithMaxAttempts(4)}, 4, 4 * time.Second},
		{"one attempt", read, busyRead(), []retry.Option{retry.WithMaxAttempts(1)}, 1, 0},
		{"contention takes a second each time", create, blocked(), nil, 3, 3500*ms + 1},
		{"a write that nobody can look up", create, busyWrite(), nil, 1, 0},
		{"a write that broke", create, lost("POST"), nil, 1, 0},
		{"nobody said how safe it is", retry.Operation{}, throttled("1"), nil, 1, 0},
		{"not idempotent", retry.Operation{Safety: retry.NotIdempotent}, throttled("1"), nil, 1, 0},
		{"the name is in use", create, nameInUse(), nil, 1, 0},
		{"too long a wait", create, throttled("11"), nil, 1, 0},
		{"a bug", read, errors.New("bug"), nil, 1, 0},
		{"another service's status", read, status.Error(codes.Unavailable, "no"), nil, 1, 0},
		{"wrapped, and permanent", read, fmt.Errorf("get: %w", notFound()), nil, 1, 0},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, start := always(tt.err), time.Now()
				v, err := retry.Do(t.Context(), ungated(tt.opts...), tt.op, s.run, nil)
				s.checkCalls(t, tt.calls)
				if got := time.Since(start); got > tt.within {
					t.Errorf("it took %v, want at most %v", got, tt.within)
				}
				if v != tt.calls {
					t.Errorf("value = %d, want that of the last call", v)
				}
				if tt.calls == 1 && !very(err, tt.err) || !errors.Is(err, tt.err) {
					t.Errorf("error = %v, want the very error of the operation", err)
				}
			})
		})
	}
}

// What comes back after several attempts is the last error with its code, its texts
// and all its details, and says how many attempts there were. Behind it, for the
// service's own logs, stands what the operation returned.
func TestTheRealErrorComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := box("GET", 503, "unavailable", "3")
		wrapped := fmt.Errorf("list folder 17: %w", e)
		_, err := retry.Do(t.Context(), ungated(), read, always(wrapped).run, nil)
		if !errors.Is(err, wrapped) || err.Error() != e.Error() {
			t.Errorf("error = %v, want the upstream's words, with the wrapped error behind them", err)
		}
		got, want := status.Convert(err), e.GRPCStatus()
		if got.Code() != want.Code() || got.Message() != want.Message() || len(got.Details()) != len(want.Details()) {
			t.Errorf("status = %v, want %v", got, want)
		}
		if got := metadata(err, "attempts"); got != "3" {
			t.Errorf("attempts = %q, want 3", got)
		}
		if hint, ok := mustUpstream(t, err).RetryDelay(); !ok || hint != 3*time.Second {
			t.Errorf("RetryDelay = %v, %v, want 3s", hint, ok)
		}
	})
}

// The outcome speaks of all attempts: a first one that may have been applied is not
// forgotten because the second one was refused.
func TestTheOutcomeSpeaksOfAllAttempts(t *testing.T) {
	situations := []struct {
		name string
		errs []error
		want string
	}{
		{"refused each time", []error{blocked(), notFound()}, "NOT_APPLIED"},
		{"ambiguous, then refused", []error{busyWrite(), nameInUse()}, "UNKNOWN"},
		{"ambiguous, refused, refused", []error{busyWrite(), blocked(), nameInUse()}, "UNKNOWN"},
		{"refused, then ambiguous", []error{blocked(), lost("POST"), lost("POST")}, "UNKNOWN"},
		{"partial, then refused", []error{blocked().WithOutcome(outcomePartial), nameInUse()}, "PARTIAL"},
		{"partial, ambiguous, refused", []error{blocked().WithOutcome(outcomePartial), busyWrite(), nameInUse()}, "UNKNOWN"},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := retry.Do(t.Context(), ungated(), put, (&script{errs: tt.errs}).run, nil)
				if got := metadata(err, "outcome"); got != tt.want {
					t.Errorf("outcome = %s, want %s", got, tt.want)
				}
			})
		})
	}
}

// A write that was applied below before a later step failed is not "nothing was
// changed", whoever asks: without a server above, Do's error is all there is.
func TestTheOutcomeKnowsWhatWasWrittenBelow(t *testing.T) {
	for name, again := range map[string]bool{"once": false, "and again": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, runs := ungated(), 0
				_, err := retry.Do(t.Context(), c, put, func(ctx context.Context) (int, error) {
					if runs++; runs == 1 {
						_, _ = retry.Do(ctx, c, put, (&script{}).run, nil)
						if again {
							return nested(c, put, always(throttled("1")).run)(ctx)
						}
					}
					return nested(c, read, always(notFound()).run)(ctx)
				}, nil)
				if got := metadata(err, "outcome"); got != "PARTIAL" {
					t.Errorf("outcome = %s, want PARTIAL", got)
				}
			})
		})
	}
}

// A caller with less time than the upstream asks for gets the real error at once,
// with all that it says, and not DEADLINE_EXCEEDED at the end of its time.
func TestAShortDeadlineKeepsTheRealError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		e, start := throttled("5"), time.Now()
		s := always(e)
		v, err := retry.Do(ctx, ungated(), create, s.run, nil)
		if !very(err, e) || v != 1 || time.Since(start) != 0 {
			t.Errorf("Do = %d, %v after %v, want the 429 itself at once", v, err, time.Since(start))
		}
		s.checkCalls(t, 1)
	})
}

// A caller that goes away during the wait gets the real error in that moment.
func TestCancelDuringTheWaitKeepsTheRealError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		j, e, start := &journal{}, throttled("5"), time.Now()
		s := always(e)
		_, err := retry.Do(ctx, ungated(retry.WithObserver(j.observe)), create, s.run, lookUpNothing(t))
		if !very(err, e) || time.Since(start) != 2*time.Second {
			t.Errorf("error = %v after %v, want the 429 itself after 2s", err, time.Since(start))
		}
		s.checkCalls(t, 1)
		if got := j.reasons(); len(got) != 2 || got[1] != retry.ReasonCanceled {
			t.Errorf("decisions = %v, want hint, canceled", got)
		}
	})
}

// mustUpstream is the upstream's error in err.
func mustUpstream(t *testing.T, err error) *translate.Error {
	t.Helper()
	e, ok := translate.FromError(err)
	if !ok {
		t.Fatalf("error = %v, want an upstream's", err)
	}
	return e
}

// lookUpNothing fails the test when somebody looks.
func lookUpNothing(t *testing.T) func(context.Context, *translate.Error) (int, bool, error) {
	t.Helper()
	return func(context.Context, *translate.Error) (int, bool, error) {
		t.Error("somebody looked, want nobody")
		return 0, false, nil
	}
}
