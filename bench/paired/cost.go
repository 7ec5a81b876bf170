// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package paired

import (
	"math"
	"runtime"
)

// A Cost is what one operation allocates. Unlike its time it is the same in every run.
type Cost struct {
	Allocs float64 // to a hundredth
	Bytes  float64
}

// Cost counts the allocations of n operations. All goroutines are counted, so nothing
// else may run. Pools that are not full yet and the runtime's own allocations only add:
// the least of several counts is taken.
func (c Case) Cost(n int) Cost {
	least := Cost{math.Inf(1), math.Inf(1)}
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.Run(n)
		runtime.ReadMemStats(&after)
		least.Allocs = min(least.Allocs, float64(after.Mallocs-before.Mallocs)/float64(n))
		least.Bytes = min(least.Bytes, float64(after.TotalAlloc-before.TotalAlloc)/float64(n))
	}
	return Cost{math.Round(least.Allocs*100) / 100, math.Round(least.Bytes)}
}
