// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"testing"
	"testing/synctest"
	"time"
)

// Timers fire late: a request whose turn and whose limit have both come has waited as long
// as it had to. To refuse it now would cost its caller the wait, and an attempt.
func TestGateTurnAndLimitTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate().(*memoryGate)
		key := Key{Principal: "a"}
		m, _ := g.Mark()
		g.Throttled(t.Context(), key, m, time.Second)
		e := g.find(key)
		w := &waiter{limit: g.now() + time.Second + 1, turn: make(chan Mark, 1)}
		e.queue = append(e.queue, w) // without e.arm: its timer is the late one
		time.Sleep(time.Second + 1)
		if _, left, ok := e.giveUp(t.Context(), w); !ok {
			t.Errorf("refused at the end of its wait, %v before its turn", left)
		}
	})
}
