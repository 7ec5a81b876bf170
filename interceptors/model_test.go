// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

// How many cases there are, and which: BOXGRPC_MODEL is their number, and
// BOXGRPC_MODEL_SEED the first seed, or "random". A failing case says its seed; with
// that and BOXGRPC_MODEL=1 it is repeated alone. Jitter is not drawn from the seed,
// so a rare case may have to be repeated several times.
func modelSeeds(t *testing.T, usual int) (first uint64, n int) {
	t.Helper()
	first, n = 1, usual
	if raceDetector {
		n = usual / 10
	}
	if s := os.Getenv("BOXGRPC_MODEL"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("BOXGRPC_MODEL: %v", err)
		}
	}
	switch s := os.Getenv("BOXGRPC_MODEL_SEED"); s {
	case "":
	case "random":
		first = rand.Uint64() >> 1
	default:
		var err error
		if first, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("BOXGRPC_MODEL_SEED: %v", err)
		}
	}
	t.Logf("seeds %d to %d", first, first+uint64(n)-1)
	return first, n
}

// Thousands of worlds that nobody would think of: every rule holds in every one. Each
// rule that breaks here is a write made twice, a wait cut short, or an error lost, for
// somebody whose service looks like that case.
func TestModel(t *testing.T) {
	t.Parallel()
	first, n := modelSeeds(t, 20_000)
	const parts = 4 // bubbles that run at the same time
	for part := range parts {
		t.Run(strconv.Itoa(part), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for i := part; i < n && !t.Failed(); i += parts {
					w := newModelWorld(newModelCase(first + uint64(i)))
					w.call(t.Context(), wireOf(w))
					w.wg.Wait()
					w.report(t)
				}
			})
		})
	}
}

// report fails with what anybody needs to understand the case.
func (w *modelWorld) report(t *testing.T) {
	t.Helper()
	broken := (&modelCheck{modelWorld: w}).all()
	if len(broken) == 0 {
		return
	}
	t.Errorf("seed %d (BOXGRPC_MODEL=1 BOXGRPC_MODEL_SEED=%d):\n%v\n%v\nbroken rules:\n  %s",
		w.seed, w.seed, w.modelCase, w, strings.Join(broken, "\n  "))
}

// String is what happened.
func (w *modelWorld) String() string {
	var b strings.Builder
	for i, rpc := range w.rpcs {
		fmt.Fprintf(&b, "  %v RPC %d (attempts before: %d)\n", rpc.start, i, rpc.before)
		for _, r := range rpc.runs {
			fmt.Fprintf(&b, "  %v   run %d\n", r.start, r.n)
			for _, q := range r.requests {
				fmt.Fprintf(&b, "  %v     %s step %d, applied %v, %+v, looks %v, ended %v\n", q.start, q.step.method, q.n, q.applied, q.fact, q.looks, q.end)
			}
			fmt.Fprintf(&b, "  %v   = %v\n", r.end, r.err)
		}
		fmt.Fprintf(&b, "  %v = %v, header %v, trailer %v\n", rpc.end, rpc.err, rpc.header, rpc.trailer)
	}
	fmt.Fprintf(&b, "  %v the user gets %v", w.got.end, w.got.err)
	return b.String()
}
