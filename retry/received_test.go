// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/retry"
)

// The caller's side obeys the server: its pushback before its RetryInfo, and where it
// said nothing only UNAVAILABLE of methods that are safe to repeat. A client that
// knows better repeats writes that were made, or hammers a server that said stop.
func TestCallersObey(t *testing.T) {
	t.Parallel()
	stop := retry.Decision{Reason: retry.ReasonPushback}
	permanent, unsafe := retry.Decision{Reason: retry.ReasonPermanent}, retry.Decision{Reason: retry.ReasonUnsafe}
	pushed := func(d time.Duration) retry.Decision {
		return retry.Decision{Retry: true, Delay: d, Reason: retry.ReasonPushback}
	}
	hinted := func(d, jitter time.Duration) retry.Decision {
		return retry.Decision{Retry: true, Delay: d, Jitter: jitter, Reason: retry.ReasonHint}
	}
	backoff := retry.Decision{Retry: true, Jitter: 500 * ms, Reason: retry.ReasonBackoff}
	silent := status.Error(codes.Unavailable, "no")
	ours := func(hint time.Duration) error { return wire(busyRead().WithRetryDelay(hint)) }
	situations := []struct {
		name     string
		err      error
		pushback []string
		safe     retry.Decision
		unknown  retry.Decision
	}{
		{"pushback", silent, []string{"300"}, pushed(300 * ms), pushed(300 * ms)},
		{"pushback of 0", silent, []string{"0"}, pushed(0), pushed(0)},
		{"pushback and RetryInfo", ours(5 * time.Second), []string{"7000"}, pushed(7 * time.Second), pushed(7 * time.Second)},
		{"pushback shorter than RetryInfo", ours(5 * time.Second), []string{"1"}, pushed(ms), pushed(ms)},
		{"stop", silent, []string{"-1"}, stop, stop},
		{"stop, and RetryInfo", ours(5 * time.Second), []string{"-1"}, stop, stop},
		{"garbage", silent, []string{"soon"}, stop, stop},
		{"an empty value", silent, []string{""}, stop, stop},
		{"two values", silent, []string{"300", "300"}, stop, stop},
		{"RetryInfo of ours", ours(5 * time.Second), nil, hinted(5*time.Second, 500*ms), hinted(5*time.Second, 500*ms)},
		{"RetryInfo of ours, wrapped", fmt.Errorf("call: %w", ours(5*time.Second)), nil, hinted(5*time.Second, 500*ms), hinted(5*time.Second, 500*ms)},
		{"RetryInfo of 0", ours(0), nil, hinted(0, 500*ms), hinted(0, 500*ms)},
		{"ours without RetryInfo", wire(busyRead().WithoutRetry()), nil, permanent, permanent},
		{"ours, a write that failed", wire(busyWrite()), nil, permanent, permanent},
		{"RetryInfo of a stranger", stranger(codes.Unavailable, 5*time.Second), nil, hinted(5*time.Second, 500*ms), hinted(5*time.Second, 500*ms)},
		{"RetryInfo of a stranger, wrapped", fmt.Errorf("call: %w", stranger(codes.Unavailable, 5*time.Second)), nil, hinted(5*time.Second, 500*ms), hinted(5*time.Second, 500*ms)},
		{"negative RetryInfo of a stranger", stranger(codes.Unavailable, -time.Second), nil, hinted(0, 500*ms), hinted(0, 500*ms)},
		{"RESOURCE_EXHAUSTED with RetryInfo", stranger(codes.ResourceExhausted, 5*time.Second), nil, hinted(5*time.Second, 500*ms), hinted(5*time.Second, 500*ms)},
		{"RESOURCE_EXHAUSTED alone", status.Error(codes.ResourceExhausted, "no"), nil, permanent, permanent},
		{"RESOURCE_EXHAUSTED with pushback", status.Error(codes.ResourceExhausted, "no"), []string{"300"}, pushed(300 * ms), pushed(300 * ms)},
		{"ABORTED with RetryInfo", stranger(codes.Aborted, 5*time.Second), nil, hinted(5*time.Second, 500*ms), hinted(5*time.Second, 500*ms)},
		{"ABORTED alone", status.Error(codes.Aborted, "no"), nil, permanent, permanent},
		{"ABORTED with pushback", status.Error(codes.Aborted, "no"), []string{"300"}, pushed(300 * ms), pushed(300 * ms)},
		{"UNAVAILABLE alone", silent, nil, backoff, unsafe},
		{"UNAVAILABLE alone, wrapped", fmt.Errorf("call: %w", silent), nil, backoff, unsafe},
		{"INTERNAL", status.Error(codes.Internal, "no"), nil, permanent, permanent},
		{"DEADLINE_EXCEEDED", status.Error(codes.DeadlineExceeded, "no"), nil, permanent, permanent},
		{"CANCELLED", status.Error(codes.Canceled, "no"), nil, permanent, permanent},
		{"no status at all", errors.New("bug"), nil, permanent, permanent},
		{"a bare context error", context.DeadlineExceeded, nil, permanent, permanent},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for letter, s := range safeties {
				want := tt.unknown
				if s.Repeatable() {
					want = tt.safe
				}
				got := retry.New().Decide(retry.Failure{
					Err: tt.err, Attempt: 1, Safety: s, Remaining: retry.NoDeadline,
					Received: true, Pushback: retry.PushbackOf(tt.pushback),
				})
				if got != want {
					t.Errorf("%c: Decide = %+v, want %+v", letter, got, want)
				}
			}
		})
	}
}

// What a server tells does not lift the caller's own limits: attempts, the longest
// wait, the deadline, and what was delivered already. A server that errs, or is not
// ours, must not hold a caller for days.
func TestCallersKeepTheirOwnLimits(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name   string
		change func(*retry.Failure)
		want   retry.Reason
	}{
		{"within all", func(*retry.Failure) {}, retry.ReasonPushback},
		{"as often as may be", func(f *retry.Failure) { f.Attempt = 3 }, retry.ReasonAttempts},
		{"the first message was delivered", func(f *retry.Failure) { f.Hold = retry.ReasonCommitted }, retry.ReasonCommitted},
		{"longer than the longest wait", func(f *retry.Failure) { f.Pushback = retry.PushbackOf([]string{"10001"}) }, retry.ReasonMaxWait},
		{"the longest there is", func(f *retry.Failure) { f.Pushback = retry.PushbackOf([]string{fmt.Sprint(math.MaxInt32)}) }, retry.ReasonMaxWait},
		{"up to the deadline", func(f *retry.Failure) { f.Remaining = 5 * time.Second }, retry.ReasonDeadline},
		{"up to shortly before the deadline", func(f *retry.Failure) { f.Remaining = 5*time.Second + 1 }, retry.ReasonPushback},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := retry.Failure{
				Err: status.Error(codes.Unavailable, "no"), Attempt: 1, Remaining: retry.NoDeadline,
				Received: true, Pushback: retry.PushbackOf([]string{"5000"}),
			}
			tt.change(&f)
			got := retry.New().Decide(f)
			if got.Reason != tt.want || got.Retry != (tt.want == retry.ReasonPushback) || got.Jitter != 0 {
				t.Errorf("Decide = %+v, want %s", got, tt.want)
			}
		})
	}
}
