// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"
)

// What is allocated is the same in every run, so it is checked here, in seconds; times
// need a quiet machine, see the README. Each allocation on these paths is paid by every
// call or every error of a service.
func TestNothingAllocatesMoreThanItMay(t *testing.T) {
	for _, missed := range measure(io.Discard, chosen(""), 0, false) {
		t.Error(missed)
	}
}
