// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"fmt"
	"time"
)

// A Limit is what the upstream allows each principal, in one group of requests. A
// gate that is told it need not find it out:
//
//	retry.NewGate(retry.Limit{Group: "upload", Requests: 240, Per: time.Minute})
//
// Box's are boxhttp.BoxLimits.
//
// Requests leave evenly, for nobody knows how much of an upstream's minute is used up
// when it says 429. Where a group has several limits, the slowest one counts.
type Limit struct {
	// Group is the group whose limit it is ([Key]). A limit of the general group,
	// which is empty, holds for no other.
	Group string

	// Requests may be sent Per this time. Both must be more than 0.
	Requests int
	Per      time.Duration
}

// margin: requests that leave evenly arrive less so, and an upstream that counts in
// windows finds a few too many in one of them, which costs the rest of a second. 3 % of
// a window of 2 s are 60 ms of latency more or less.
const margin = 0.97

// told is the pace of each group that has a limit. It panics on nonsense.
func told(limits []Limit) map[string]float64 {
	rates := make(map[string]float64, len(limits))
	for _, l := range limits {
		if l.Requests <= 0 {
			panic(fmt.Sprintf("retry: Limit of group %q has Requests %d, want more than 0", l.Group, l.Requests))
		}
		if l.Per <= 0 {
			panic(fmt.Sprintf("retry: Limit of group %q has Per %v, want more than 0", l.Group, l.Per))
		}
		rate := margin * float64(l.Requests) / l.Per.Seconds()
		if slowest, ok := rates[l.Group]; ok {
			rate = min(rate, slowest)
		}
		rates[l.Group] = rate
	}
	return rates
}
