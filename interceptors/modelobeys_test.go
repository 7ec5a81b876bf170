// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// callerOurs: what our client does after each RPC follows from what it was told.
func (c *modelCheck) callerOurs() {
	for i, rpc := range c.rpcs {
		follows := i+1 < len(c.rpcs)
		may, p := c.obeys(rpc, i+1)
		switch {
		case follows && !may:
			c.failf("client", "RPC %d follows one that failed with %v, pushback %q", i+1, rpc.err, rpc.trailer[pushbackKey])
		case follows:
			c.paused("RPC", i, c.rpcs[i+1].start-rpc.end, p)
		case may && c.cancel == 0:
			c.failf("client", "no RPC follows number %d, which failed with %v, pushback %q, at %v", i, rpc.err, rpc.trailer[pushbackKey], rpc.end)
		}
	}
}

// obeys: pushback, then RetryInfo, then backoff for UNAVAILABLE of a method that is
// safe to repeat.
func (c *modelCheck) obeys(rpc *modelRPC, made int) (bool, pause) {
	err := overTheWire(rpc.err)
	if err == nil || len(rpc.messages) > 0 || made >= 3 || c.deadline > 0 && rpc.end >= c.deadline {
		return false, pause{}
	}
	delay, infos := retryInfo(err)
	p := pauseAfter(modelFact{hinted: true, hint: delay}, made)
	ours := len(rpc.runs) > 0 && rpc.runs[len(rpc.runs)-1].fact.upstream
	if told := rpc.trailer[pushbackKey]; len(told) > 0 {
		ms, _ := strconv.Atoi(told[0])
		p = pause{time.Duration(ms) * time.Millisecond, time.Duration(ms) * time.Millisecond}
		if ms < 0 || len(told) > 1 {
			return false, p
		}
	} else if infos == 0 {
		p = pause{0, modelWindow(made)}
		if ours || status.Code(err) != codes.Unavailable || !c.known.Repeatable() {
			return false, p
		}
	}
	return c.inTime(p.least, rpc.end), p
}

// caller: nobody who obeys comes back early.
func (c *modelCheck) caller() {
	switch c.modelCase.caller {
	case callerOurs:
		c.callerOurs()
	case callerStock:
		for i, rpc := range c.rpcs {
			if i+1 == len(c.rpcs) || len(rpc.runs) == 0 {
				continue
			}
			if f := rpc.runs[len(rpc.runs)-1].fact; f.upstream && f.hinted && c.rpcs[i+1].start-rpc.end < f.hint {
				c.failf("never early", "the next RPC comes after %v, want %v", c.rpcs[i+1].start-rpc.end, f.hint)
			}
		}
	}
}
