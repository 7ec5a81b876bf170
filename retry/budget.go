// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"math"
	"sync"
	"sync/atomic"
)

// budgets are the retry tokens of each limit group. A nil one allows everything.
type budgets struct {
	full, refill int64 // in thousandths of a token

	general bucket
	groups  sync.Map // string to *bucket
}

// A bucket counts what was taken out of it, so that its zero value is full.
type bucket struct{ taken atomic.Int64 }

const token = 1000

func newBudgets(tokens int, ratio float64) *budgets {
	return &budgets{full: int64(tokens) * token, refill: max(1, int64(math.Round(ratio*token)))}
}

// of returns the bucket of a group. Groups are written in code, so there are few.
func (b *budgets) of(group string) *bucket {
	if group == "" {
		return &b.general
	}
	if found, ok := b.groups.Load(group); ok {
		return found.(*bucket)
	}
	found, _ := b.groups.LoadOrStore(group, new(bucket))
	return found.(*bucket)
}

// charge takes a token, and tells whether a retry may follow: more than half of them
// are left (gRFC A6, "Throttling Retry Attempts").
func (b *budgets) charge(group string) bool {
	if b == nil {
		return true
	}
	taken := b.of(group).add(token, b.full)
	return 2*taken < b.full
}

// earn gives back what a success is worth. The common case, a full bucket, only reads.
func (b *budgets) earn(group string) {
	if b == nil {
		return
	}
	if bucket := b.of(group); bucket.taken.Load() > 0 {
		bucket.add(-b.refill, b.full)
	}
}

func (b *bucket) add(n, full int64) int64 {
	for {
		old := b.taken.Load()
		taken := min(max(old+n, 0), full)
		if b.taken.CompareAndSwap(old, taken) {
			return taken
		}
	}
}
