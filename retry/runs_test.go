// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A layer above that retries by itself lends out as many attempts as it likes. What is
// left over is the layer's own: it is not spent, and nobody is told to stop.
func TestALedgerLimitsTheAttempts(t *testing.T) {
	situations := []struct {
		name  string
		most  func(context.Context) int
		calls int
		last  retry.Reason
		spent bool
	}{
		{"nothing said", nil, 3, retry.ReasonAttempts, true},
		{"as many as the controller says", func(context.Context) int { return 0 }, 3, retry.ReasonAttempts, true},
		{"one", func(context.Context) int { return 1 }, 1, retry.ReasonNotOwner, false},
		{"two", func(context.Context) int { return 2 }, 2, retry.ReasonNotOwner, false},
		{"as many as there are", func(context.Context) int { return 3 }, 3, retry.ReasonAttempts, true},
		{"more than there are", func(context.Context) int { return 9 }, 3, retry.ReasonAttempts, true},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j, s := &journal{}, always(busyRead())
				l := &retry.Ledger{Context: t.Context(), Attempts: tt.most}
				_, _ = retry.Do(l, ungated(retry.WithObserver(j.observe)), read, s.run, nil)
				s.checkCalls(t, tt.calls)
				if got := j.reasons(); len(got) == 0 || got[len(got)-1] != tt.last {
					t.Errorf("decisions %v, want %s in the end", got, tt.last)
				}
				if got := l.Spent(busyRead()); got != tt.spent {
					t.Errorf("Spent = %v, want %v", got, tt.spent)
				}
			})
		})
	}
}

// The limit is asked for with the context of the layer that set it, after the first
// failure: what it depends on is known only then, and most operations succeed.
func TestTheLimitIsAskedForLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ctx, asked := context.WithValue(t.Context(), key{}, "rpc"), []any(nil)
		l := &retry.Ledger{Context: ctx, Attempts: func(ctx context.Context) int {
			asked = append(asked, ctx.Value(key{}))
			return 0
		}}
		_, _ = retry.Do(l, ungated(), read, (&script{}).run, nil)
		if len(asked) != 0 {
			t.Errorf("asked with %v after a success, want not at all", asked)
		}
		_, _ = retry.Do(l, ungated(), read, (&script{errs: []error{busyRead()}}).run, nil)
		if diff := cmp.Diff([]any{"rpc"}, asked); diff != "" {
			t.Errorf("asked with (-want +got):\n%s", diff)
		}
	})
}

// Only an operation that has used up its attempts makes them spent. One that must
// not be repeated has tried once, and the layer above may still know how.
func TestWhatIsSpent(t *testing.T) {
	situations := []struct {
		name string
		opts []retry.Option
		op   retry.Operation
		err  error
		want bool
	}{
		{"a success", nil, read, nil, false},
		{"not found", nil, read, notFound(), false},
		{"unsafe", nil, create, busyWrite(), false},
		{"one attempt is all there is", []retry.Option{retry.WithMaxAttempts(1)}, read, busyRead(), false},
		{"too long a wait", nil, read, throttled("60"), false},
		{"all attempts", nil, read, busyRead(), true},
		{"an empty budget", []retry.Option{retry.WithBudget(3, 0.1)}, read, busyRead(), true},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &retry.Ledger{Context: t.Context()}
				_, _ = retry.Do(l, ungated(tt.opts...), tt.op, always(tt.err).run, nil)
				e, _ := translate.FromError(tt.err)
				if got := l.Spent(e); got != tt.want {
					t.Errorf("Spent = %v, want %v", got, tt.want)
				}
				note(l, retry.ReadOnly, notFound())
				if got := l.Spent(e); got != tt.want {
					t.Errorf("Spent = %v after another one has failed, want %v", got, tt.want)
				}
				if l.Spent(blocked()) {
					t.Error("Spent for an error that this operation did not meet")
				}
			})
		})
	}
}

// What the caller is told about all runs together. "Nothing was changed" after a first
// run that has made the folder sends people to look for it in vain, and makes their
// programs create it once more.
func TestRefine(t *testing.T) {
	t.Parallel()
	partial := func() *translate.Error { return throttled("").WithOutcome(outcomePartial) }
	single := retry.SingleUpstreamCall
	situations := []struct {
		name     string
		runs     []error // of the handler, before the last
		noted    func(*retry.Ledger)
		e        *translate.Error
		outcome  string
		attempts string
	}{
		{"one run", nil, func(*retry.Ledger) {}, throttled(""), "NOT_APPLIED", ""},
		{"two runs", []error{throttled("")}, func(*retry.Ledger) {}, throttled(""), "NOT_APPLIED", "2"},
		{"three runs", []error{throttled(""), throttled("")}, func(*retry.Ledger) {}, throttled(""), "NOT_APPLIED", "3"},
		{"the first run was ambiguous", []error{busyWrite(), throttled("")}, func(*retry.Ledger) {}, throttled(""), "UNKNOWN", "3"},
		{"the first run was partial", []error{partial()}, func(*retry.Ledger) {}, throttled(""), "PARTIAL", "2"},
		{"partial, then ambiguous", []error{partial(), busyWrite()}, func(*retry.Ledger) {}, throttled(""), "UNKNOWN", "3"},
		{"this run has written", nil, func(l *retry.Ledger) { note(l, single, nil) }, throttled(""), "PARTIAL", ""},
		{"this run may have written", nil, func(l *retry.Ledger) { note(l, single, busyWrite()) }, throttled(""), "UNKNOWN", ""},
		{"this run has read", nil, func(l *retry.Ledger) { note(l, retry.ReadOnly, nil) }, throttled(""), "NOT_APPLIED", ""},
		{"the error says unknown", nil, func(l *retry.Ledger) { note(l, single, nil) }, busyWrite(), "UNKNOWN", ""},
		{"the error says partial", nil, func(l *retry.Ledger) { note(l, single, busyWrite()) }, partial(), "PARTIAL", ""},
		{"the error counts more", []error{throttled("")}, func(*retry.Ledger) {}, throttled("").WithAttempts(5), "NOT_APPLIED", "5"},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := &retry.Ledger{Context: t.Context()}
			for _, err := range tt.runs {
				e, _ := translate.FromError(err)
				next := &retry.Ledger{Context: t.Context()}
				next.Follow(l, e)
				l = next
			}
			tt.noted(l)
			e := l.Refine(tt.e)
			if got := metadata(e, "outcome"); got != tt.outcome {
				t.Errorf("outcome = %s, want %s", got, tt.outcome)
			}
			if got := metadata(e, "attempts"); got != tt.attempts {
				t.Errorf("attempts = %q, want %q", got, tt.attempts)
			}
		})
	}
}

// What an earlier run has written is remembered by all later ones, and so is the
// number of attempts that the layers below have made in this one.
func TestRunsAndAttemptsBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &retry.Ledger{Context: t.Context()}
		note(first, retry.SingleUpstreamCall, nil)
		second, third := &retry.Ledger{Context: t.Context()}, &retry.Ledger{Context: t.Context()}
		second.Follow(first, throttled(""))
		third.Follow(second, throttled(""))
		if got := metadata(third.Refine(throttled("")), "outcome"); got != "PARTIAL" {
			t.Errorf("two runs after a write: outcome = %s, want PARTIAL", got)
		}
		if third.Changed() {
			t.Error("Changed in a run that did nothing, want what this run did")
		}
		below := &retry.Ledger{Context: t.Context()}
		_, _ = retry.Do(below, ungated(), read, always(busyRead()).run, nil)
		if got := below.Refine(busyRead()).Attempts(); got != 3 || below.Tried() != 3 {
			t.Errorf("attempts = %d, Tried = %d, want the 3 of the operation below", got, below.Tried())
		}
		next := &retry.Ledger{Context: t.Context()}
		next.Follow(below, busyRead())
		if got := next.Refine(busyRead()).Attempts(); got != 4 || next.Tried() != 4 {
			t.Errorf("attempts = %d, Tried = %d, want 4 with the next run", got, next.Tried())
		}
		if _, _ = retry.Do(next, ungated(), read, always(busyRead()).run, nil); next.Tried() != 6 {
			t.Errorf("Tried = %d, want 3 of each run", next.Tried())
		}
	})
}

// A handler that has returned can leave a goroutine behind that waits for its next
// attempt. Sent later, its write is accounted for by nobody, and made again by the next
// run of the handler.
func TestWhatAHandlerLeavesBehindSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := &retry.Ledger{Context: t.Context()}, always(blocked())
		ended := make(chan error)
		go func() {
			_, err := retry.Do(l, ungated(), create, s.run, nil)
			ended <- err
		}()
		synctest.Wait() // it waits for its second attempt
		l.Close()
		err := <-ended
		s.checkCalls(t, 1)
		if e, ok := translate.FromError(err); !ok || e.Code() != codes.Aborted {
			t.Errorf("error = %v, want that of the attempt", err)
		}
		if _, err := retry.Do(l, ungated(), create, s.run, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a later operation: %v, want it cancelled", err)
		}
		s.checkCalls(t, 1)
	})
}
