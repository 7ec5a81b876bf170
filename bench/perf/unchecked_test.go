// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"google.golang.org/protobuf/proto"
)

// What says less than ours, or the six details that are not those of the study, would be a
// measure of something else.
func TestMeasuresSayWhatTheyAreMeantToSay(t *testing.T) {
	t.Parallel()
	all := conflicts()
	for i, st := range statuses(all) {
		if want, got := st.Proto(), unchecked(all[i]).Proto(); !proto.Equal(want, got) {
			t.Fatalf("unchecked: %v, want %v", got, want)
		}
		if n := proto.Size(must(naive(all[i].Body)).Proto()); n < 1164 || n > 1164+2 {
			t.Fatalf("six details take %d bytes, want 1164, or 2 more for longer numbers", n)
		}
	}
}
