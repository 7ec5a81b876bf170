// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
)

// An example that does not do what it says teaches the wrong thing.
func TestExample(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, redistest.Start(t).Addr); err != nil {
		t.Fatal(err)
	}
	want := "first replica: 429 Too Many Requests after 0 s\nsecond replica: 200 OK after 1 s\n"
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}
