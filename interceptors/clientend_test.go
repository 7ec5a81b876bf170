// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A caller that cannot wait so long gets the real error at once, and not
// DEADLINE_EXCEEDED without details at the end of its deadline.
func TestTheClientKeepsTheRealErrorOfAWaitThatIsTooLong(t *testing.T) {
	const short = 300 * time.Millisecond
	tests := map[string]struct {
		said     said
		deadline time.Duration
	}{
		"RetryInfo beyond both limits": {hinting(30 * time.Second), short},
		"RetryInfo":                    {hinting(time.Second), short},
		"RetryInfo to the very end":    {hinting(short), short},
		"pushback":                     {said{codes.Unavailable, noHint, []string{"1000"}}, short},
		"pushback to the very end":     {said{codes.Unavailable, noHint, []string{"300"}}, short},
		"longer than WithMaxWait":      {hinting(30 * time.Second), time.Hour},
	}
	for name, tt := range tests {
		for _, method := range []string{readOnly, undeclared, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := tt.said.always()
					ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
					defer cancel()
					start := time.Now()
					a := invoke(ctx, p.ours(t), method)
					if waited := time.Since(start); waited != 0 || p.attempts() != 1 {
						t.Errorf("waited %v for %d requests, want one and no wait", waited, p.attempts())
					}
					checkRealError(t, a.err, tt.said.code, 1)
					if delay, n := retryInfo(a.err); tt.said.hint >= 0 && (n != 1 || delay != tt.said.hint) {
						t.Errorf("RetryInfo = %v (%d), want %v", delay, n, tt.said.hint)
					}
					if errors.Is(a.err, context.DeadlineExceeded) {
						t.Error("errors.Is(err, context.DeadlineExceeded) = true, but the deadline has not passed")
					}
				})
			})
		}
	}
}

// A wait that ends before the deadline, if only just, ends in a try: its random part
// must not reach beyond.
func TestAWaitThatFitsEndsInATry(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			p := hinting(time.Second).until(2)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second+time.Millisecond)
			defer cancel()
			if a := invoke(ctx, p.ours(t), readOnly); a.err != nil || p.attempts() != 2 {
				t.Errorf("%d attempts and %v, want 2 and success", p.attempts(), a.err)
			}
		})
	}
}

// hanging answers the first attempt, and none after it.
func (s said) hanging() *remote { return hangingAfter(s.to) }

func hangingAfter(first func(ctx context.Context, n int) error) *remote {
	return newRemote(func(ctx context.Context, n int) error {
		if n == 1 {
			return first(ctx, n)
		}
		<-ctx.Done()
		return ctx.Err()
	})
}

// An attempt that the deadline cuts off tells its caller nothing. What the one before
// was told, it knows; on a method that is safe to repeat that is still the truth. On
// another one it is not: the attempt that was cut off may have worked.
func TestTheDeadlinePassesDuringALaterAttempt(t *testing.T) {
	tests := []struct {
		method string
		opts   []interceptors.CallOption
		real   bool // the first attempt's error counts
	}{
		{readOnly, nil, true},
		{idempotent, nil, true},
		{listFolder, nil, true},
		{undeclared, nil, false},
		{undeclared, []interceptors.CallOption{interceptors.WithCallSafety(retry.Idempotent)}, true},
		{listFolder, []interceptors.CallOption{interceptors.WithCallSafety(retry.NotIdempotent)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := hinting(time.Second).hanging()
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				start := time.Now()
				a := invoke(ctx, p.ours(t, tt.opts...), tt.method)
				if took := time.Since(start); took != 2*time.Second || p.attempts() != 2 {
					t.Errorf("%d attempts in %v, want 2, to the deadline", p.attempts(), took)
				}
				if !errors.Is(a.err, context.DeadlineExceeded) || errors.Is(a.err, context.Canceled) {
					t.Errorf("error = %v, want it to be context.DeadlineExceeded too", a.err)
				}
				if tt.real {
					checkRealError(t, a.err, codes.ResourceExhausted, 1)
					return
				}
				if status.Code(a.err) != codes.DeadlineExceeded || answerOf(a.err) != "" {
					t.Errorf("error = %v, want DEADLINE_EXCEEDED without details", a.err)
				}
				if !holds(a.err, codes.ResourceExhausted) {
					t.Errorf("error = %v, want that of the first attempt in its chain", a.err)
				}
			})
		})
	}
}

// The attempt that was cut off may have been carried out. An error of the one before that goes on
// saying that nothing was changed makes its caller start over, or report a deletion as
// failed that has happened.
func TestAnAttemptThatWasCutOffMayHaveWorked(t *testing.T) {
	for method, want := range map[string]boxgrpcv1.Outcome{
		readOnly:   boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED,
		listFolder: boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED,
		idempotent: boxgrpcv1.Outcome_OUTCOME_UNKNOWN,
	} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := hangingAfter(func(context.Context, int) error { return translate.Cooldown(time.Second) })
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				a := invoke(ctx, p.ours(t), method)
				e, ok := translate.FromError(a.err)
				if !ok || e.Reason() != "COOLDOWN" || e.Outcome() != want || !errors.Is(a.err, context.DeadlineExceeded) {
					t.Errorf("%d attempts, %v, outcome %v, want the cooldown, and %v", p.attempts(), a.err, e.Outcome(), want)
				}
				if delay, ok := e.RetryDelay(); !ok || delay != time.Second {
					t.Errorf("RetryDelay = %v, %v, want the second that the server asked for", delay, ok)
				}
			})
		})
	}
}

// holds tells whether an error with the code is in the tree.
func holds(err error, code codes.Code) bool {
	if s, ok := err.(interface{ GRPCStatus() *status.Status }); ok && s.GRPCStatus().Code() == code {
		return true
	}
	switch e := err.(type) { //nolint:errorlint // the walk itself unwraps
	case interface{ Unwrap() error }:
		return holds(e.Unwrap(), code)
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			if holds(child, code) {
				return true
			}
		}
	}
	return false
}

// What callers read with FromError speaks of the whole RPC. Where an attempt that may
// have worked was cut off, the first one's "may be sent again" is no longer true.
func TestFromErrorOfAnRPCThatWasCutOff(t *testing.T) {
	for method, want := range map[string]bool{readOnly: true, undeclared: false} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "1")
				p := hangingAfter(func(context.Context, int) error { return first })
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				a := invoke(ctx, p.ours(t), method)
				e, ok := translate.FromError(a.err)
				if ok != want || ok && e.Reason() != "RATE_LIMIT_EXCEEDED" {
					t.Errorf("FromError(%v) = %v, %v, want %v", a.err, e, ok, want)
				}
				if _, again := e.RetryDelay(); again != want {
					t.Errorf("RetryDelay says %v, want %v", again, want)
				}
			})
		})
	}
}

// The first attempt has none before it: an RPC that is simply slow ends as it does
// without us.
func TestTheDeadlinePassesDuringTheFirstAttempt(t *testing.T) {
	for _, method := range []string{readOnly, undeclared, listFolder} {
		synctest.Test(t, func(t *testing.T) {
			p := newRemote(func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			a := invoke(ctx, p.ours(t), method)
			if status.Code(a.err) != codes.DeadlineExceeded || p.attempts() != 1 {
				t.Errorf("%s: %d attempts and %v, want 1 and DEADLINE_EXCEEDED", method, p.attempts(), a.err)
			}
		})
	}
}

// The error of the last attempt is the one that counts, with the details it has, and
// it is a status as any other: callers do not notice that there were several.
func TestTheLastRealErrorCounts(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newRemote(func(ctx context.Context, n int) error {
					return []said{hinting(time.Second), down, {codes.NotFound, noHint, nil}}[n-1].to(ctx, n)
				})
				a := invoke(t.Context(), p.ours(t), method)
				checkRealError(t, a.err, codes.NotFound, 3)
				if got, want := fmt.Sprintf("%T", a.err), fmt.Sprintf("%T", status.Error(codes.NotFound, "")); got != want {
					t.Errorf("error is a %s, want a %s: the error of the last attempt as it came", got, want)
				}
			})
		})
	}
}
