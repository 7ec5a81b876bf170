// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"math"

	"github.com/boxgrpc/boxgrpc/translate"
)

// What Do notes in ledgers.

// begin notes that a request is under way, and returns false if there must be none. A
// nil ledger notes nothing.
func (l *Ledger) begin() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.open++
	}
	return !l.over
}

// end notes what became of an attempt that began: what the layers below noted in
// inner, else what its error tells.
func (l *Ledger) end(inner *Ledger, safety Safety, err error) {
	if l == nil {
		return
	}
	a := inner.account(safety, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.asked = true
	l.changed = max(l.changed, a.changed)
	l.note(a.failed...)
}

// account is what a ledger adds to the one above.
type account struct {
	changed change
	failed  []failure
}

// account: reading changes nothing, a write that succeeded did, and of a failure that
// is no upstream's nobody knows.
func (l *Ledger) account(safety Safety, err error) account {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := account{changed: l.changed, failed: l.failed}
	if !l.asked {
		a.changed = effect(err)
		if e, ok := translate.FromError(err); ok {
			a.failed = []failure{{err: e}}
		}
	}
	switch {
	case safety == ReadOnly:
		a.changed = unchanged
	case l.open > 0:
		a.changed = unknown
	}
	return a
}

func effect(err error) change {
	if err == nil {
		return applied
	}
	if e, ok := translate.FromError(err); ok {
		return changeOf(e)
	}
	return unknown
}

// below tells whether a layer below made requests, and whether its gate does the
// waiting now.
func (l *Ledger) below() (asked, gated bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked, l.gated
}

// gate notes that the next request will wait at a gate.
func (l *Ledger) gate() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gated = true
}

// giveUp notes how an operation failed for good.
func (l *Ledger) giveUp(attempts int, e *translate.Error, d Decision) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries = max(l.tries, int16(min(attempts, math.MaxInt16)))
	if d.exhausted() {
		l.note(failure{e, true})
	}
}
