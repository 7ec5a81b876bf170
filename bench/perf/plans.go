// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

// A plan is a table that is prepared when its turn comes: what lies in memory makes the
// garbage collections before each batch longer.
type plan struct {
	ids     []string // the goals that are in it
	prepare func() *table
}

var plans = []plan{
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

// The usual rounds, and how many operations a batch has, as in the study that set the goals.
const (
	usualRounds = 250

	callsOfFunctions = 2000 // of some nanoseconds
	translations     = 300
	rpcs             = 100
	streams          = 20
	roundTrips       = 1500 // a quarter of a second
)
