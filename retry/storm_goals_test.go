// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// What the peers do to such an upstream: 1.3 to 56 requests for each success, 10 to 80
// % of what it could give, up to 91 % of the calls failed. These are the figures that
// the documentation claims.
func TestStorm(t *testing.T) {
	t.Parallel()
	type goal struct {
		storm
		seeds                      uint64
		goodput, late, p99, failed float64
	}
	goals := map[string]goal{
		"window":                {storm{kind: "window"}, 3, 0.88, 0.93, 3, 0},
		"penalty":               {storm{kind: "penalty"}, 3, 0.84, 0.93, 3, 0},
		"blip":                  {storm{kind: "blip"}, 3, 0.98, 0.98, 3, 0},
		"window, told":          {storm{kind: "window", told: 1}, 3, 0.95, 0.95, 3, 0},
		"penalty, told":         {storm{kind: "penalty", told: 1}, 3, 0.94, 0.95, 3, 0},
		"blip, told":            {storm{kind: "blip", told: 1}, 3, 0.98, 0.98, 3, 0},
		"window, stacked":       {storm{kind: "window", stacked: true}, 1, 0.88, 0.93, 3, 0},
		"penalty, stacked":      {storm{kind: "penalty", stacked: true}, 1, 0.84, 0.93, 3, 0},
		"blip, stacked":         {storm{kind: "blip", stacked: true}, 1, 0.98, 0.98, 3, 0},
		"window, stacked, told": {storm{kind: "window", stacked: true, told: 1}, 1, 0.95, 0.95, 3, 0},
		"penalty, no wait":      {storm{kind: "penalty", hintless: true}, 1, 0.78, 0.90, 4, 0},
		"the limit is lowered":  {storm{kind: "drop"}, 1, 0.44, 0.35, 6, 0.002},
		"the limit is raised":   {storm{kind: "rise"}, 1, 0.48, 0.70, 6, 0},
	}
	most := uint64(3)
	if raceDetector { // it looks for races, and one storm of a kind has them all
		most = 1
		maps.DeleteFunc(goals, func(name string, _ goal) bool { return name != "window" && name != "penalty, stacked" })
	}
	for name, goal := range goals {
		for seed := range min(goal.seeds, most) {
			t.Run(fmt.Sprint(name, ", seed ", seed+1), func(t *testing.T) {
				t.Parallel()
				s := usual(goal.kind, seed+1)
				s.told, s.stacked, s.hintless = goal.told, goal.stacked, goal.hintless
				o := s.run(t)
				want := outcome{1.05, goal.goodput, goal.late, goal.failed, goal.p99, goal.p99}
				if o.sent > want.sent || o.failed > want.failed || o.goodput < want.goodput || o.late < want.late || o.p99 > want.p99 {
					t.Errorf("got %+v, want %+v or better", o, want)
				}
			})
		}
	}
}

// A caller whose deadline comes before the upstream opens would wait in vain, and send
// two more requests that cannot succeed.
func TestStormBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(usual("closed", 1))
		call, start := gated(retry.NewGate(), alice, false, u.call), time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), stormDeadline)
		defer cancel()
		for i, left := range []time.Duration{20 * time.Second, 20 * time.Second} {
			if got := call(ctx); got != left || time.Since(start) != u.latency || u.sent != 1 {
				t.Errorf("call %d is told %v after %v and %d requests, want %v after %v and 1",
					i+1, got, time.Since(start), u.sent, left, u.latency)
			}
		}
	})
}

// One principal, or one kind of requests, at its limit would slow down all others.
func TestStormOfOneHurtsNobodyElse(t *testing.T) {
	t.Parallel()
	tests := map[string][]retry.Key{
		"principals": {alice, {Principal: "bob"}, {Principal: "carol"}},
		"groups":     {{Principal: "alice", Group: "search"}, alice, {Principal: "alice", Group: "upload"}},
	}
	if raceDetector {
		delete(tests, "groups")
	}
	for name, keys := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := retry.NewGate()
				var wg sync.WaitGroup
				var crowds []*tally
				for i, key := range keys {
					s := usual([]string{"penalty", "free", "free"}[i], uint64(i))
					crowds = append(crowds, s.crowd(&wg, gated(g, key, false, newUpstream(s).call)))
				}
				wg.Wait()
				for i, c := range crowds[1:] {
					if c.failed > 0 || c.quantile(1) != 0.02 || len(c.seconds) < 23_000 {
						t.Errorf("%v: %d calls, %d failed, the slowest took %v s; want 23,000, 0, 0.02",
							keys[i+1], c.calls, c.failed, c.quantile(1))
					}
				}
			})
		})
	}
}

// TestStormTable prints figures for many storms, the worst of several seeds:
//
//	STORM_TABLE=1 go test -run TestStormTable -v ./retry
func TestStormTable(t *testing.T) {
	if os.Getenv("STORM_TABLE") == "" {
		t.Skip("STORM_TABLE is not set")
	}
	t.Log("| storm | sent/success | goodput | 2nd minute | failed | p50 s | p99 s |")
	for _, row := range stormRows() {
		for _, kind := range row.kinds {
			var worst outcome
			for seed := range uint64(10) {
				s := usual(kind, 11+seed)
				row.change(&s)
				o := s.run(t)
				if seed == 0 {
					worst = o
				}
				worst = outcome{
					max(worst.sent, o.sent), min(worst.goodput, o.goodput), min(worst.late, o.late),
					max(worst.failed, o.failed), max(worst.p50, o.p50), max(worst.p99, o.p99),
				}
			}
			t.Logf("| %s, %s | %.3f | %.1f %% | %.1f %% | %.2f %% | %.2f | %.2f |", row.name, kind,
				worst.sent, 100*worst.goodput, 100*worst.late, 100*worst.failed, worst.p50, worst.p99)
		}
	}
}

type stormRow struct {
	name   string
	kinds  []string
	change func(*storm)
}

func stormRows() []stormRow {
	all, limited := []string{"window", "penalty", "blip"}, []string{"window", "penalty"}
	return []stormRow{
		{"untold", all, func(*storm) {}},
		{"told", all, func(s *storm) { s.told = 1 }},
		{"stacked", all, func(s *storm) { s.stacked = true }},
		{"stacked, told", all, func(s *storm) { s.stacked, s.told = true, 1 }},
		{"capacity changes", []string{"drop", "rise"}, func(*storm) {}},
		{"no wait named", all, func(s *storm) { s.hintless = true }},
		{"told twice the limit", limited, func(s *storm) { s.told = 2 }},
		{"two processes", limited, func(s *storm) { s.replicas = 2 }},
		{"two processes, told", limited, func(s *storm) { s.replicas, s.told = 2, 1 }},
		{"5/s", all, func(s *storm) { s.capacity = 5 }},
		{"5/s, told", all, func(s *storm) { s.capacity, s.told = 5, 1 }},
		{"5/s, 8 callers", all, func(s *storm) { s.capacity, s.callers = 5, 8 }},
		{"30/s", all, func(s *storm) { s.capacity = 30 }},
		{"400/s", all, func(s *storm) { s.capacity = 400 }},
		{"8 callers", all, func(s *storm) { s.callers = 8 }},
		{"500 callers", all, func(s *storm) { s.callers = 500 }},
		{"latency 200 ms", all, func(s *storm) { s.latency = 200 * time.Millisecond }},
		{"latency 20 to 120 ms", all, func(s *storm) { s.jitter = 100 * time.Millisecond }},
	}
}
