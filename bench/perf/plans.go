// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import "time"

// plans are the tables, and the goals that are in them. A table is prepared when its
// turn comes: what lies in memory makes the garbage collections before each batch longer.
var plans = []struct {
	ids     []string
	prepare func() *table
}{
	{[]string{"G1"}, clientInterceptor},
	{[]string{"G2"}, serverInterceptor},
	{[]string{"G3"}, unaryRPC},
	{[]string{"G4"}, messages},
	{[]string{"G4"}, streamRPC},
	{[]string{"G5", "G5b"}, translation},
	{[]string{"G7"}, errorRPC},
	{[]string{"G8", "G8b"}, caller},
}

// The usual rounds, and how long a batch takes.
const (
	usualRounds = 250
	usualSpan   = 500 * time.Microsecond
)
