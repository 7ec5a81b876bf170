// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
)

// What this library is for is only true if the stock gRPC library of each language
// reads the same out of a failed call, and sends again what our rules allow and no
// more. Upstream, service and callers are programs that talk over loopback.
func TestLanguages(t *testing.T) {
	t.Parallel()
	vectors := newTable("vectors whose result is", "vectors", readers())
	retries := newTable("requests that reach the upstream", "rules", repeaters())
	t.Run("vectors", func(t *testing.T) { vectorsByCaller(t, vectors) })
	if !*languages {
		return // what grpc-go sends again is the business of the tests of interceptors
	}
	t.Run("retries", func(t *testing.T) { retriesByCaller(t, retries) })
	fmt.Fprintf(os.Stdout, "\n%s\n%s\n", vectors, retries)
	if !t.Failed() && retries.full() {
		checkPart(t, "make conformance", retries.String())
	}
}

// mostFailures of one caller: more say nothing new.
const mostFailures = 10

// vectorsByCaller lets grpc-go go first: what the others get is compared with it.
func vectorsByCaller(t *testing.T, results *table) {
	t.Helper()
	cases := append(callCases(t), toldCases(t)...)
	all := make(map[string]int)
	for _, vc := range cases {
		all[vc.Want.GRPCCode]++
	}
	for _, code := range slices.Sorted(maps.Keys(all)) {
		results.row(code, strconv.Itoa(all[code]))
	}
	reference := make(map[string]sight)
	for _, c := range readers() {
		t.Run(c.name, func(t *testing.T) {
			if c.command != nil {
				t.Parallel()
			}
			ask := c.start(t)
			passed, failed := make(map[string]int), 0
			for _, vc := range cases {
				ok := t.Run(vc.Name, func(t *testing.T) {
					got := vc.meet(t, ask)
					vc.check(t, got)
					if c.command == nil {
						reference[vc.Name] = got
					}
					vc.compare(t, got, reference[vc.Name])
				})
				if ok {
					passed[vc.Want.GRPCCode]++
				} else if failed++; failed == mostFailures {
					t.Fatalf("%d vectors failed: no more are tried", failed)
				}
			}
			for code := range all {
				results.set(code, c.name, strconv.Itoa(passed[code]))
			}
		})
	}
}

func retriesByCaller(t *testing.T, results *table) {
	t.Helper()
	for _, rc := range retryCases {
		results.row(rc.name(), strconv.Itoa(rc.want))
	}
	for _, c := range repeaters() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ask := c.start(t)
			for _, rc := range retryCases {
				t.Run(rc.name(), func(t *testing.T) {
					if c.command == nil {
						t.Parallel() // in this process that costs nothing
					}
					results.set(rc.name(), c.name, rc.run(t, c, ask))
				})
			}
		})
	}
}
