// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"runtime"
	"time"
)

// goroutines returns the stacks of all goroutines but this one, by their names such as
// "goroutine 42".
func goroutines() map[string]string {
	stacks := make([]byte, 1<<20)
	for n := len(stacks); n == len(stacks); {
		stacks = make([]byte, 2*n)
		if n = runtime.Stack(stacks, true); n < len(stacks) {
			stacks = stacks[:n]
			break
		}
	}
	all := make(map[string]string)
	for i, stack := range bytes.Split(stacks, []byte("\n\n")) {
		if name, _, ok := bytes.Cut(stack, []byte(" [")); ok && i > 0 { // the first one is this one
			all[string(name)] = string(stack)
		}
	}
	return all
}

// newGoroutines returns the stacks of goroutines that were not there earlier, and do not
// end in this time.
func newGoroutines(earlier map[string]string, within time.Duration) []string {
	for until := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		var left []string
		for name, stack := range goroutines() {
			if _, old := earlier[name]; !old {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(until) {
			return left
		}
	}
}

// heapInUse is what is left after collections, of which it makes more until no more than
// this is left, or the time is over: what finalizers and pools hold survives some.
func heapInUse(atMost uint64, within time.Duration) (least uint64) {
	var m runtime.MemStats
	for until := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		runtime.GC()
		runtime.ReadMemStats(&m)
		if least == 0 || m.HeapAlloc < least {
			least = m.HeapAlloc
		}
		if least <= atMost || time.Now().After(until) {
			return least
		}
	}
}
