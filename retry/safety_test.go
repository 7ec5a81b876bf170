// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"testing"

	"github.com/boxgrpc/boxgrpc/retry"
)

// Unknown means not safe, and it is the zero value: whoever forgets to say how safe
// a method is must not get its writes repeated.
func TestSafe(t *testing.T) {
	t.Parallel()
	var forgotten retry.Safety
	for s, want := range map[retry.Safety]bool{
		forgotten: false, retry.ReadOnly: true, retry.Idempotent: true, retry.Conditional: false,
		retry.SingleUpstreamCall: false, retry.NotIdempotent: false, -1: false, retry.NotIdempotent + 1: false,
	} {
		if got := s.Repeatable(); got != want {
			t.Errorf("Safety(%d).Repeatable() = %v, want %v", s, got, want)
		}
	}
	if forgotten != retry.Unknown {
		t.Errorf("the zero value = %d, want Unknown", forgotten)
	}
}
