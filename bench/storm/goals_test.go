// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"fmt"
	"strings"
	"testing"
)

// TestGoals is the table in short: our stacks with one seed. One peer beside them shows
// that the storm still blows.
func TestGoals(t *testing.T) {
	t.Parallel()
	for _, m := range models {
		for _, p := range ours() {
			if p.goals == nil {
				continue
			}
			t.Run(fmt.Sprint(m, ", ", p.name), func(t *testing.T) {
				t.Parallel()
				o := run(t, m, p, 1)
				if missed := p.goals.missed(m, o); missed != "" {
					t.Errorf("%s: %+v", missed, o)
				}
			})
		}
	}
	t.Run("a peer", func(t *testing.T) {
		t.Parallel()
		peer := peers()[1]
		if o := run(t, bucket, peer, 1); !strings.Contains(untoldGoals.missed(bucket, o), "calls failed") || o.Sent < 5 {
			t.Errorf("%s got through: %+v", peer.name, o)
		}
	})
}

// A wait that ends after the deadline is not begun: the caller learns at once, by the
// upstream's own status, when to come back. Who comes back too early meets the gate.
func TestRetryAfterBeyondTheDeadline(t *testing.T) {
	for _, p := range ours() {
		t.Run(p.name, func(t *testing.T) {
			h := runHurry(t, p)
			if missed := p.goals.missedInHurry(h); missed != "" {
				t.Errorf("%s: %v", missed, h)
			}
		})
	}
}
