// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"testing"
)

// What this library is for is only true if the stock gRPC library of each language
// reads the same out of a failed call, and sends again what our rules allow and no
// more. Upstream, service and callers are programs that talk over loopback.
func TestLanguages(t *testing.T) {
	t.Parallel()
	vectors := newTable("what the wire says, by code", callers())
	retries := newTable("requests at the upstream", callers())
	t.Run("vectors", func(t *testing.T) { vectorsByCaller(t, vectors) })
	if !*languages {
		return // grpc-go alone is the business of the tests of interceptors
	}
	t.Run("retries", func(t *testing.T) { retriesByCaller(t, retries) })
	if !t.Failed() {
		checkTables(t, vectors.String()+"\n"+retries.String())
	}
}

// vectorsByCaller lets grpc-go go first: what the others get is compared with it.
func vectorsByCaller(t *testing.T, results *table) {
	cases := callCases(t)
	reference := make(map[string]sight)
	for _, c := range callers() {
		t.Run(c.name, func(t *testing.T) {
			if c.command != nil {
				t.Parallel()
			}
			ask := c.start(t)
			for _, vc := range cases {
				ok := t.Run(vc.Name, func(t *testing.T) {
					got := vc.run(t, ask)
					vc.check(t, got)
					if c.command == nil {
						reference[vc.Name] = got
					}
					vc.compare(t, got, reference[vc.Name])
				})
				results.count(vc.Want.GRPCCode, c.name, ok)
			}
		})
	}
}

func retriesByCaller(t *testing.T, results *table) {
	for _, c := range callers() {
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
