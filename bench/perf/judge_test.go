// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// A gate that does not close is worse than none: people rely on it.
func TestAGoalIsMissedWhereAnyOfItsBoundsIs(t *testing.T) {
	t.Parallel()
	g := &goal{hard: most(4), stretch: most(2.8), allocs: most(26), allocsStretch: most(21), bytes: most(100), figure: ratio("a", "b")}
	for _, c := range []struct {
		ratio, allocs, bytes float64
		known                bool
		want                 string
	}{
		{2.8, 21, 100, true, "pass, stretch too"},
		{2.9, 21, 100, true, "pass, not stretch"},
		{2.8, 22, 100, true, "pass, not stretch"},
		{4, 26, 100, true, "pass, not stretch"},
		{4.01, 21, 100, true, "**FAIL**"},
		{2, 26.04, 100, true, "pass, not stretch"},
		{2, 26.1, 100, true, "**FAIL**"}, // every tenth operation allocates once more
		{2, 27, 100, true, "**FAIL**"},
		{2, 21, 101, true, "**FAIL**"},
		{0, 27, 100, false, "**FAIL**"},
		{0, 21, 100, false, ""}, // it was not timed, so nobody knows
	} {
		// What the case stands on is not its own.
		r := &result{goal: g, estimate: paired.Estimate{Median: c.ratio}, known: c.known,
			cost: paired.Cost{Allocs: c.allocs + 100, Bytes: c.bytes + 1000}, floor: paired.Cost{Allocs: 100, Bytes: 1000}}
		if got := r.verdict(); got != c.want {
			t.Errorf("%+v: %q, want %q", c, got, c.want)
		}
		if r.met() == (c.want == "**FAIL**") {
			t.Errorf("%+v: met is %v", c, r.met())
		}
	}
	if !least(0.68).holds(0.68) || least(0.68).holds(0.67) {
		t.Error("a least bound does not hold what it says")
	}
}

// What the command exits with, and what CI sees, are the goals that were missed.
func TestEveryMissIsReported(t *testing.T) {
	op := paired.Each("op", func() { sinks.any = new([64]byte) })
	goals := []goal{
		{id: "G1", what: "exact", exact: func() float64 { return 129 }, unit: octets, hard: most(128)},
		{id: "G1", what: "allocs", of: "op", allocs: most(0)},
		{id: "G1", what: "bytes", of: "op", bytes: most(63)},
		{id: "G1", what: "kept", of: "op", allocs: most(1), bytes: most(64)},
		{id: "G1", what: "timed", figure: ratio("op", "op"), unit: times, hard: most(0.9)},
	}
	own := []plan{{[]string{"G1"}, func() *table {
		return &table{rounds: 3, batch: 100, count: 100, cases: []paired.Case{op}, goals: goals}
	}}}
	for timing, want := range map[bool]int{false: 3, true: 4} {
		var out bytes.Buffer
		missed := measure(&out, own, chosen(""), 0, timing)
		if len(missed) != want || strings.Count(out.String(), "**FAIL**") != want {
			t.Errorf("timing %v: %d missed, want %d: %q\n%s", timing, len(missed), want, missed, out.String())
		}
	}
}

// Figures of a machine that is busy with something else are no figures.
func TestATableIsMeasuredOnceMoreWhereTheBaseDiffersFromItself(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"quiet": 1, "busy": 2} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			op := func() {
				takes := float64(time.Millisecond)
				if name == "busy" { // slower and slower
					takes *= math.Pow(1.2, float64(n))
				}
				n++
				<-time.After(time.Duration(takes))
			}
			table := table{rounds: 3, batch: 1, cases: []paired.Case{paired.Each("base", op)}}
			if _, got := table.time(0); got.measured != want || strings.Contains(got.text(), "once more") != (want == 2) {
				t.Errorf("%s: measured %d times, want %d: %q", name, got.measured, want, got.text())
			}
		})
	}
}

// -only is how somebody works at one goal: it must neither measure everything nor leave
// the goal out.
func TestOnlyWhatWasAskedForIsPrinted(t *testing.T) {
	var out bytes.Buffer
	measure(&out, plans, chosen("G10b"), 0, false)
	for line := range strings.Lines(strings.TrimPrefix(out.String(), header)) {
		if !strings.HasPrefix(line, "| G10b |") {
			t.Errorf("not asked for: %s", line)
		}
	}
	if n := strings.Count(out.String(), "| G10b |"); n != 2 {
		t.Errorf("%d rows of G10b, want 2:\n%s", n, out.String())
	}
}

// A peer that does less than we do would be a straw man, and a base that differs from
// what it is the base of no base.
func TestTheOthersDoTheSameWork(t *testing.T) {
	t.Parallel()
	all := conflicts()
	for i, st := range statuses(all[:8]) {
		peer := must(naive(all[i].Body))
		if st.Code() != codes.AlreadyExists || peer.Code() != st.Code() || peer.Message() != st.Message() {
			t.Errorf("%v %q, naively %v %q", st.Code(), st.Message(), peer.Code(), peer.Message())
		}
		if n := len(peer.Details()); n != 6 {
			t.Errorf("naively %d details", n)
		}
	}
	made, given := translated(), ready()
	for range 8 {
		if a, b := statusOf(made), statusOf(given); !proto.Equal(a, b) {
			t.Errorf("translated %v, ready-made %v", a, b)
		}
	}
}

// Answers that are alike are sent as one byte by HPACK: all figures would be too good.
func TestAnswersDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, a := range slices.Concat(conflicts(), rateLimits()) {
		seen[string(a.Body)] = true
		if n := len(a.Body); n < 240 || n > 540 {
			t.Fatalf("%d bytes: %s", n, a.Body)
		}
	}
	if len(seen) != 2*variants {
		t.Errorf("%d different bodies, want %d", len(seen), 2*variants)
	}
}
