// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A caller that goes away gets back at once what it knows so far, and nothing more is
// sent for it.
func TestTheCallerGoesAwayDuringTheWait(t *testing.T) {
	for _, method := range []string{readOnly, undeclared, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := hinting(5 * time.Second).always()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				start := time.Now()
				a := invoke(ctx, p.ours(t), method)
				if took := time.Since(start); took != time.Second || p.attempts() != 1 {
					t.Errorf("%d attempts, back after %v, want 1 and 1s", p.attempts(), took)
				}
				checkRealError(t, a.err, codes.ResourceExhausted, 1)
				if !errors.Is(a.err, context.Canceled) || errors.Is(a.err, context.DeadlineExceeded) {
					t.Errorf("error = %v, want it to be context.Canceled too", a.err)
				}
			})
		})
	}
}

// During a later attempt it is as when the deadline passes: of the errors before, the
// last one counts, and only where the attempt that was cut off cannot have done harm.
func TestTheCallerGoesAwayDuringALaterAttempt(t *testing.T) {
	for method, code := range map[string]codes.Code{readOnly: codes.ResourceExhausted, listFolder: codes.ResourceExhausted, undeclared: codes.Canceled} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newRemote(func(ctx context.Context, n int) error {
					if n < 3 {
						return hinting(time.Second).to(ctx, n)
					}
					<-ctx.Done()
					return ctx.Err()
				})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				a := invoke(ctx, p.ours(t), method)
				if status.Code(a.err) != code || !errors.Is(a.err, context.Canceled) || !holds(a.err, codes.ResourceExhausted) || p.attempts() != 3 {
					t.Errorf("%d attempts and %v, want 3 and %v, which is context.Canceled, and the error before", p.attempts(), a.err, code)
				}
				if code == codes.ResourceExhausted {
					checkRealError(t, a.err, code, 2)
				}
			})
		})
	}
}
