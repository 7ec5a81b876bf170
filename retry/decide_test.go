// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"crypto/x509"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// safeties are all there are, each with its letter in the tables.
var safeties = map[byte]retry.Safety{
	'U': retry.Unknown, 'R': retry.ReadOnly, 'I': retry.Idempotent,
	'C': retry.Conditional, 'S': retry.SingleUpstreamCall, 'N': retry.NotIdempotent,
}

// Rule 3, safety before success: which operations are repeated after which failure,
// and what must be known for it. One letter too many is a folder made twice or a
// deletion of what somebody else has just put there; one too few is an incident that
// a retry would have hidden.
func TestOnlyWhatDoesNoHarmIsRepeated(t *testing.T) {
	t.Parallel()
	const looked = "URICS" // nobody looks after a NotIdempotent one
	situations := []struct {
		name                                    string
		e                                       *translate.Error
		nothing, proven, changed, somebodyLooks string
	}{
		{"429", throttled(""), "RIS", "URICS", "RI", looked},
		{"503 on a read", busyRead(), "RIS", "URICS", "RI", looked},
		{"503 on a write", busyWrite(), "RI", "RI", "RI", looked},
		{"the folder is busy", blocked(), "RIS", "URICS", "RI", looked},
		{"the name is in use", nameInUse(), "", "", "", ""},
		{"unauthorized", box("GET", 401, "unauthorized", ""), "", "", "", ""},
		{"no space left", box("POST", 507, "storage_limit_exceeded", ""), "", "", "", ""},
		{"connection refused", refused(), "RIS", "URICS", "RI", looked},
		{"connection lost on a read", lost("GET"), "RIS", "URICS", "RI", looked},
		{"connection lost on a write", lost("POST"), "RI", "RI", "RI", looked},
		{"the gate is closed", translate.Cooldown(time.Second), "RIS", "URICS", "RI", looked},
		{"judged: not again", throttled("1").WithoutRetry(), "", "", "", ""},
	}
	for _, tt := range situations {
		for _, known := range []struct {
			name, want                    string
			proven, changed, reconcilable bool
		}{
			{"nothing known", tt.nothing, false, false, false},
			{"proven", tt.proven, true, false, false},
			{"changed", tt.changed, false, true, false},
			{"somebody looks first", tt.somebodyLooks, false, false, true},
		} {
			t.Run(tt.name+", "+known.name, func(t *testing.T) {
				t.Parallel()
				for letter, s := range safeties {
					d := retry.New().Decide(retry.Failure{
						Err: tt.e, Attempt: 1, Safety: s, Remaining: retry.NoDeadline,
						Proven: known.proven, Changed: known.changed, Reconcilable: known.reconcilable,
					})
					want := retry.ReasonUnsafe
					if tt.e.RetryClass().String() == "RETRY_NEVER" {
						want = retry.ReasonPermanent
					}
					if strings.IndexByte(known.want, letter) >= 0 {
						if !d.Retry {
							t.Errorf("%c: %+v, want a retry", letter, d)
						}
					} else if d != (retry.Decision{Reason: want}) {
						t.Errorf("%c: %+v, want no retry, %s", letter, d, want)
					}
				}
			})
		}
	}
}

// Everything that is not the upstream's word ends it at once. A retry of a bug, of a
// cancelled call or of another service's error is load without hope.
func TestWhatNobodyRepeats(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name string
		err  error
		want retry.Reason
	}{
		{"a plain error", errors.New("bug"), retry.ReasonForeign},
		{"no error at all", nil, retry.ReasonForeign},
		{"another service's status", status.Error(codes.Unavailable, "no"), retry.ReasonForeign},
		{"another service's status with RetryInfo", stranger(codes.Unavailable, 1), retry.ReasonForeign},
		{"a bare context error", context.Canceled, retry.ReasonForeign},
		{"not found", notFound(), retry.ReasonPermanent},
		{"certificate", transport("GET", x509.UnknownAuthorityError{}), retry.ReasonPermanent},
		{"cancelled", transport("GET", context.Canceled), retry.ReasonPermanent},
		{"deadline", transport("GET", context.DeadlineExceeded), retry.ReasonPermanent},
		{"one of two joined errors is permanent", errors.Join(busyRead(), notFound()), retry.ReasonPermanent},
		{"wrapped", fmt.Errorf("token=SECRET: %w", busyRead()), retry.ReasonBackoff},
		{"received from another boxgrpc service", wire(throttled("1")), retry.ReasonHint},
		{"a broken pipe", lost("GET"), retry.ReasonBackoff},
		{"a pipe broken otherwise", transport("GET", syscall.EPIPE), retry.ReasonBackoff},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := retry.New().Decide(retry.Failure{Err: tt.err, Attempt: 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline})
			again := tt.want == retry.ReasonBackoff || tt.want == retry.ReasonHint
			if d.Reason != tt.want || d.Retry != again {
				t.Errorf("Decide = %+v, want %s", d, tt.want)
			}
		})
	}
}

// Where several things forbid a retry, the first of this order is told: harm before
// counting, counting before waiting. Dashboards that show "attempts" for what was
// "unsafe" send people to turn the wrong knob.
func TestTheFirstReasonCounts(t *testing.T) {
	t.Parallel()
	c := retry.New()
	f := retry.Failure{
		Err: box("POST", 503, "unavailable", "60"), Attempt: 3, Safety: retry.Unknown, Remaining: time.Second,
		Spent: true, Hold: retry.ReasonCommitted,
	}
	permanent := f
	permanent.Err = notFound()
	foreign := f
	foreign.Err = errors.New("bug")
	for want, f := range map[retry.Reason]retry.Failure{retry.ReasonForeign: foreign, retry.ReasonPermanent: permanent, retry.ReasonUnsafe: f} {
		if got := c.Decide(f); got != (retry.Decision{Reason: want}) {
			t.Errorf("Decide = %+v, want %s", got, want)
		}
	}
	once := retry.New(retry.WithMaxAttempts(1))
	steps := []struct {
		lift func()
		want retry.Reason
		one  retry.Reason // where one attempt is all there is
	}{
		{func() { f.Safety = retry.Idempotent }, retry.ReasonSpent, retry.ReasonSpent},
		{func() { f.Spent = false }, retry.ReasonAttempts, retry.ReasonNotOwner},
		{func() { f.Attempt = 2 }, retry.ReasonCommitted, retry.ReasonNotOwner},
		{func() { f.Hold = "" }, retry.ReasonMaxWait, retry.ReasonNotOwner},
		{func() { f.Err = box("POST", 503, "unavailable", "5") }, retry.ReasonDeadline, retry.ReasonNotOwner},
		{func() { f.Remaining = 6 * time.Second }, retry.ReasonHint, retry.ReasonNotOwner},
		{func() { f.Err = busyWrite() }, retry.ReasonBackoff, retry.ReasonNotOwner},
	}
	for _, s := range steps {
		s.lift()
		again := s.want == retry.ReasonHint || s.want == retry.ReasonBackoff
		if got := c.Decide(f); got.Reason != s.want || got.Retry != again {
			t.Errorf("Decide = %+v, want %s", got, s.want)
		}
		if got := once.Decide(f); got != (retry.Decision{Reason: s.one}) {
			t.Errorf("with one attempt: Decide = %+v, want %s", got, s.one)
		}
	}
}

// Decide is asked for advice as well as for action. If it charged, told or drew, a
// failure would count twice, and a log would show decisions that nobody took.
func TestDecideIsPure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := retry.New(retry.WithObserver(j.observe))
		f := retry.Failure{Err: box("GET", 503, "unavailable", "1"), Attempt: 1, Safety: retry.ReadOnly, Remaining: time.Minute}
		first, start := c.Decide(f), time.Now()
		for range 1000 {
			if got := c.Decide(f); got != first {
				t.Fatalf("Decide = %+v, then %+v", first, got)
			}
		}
		if len(j.events) != 0 || time.Since(start) != 0 {
			t.Errorf("%d events and %v of waiting, want none", len(j.events), time.Since(start))
		}
		checkBudget(t, c, read, 4)
	})
}
