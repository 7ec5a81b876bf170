// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A limit that is ignored, or taken from another group, would be learned by 429s.
func TestLimitIsThePace(t *testing.T) {
	minute := time.Minute
	tests := map[string]struct {
		limits []retry.Limit
		want   time.Duration
	}{
		"none":                 {nil, 100 * time.Millisecond},
		"of another group":     {[]retry.Limit{{Group: "upload", Requests: 240, Per: minute}}, 100 * time.Millisecond},
		"high":                 {[]retry.Limit{{Requests: 1000, Per: minute}}, 62 * time.Millisecond},
		"low":                  {[]retry.Limit{{Requests: 60, Per: minute}}, 1031 * time.Millisecond},
		"lower than any pace":  {[]retry.Limit{{Requests: 1, Per: minute}}, 61856 * time.Millisecond},
		"the slowest of two":   {[]retry.Limit{{Requests: 6, Per: time.Second}, {Requests: 60, Per: minute}}, 1031 * time.Millisecond},
		"in the other order":   {[]retry.Limit{{Requests: 60, Per: minute}, {Requests: 6, Per: time.Second}}, 1031 * time.Millisecond},
		"of this and an other": {[]retry.Limit{{Group: "x", Requests: 1, Per: minute}, {Requests: 60, Per: minute}}, 1031 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				checkGap(t, closedGate(t, time.Second, tt.limits...), tt.want)
			})
		})
	}
}

// A told limit would be exceeded as soon as callers wait, or once a 429 has made the
// pace grow.
func TestLimitIsNeverExceeded(t *testing.T) {
	for name, throttled := range map[string]bool{"at once": false, "after a 429": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := closedGate(t, 0, eachSecond)
				if throttled {
					freshThrottle(t, g)
				}
				turns := queue(t.Context(), g, 60, 2*time.Minute, func(m retry.Mark) { g.Passed(t.Context(), alice, m) })()
				if last := turns[59].at - turns[58].at; last != time.Second {
					t.Errorf("the last request left %v after the one before, want 1s", last)
				}
			})
		})
	}
}

// Several processes that share a limit, each told the whole, would never come to rest.
func TestLimitGivesWayTo429s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := closedGate(t, time.Second, eachSecond)
		freshThrottle(t, g)
		checkGap(t, g, 1143*time.Millisecond) // an eighth less
		for range 20 {
			freshThrottle(t, g)
		}
		checkGap(t, g, 10*time.Second)
	})
}

// A limit by mistake would stop a service, or protect it from nothing, at the first
// 429 in production.
func TestLimitThatMakesNoSense(t *testing.T) {
	t.Parallel()
	tests := []struct {
		limit retry.Limit
		field string
	}{
		{retry.Limit{Per: time.Minute}, "Requests 0"},
		{retry.Limit{Requests: -240, Per: time.Minute}, "Requests -240"},
		{retry.Limit{Requests: math.MinInt, Per: time.Minute}, "Requests -"},
		{retry.Limit{Requests: 240}, "Per 0s"},
		{retry.Limit{Requests: 240, Per: -time.Minute}, "Per -1m0s"},
	}
	for _, tt := range tests {
		tt.limit.Group = "upload"
		func() {
			defer func() {
				got := fmt.Sprint(recover())
				if !strings.HasPrefix(got, "retry: Limit") || !strings.Contains(got, tt.field) || !strings.Contains(got, `"upload"`) {
					t.Errorf("NewGate(%+v) panics with %q, want the field %q and the group", tt.limit, got, tt.field)
				}
			}()
			retry.NewGate(retry.Limit{Requests: 1, Per: 1}, tt.limit)
		}()
	}
}

// Odd limits make sense all the same.
func TestLimitAtTheEdges(t *testing.T) {
	for name, l := range map[string]retry.Limit{
		"most": {Requests: math.MaxInt, Per: 1}, "least": {Requests: 1, Per: math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := closedGate(t, 0, l)
				if got := left(t, g, alice); got != 0 {
					t.Errorf("left for the first = %v, want 0", got)
				}
				want := map[string]bool{"most": true, "least": false}[name]
				if got := left(t, g, alice) == 0; got != want {
					t.Errorf("the second was let out: %v, want %v", got, want)
				}
			})
		})
	}
}
