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
	{[]string{"G6"}, errorBytes},
	{[]string{"G7"}, errorRPC},
	{[]string{"G7b"}, roundTrip},
	{[]string{"G8", "G8b"}, caller},
	{[]string{"G10"}, idleGate},
	{[]string{"G10"}, transport},
	{[]string{"G10b"}, busyGate},
}

// The usual rounds, and how long a batch of the base takes. Where the base takes
// nanoseconds and others a hundred times as long, less of it does.
const (
	usualRounds = 250
	usualSpan   = 500 * time.Microsecond
	shortSpan   = 100 * time.Microsecond
)
