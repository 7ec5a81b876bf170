// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// What an attempt has left behind in a goroutine would write beside the next attempt,
// and nobody could account for it.
func TestDoOutlivedAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := retry.New()
		op := retry.Operation{Safety: retry.SingleUpstreamCall}
		writes := 0
		_, _ = retry.Do(t.Context(), c, op, func(ctx context.Context) (int, error) {
			go func() {
				time.Sleep(time.Millisecond)
				_, _ = retry.Do(ctx, c, op, func(context.Context) (int, error) {
					writes++
					return 0, answer(http.MethodPost, http.StatusServiceUnavailable, "")
				}, nil)
			}()
			return 0, answer(http.MethodPost, http.StatusTooManyRequests, "1")
		}, nil)
		time.Sleep(time.Minute)
		if writes > 0 {
			t.Errorf("%d writes after the attempt that they belong to", writes)
		}
	})
}
