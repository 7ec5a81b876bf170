// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package paired_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// takes is an operation that takes as long as d says, in virtual time.
func takes(name string, d func() time.Duration) paired.Case {
	return paired.Each(name, func() { <-time.After(d()) })
}

func fixed(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// A shared machine gets slower and faster by tens of per cent within seconds. What is
// measured one after the other then says who was lucky.
func TestAMachineThatSlowsDownChangesNoRatio(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		slowing := func(d time.Duration) func() time.Duration {
			return func() time.Duration { return d + time.Duration(float64(d)*10*time.Since(start).Minutes()) }
		}
		f := paired.Plan{Rounds: 31, Batch: 50, Cases: []paired.Case{
			takes("base", slowing(time.Millisecond)), takes("twice", slowing(2*time.Millisecond)),
			takes("ten times", slowing(10*time.Millisecond)),
		}}.Measure()
		if took := f.Time("base"); took.High < 1.2*took.Low {
			t.Fatalf("one operation took %v to %v ns: the machine did not slow down", took.Low, took.High)
		}
		near(t, "ratio", f.Ratio("twice", "base").Median, 2, 0.05)
		near(t, "A/A", f.Noise().Median, 1, 0.05)
	})
}

// The figures are what the goals are set in: one that reads another case, or divides
// the other way round, passes what should fail.
func TestEachFigureSaysWhatItsNameSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := paired.Plan{Rounds: 20, Batch: 1000, Cases: []paired.Case{
			takes("pass", fixed(10*time.Microsecond)), takes("ours", fixed(13*time.Microsecond)), takes("peer", fixed(22*time.Microsecond)),
		}}.Measure()
		near(t, "ratio", f.Ratio("ours", "pass").Median, 1.3, 1e-9)
		near(t, "excess", f.Excess("ours", "pass", "peer", "pass").Median, 0.25, 1e-9)
		near(t, "difference", f.Difference("ours", "pass").Median, 3000, 1e-6)
		near(t, "speed", f.Speed("ours", "pass").Median, 10.0/13, 1e-9)
		near(t, "time", f.Time("peer").Median, 22_000, 1e-6)
		near(t, "A/A", f.Noise().Median, 1, 1e-9)
	})
}

// How many operations share a batch decides what they find in the caches: figures of batches
// that differ cannot be compared.
func TestABatchHasAsManyOperationsAsThePlanSays(t *testing.T) {
	t.Parallel()
	var batches []int
	paired.Plan{Rounds: 3, Batch: 80, Cases: []paired.Case{paired.Each("base", func() {}), {Name: "counted", Runs: []func(int){func(n int) { batches = append(batches, n) }}}}}.Measure()
	if want := []int{80, 10, 80, 10, 80, 10, 80}; !slices.Equal(batches, want) { // to warm up, and then a little before each
		t.Errorf("batches of %v, want %v", batches, want)
	}
}

// Each copy of an operation has its luck, such as where its memory lies. If one of them were
// timed more often than the others, or the base against its own copy only, the table would
// call that luck a cost.
func TestCopiesOfAnOperationTakeTurns(t *testing.T) {
	t.Parallel()
	var called []string
	copies := func(name string) (c paired.Case) {
		for _, letter := range []string{"a", "b", "c"} {
			c.Runs = append(c.Runs, func(n int) {
				if n == 1 { // a round begins with an eighth of the batch
					called = append(called, name+letter)
				}
			})
		}
		c.Name = name
		return c
	}
	paired.Plan{Rounds: 3, Batch: 8, Cases: []paired.Case{copies("base "), copies("ours ")}}.Measure()
	for round := range 3 {
		slices.Sort(called[3*round : 3*round+3])
	}
	// In each round the base, the base once more as A/A with another copy, and ours.
	want := []string{"base a", "base b", "ours a", "base b", "base c", "ours b", "base a", "base c", "ours c"}
	if !slices.Equal(called, want) {
		t.Errorf("called %q, want %q", called, want)
	}
}

// A median without its interval hides that the next run says something else.
func TestTheIntervalIsAsWideAsTheRoundsDiffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		uneven := func() time.Duration { // 1.0 to 1.9 ms, one batch after the other
			n++
			return time.Millisecond + time.Duration(n/2%10)*100*time.Microsecond
		}
		f := paired.Plan{Rounds: 100, Batch: 1, Cases: []paired.Case{
			takes("base", fixed(time.Millisecond)), takes("uneven", uneven),
		}}.Measure()
		e := f.Ratio("uneven", "base")
		near(t, "median", e.Median, 1.45, 0.11)
		// 50 ± 10 of 100 rounds: the deciles next to the median.
		near(t, "low", e.Median-e.Low, 0.1, 0.051)
		near(t, "high", e.High-e.Median, 0.1, 0.051)
	})
}

// One warm-up that is counted, or one stray allocation of the runtime, and an exact
// goal fails now and then for nothing.
func TestCostCountsWhatTheOperationAllocates(t *testing.T) {
	var kept *[64]byte
	c := paired.Each("64 bytes", func() { kept = new([64]byte) })
	if got, want := c.Cost(1000), (paired.Cost{Allocs: 1, Bytes: 64}); got != want {
		t.Errorf("cost = %+v, want %+v", got, want)
	}
	_ = kept
	if got := paired.Each("nothing", func() {}).Cost(1000); got != (paired.Cost{}) {
		t.Errorf("cost of nothing = %+v", got)
	}
}

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.Abs(got-want) > by {
		t.Errorf("%s = %v, want %v ± %v", what, got, want, by)
	}
}
