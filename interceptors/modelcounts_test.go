// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"google.golang.org/grpc/codes"
)

// counts: with A attempts of the server and C of the caller there are at most C RPCs.
// The first makes at most A runs, each further one exactly one. A retry.Do makes at
// most A requests less the attempts of the runs before, and in further RPCs one; where
// nothing is isolated there is no ledger, and it makes A each time.
//
// Who obeys and meets the upstream's errors alone gets at most A attempts in all, for
// who repeats once owns all repeats: a handler that does one thing sends it A times at
// most.
func (c *modelCheck) counts() {
	if n, most := len(c.rpcs), modelCallerAttempts[c.modelCase.caller]; n > most {
		c.failf("attempts", "%d RPCs, at most %d", n, most)
	}
	if n, ok := c.sent(); ok && n > c.attempts {
		c.failf("attempts", "%d requests, at most %d", n, c.attempts)
	}
	for i, rpc := range c.rpcs {
		most := 1
		if i == 0 && c.isolated {
			most = c.attempts
		}
		if rpc.before != i {
			c.failf("one owner", "RPC %d says that there were %d before", i, rpc.before)
		}
		if n := len(rpc.runs); n > most {
			c.failf("attempts", "%d runs in RPC %d, at most %d", n, i, most)
		}
		for _, r := range rpc.runs {
			for _, d := range r.dos {
				if n := len(d.requests); n > c.doLimit(r) {
					c.failf("attempts", "%d requests of one Do in run %d, at most %d", n, r.n, c.doLimit(r))
				}
			}
		}
	}
	c.budgeted()
}

// sent is how often the one thing was sent that the handler does, if that is all there
// is to it.
func (c *modelCheck) sent() (n int, ok bool) {
	if len(c.steps) > 1 || c.attempts == 1 || !c.isolated || c.modelCase.caller == callerMiddleware {
		return 0, false
	}
	for _, r := range c.runs {
		if c.lost > 0 || r.fact.failed && !r.fact.upstream {
			return 0, false
		}
	}
	for _, q := range c.requests {
		if q.sent {
			n++
		}
	}
	return n, true
}

// budgeted: n failures, 429s and ABORTED aside, leave more than half of the tokens only if
// 2n < tokens; each success gives a tenth back.
func (c *modelCheck) budgeted() {
	if c.budget == 0 {
		return
	}
	again, successes := 0, 0
	count := func(f modelFact, follows bool) {
		switch {
		case !f.failed:
			successes++
		case follows && f.code != codes.ResourceExhausted && f.code != codes.Aborted:
			again++
		}
	}
	for _, r := range c.runs {
		count(r.fact, r.next() != nil)
		for _, d := range r.dos {
			for i, q := range d.requests {
				count(q.fact, i+1 < len(d.requests))
			}
		}
	}
	if 20*again >= 10*c.budget+2*successes && again > 0 {
		c.failf("budget", "%d retries with %d tokens and %d successes", again, c.budget, successes)
	}
}
