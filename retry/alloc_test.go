// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"testing"

	"github.com/boxgrpc/boxgrpc/retry"
)

// Every upstream request goes through Do, and nearly all succeed. What it allocates for
// a success is paid by every request of the service, so it may not grow unseen.
func TestASuccessAllocatesLittle(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates on its own")
	}
	c := retry.New(retry.WithObserver(func(context.Context, retry.Event) {}))
	fn := func(context.Context) (int, error) { return 1, nil }
	op := retry.Operation{Name: "get", Group: "upload", Safety: retry.ReadOnly, Key: func() string { return "ann" }}
	for name, ctx := range map[string]context.Context{
		"no ledger":      t.Context(),
		"under a ledger": &retry.Ledger{Context: t.Context()},
		"with a key":     retry.WithKey(t.Context(), "ann"),
	} {
		got := testing.AllocsPerRun(1000, func() { _, _ = retry.Do(ctx, c, op, fn, nil) })
		if t.Logf("%s: %v allocations", name, got); got > 3 {
			t.Errorf("%s: %v allocations for a success, want at most 3", name, got)
		}
	}
}
