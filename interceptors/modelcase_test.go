// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// A modelCase is one user's call and the world that it meets.
type modelCase struct {
	seed   uint64
	method string
	stream bool
	safety retry.Safety // what the server knows of the method
	by     bool         // WithSafety says so, and not the schema
	known  retry.Safety // and what our client knows

	steps      []modelStep
	parallel   bool // the steps run at once, and the first error ends the handler
	end        modelEnd
	wrap       modelWrap
	early      int // messages before the steps
	messages   int // and after them
	headers    bool
	sendHeader bool

	replies  []modelReply // then everything succeeds
	lookErrs int          // so many times nobody can tell whether a write was applied
	deadline time.Duration
	cancel   time.Duration // when the caller goes away
	caller   modelCaller
	lost     int // this RPC does not get as far as the server; 0: all do

	attempts int
	isolated bool
	budget   int // tokens; 0: none
}

// A modelStep is one thing that a handler does at the upstream.
type modelStep struct {
	method  string
	through bool // through retry.Do
	op      retry.Safety
	looks   bool // with a reconcile function
	fail    modelOnFail
}

type modelOnFail int

const (
	failReturn modelOnFail = iota
	failSwallow
	failJoin // go on, and return the errors of all steps
)

// modelEnd is how a handler ends whose steps are done.
type modelEnd int

const (
	endWell      modelEnd = iota
	endForeign            // UNAVAILABLE of somebody else
	endRetryInfo          // the same with RetryInfo
	endPlain              // an error that is no status
)

type modelWrap int

const (
	wrapNot modelWrap = iota
	wrapText
	wrapJoinPlain
	wrapJoinForeign
)

type modelCaller int

const (
	callerNone modelCaller = iota
	callerStock
	callerMiddleware
	callerOurs
)

func modelChance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

func modelPick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// newModelCase draws a case. The same seed always gives the same.
func newModelCase(seed uint64) *modelCase {
	r := rand.New(rand.NewPCG(seed, 0))
	c := &modelCase{seed: seed, attempts: modelPick(r, 3, 3, 3, 3, 2, 1), isolated: modelChance(r, 85), caller: modelCaller(r.IntN(4))}
	c.drawMethod(r)
	c.drawSteps(r)
	if modelChance(r, 20) {
		c.end = modelEnd(1 + r.IntN(3))
	}
	if modelChance(r, 40) {
		c.wrap = modelWrap(r.IntN(4))
	}
	if c.stream {
		c.messages = r.IntN(3)
		if c.caller != callerMiddleware && modelChance(r, 25) { // that goes on after a message, for ever
			c.early = 1 + r.IntN(2)
		}
	}
	c.headers, c.sendHeader = modelChance(r, 50), modelChance(r, 8)
	for range r.IntN(8) {
		c.replies = append(c.replies, newModelReply(r))
	}
	if modelChance(r, 20) {
		c.lookErrs = 1
	}
	switch r.IntN(12) {
	case 0, 1, 2:
		c.deadline = time.Duration(1+r.IntN(900)) * time.Millisecond
	case 3, 4:
		c.deadline = time.Duration(900+r.IntN(4000)) * time.Millisecond
	case 5, 6:
		c.deadline = time.Duration(5+r.IntN(25)) * time.Second
	case 7:
		c.deadline = 10 * time.Minute
	case 8:
		c.cancel = time.Duration(1+r.IntN(5000)) * time.Millisecond
	}
	const apart = 123 * time.Microsecond // from the moments at which the upstream answers; gRPC rounds what is finer
	if c.deadline > 0 {
		c.deadline += apart
	}
	if c.cancel > 0 {
		c.cancel += apart
	}
	if modelChance(r, 10) && (!c.stream || c.caller == callerOurs) { // the others count opening apart
		c.lost = 1 + r.IntN(3)
	}
	if modelChance(r, 50) {
		c.budget = modelPick(r, 1, 2, 3, 4, 5, 10, 10)
	}
	return c
}

func (c *modelCase) drawMethod(r *rand.Rand) {
	c.safety = modelPick(r, retry.Unknown, retry.Unknown, retry.ReadOnly, retry.Idempotent, retry.Idempotent,
		retry.Conditional, retry.Conditional, retry.SingleUpstreamCall, retry.NotIdempotent)
	c.stream = modelChance(r, 35)
	switch {
	case c.stream:
		c.method, c.by, c.known = listFolder, c.safety != retry.ReadOnly, c.safety
	case c.safety == retry.Unknown:
		c.method = undeclared
	case c.safety == retry.ReadOnly && modelChance(r, 70):
		c.method, c.known = readOnly, c.safety
	case c.safety == retry.Idempotent && modelChance(r, 70):
		c.method, c.known = idempotent, c.safety
	default:
		c.method, c.by = undeclared, true
		if modelChance(r, 50) {
			c.known = c.safety
		}
	}
}

func (c *modelCase) drawSteps(r *rand.Rand) {
	n := 1 + r.IntN(2)
	if c.safety == retry.SingleUpstreamCall {
		n = 1
	}
	mixed, through := modelChance(r, 25), modelChance(r, 70)
	for range n {
		s := modelStep{method: modelPick(r, http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPost, http.MethodPost), through: through}
		if c.safety == retry.ReadOnly {
			s.method = http.MethodGet
		}
		if mixed {
			through = modelChance(r, 50)
		}
		switch s.method {
		case http.MethodGet:
			s.op = retry.ReadOnly
		case http.MethodPost:
			s.op = modelPick(r, retry.SingleUpstreamCall, retry.SingleUpstreamCall, retry.SingleUpstreamCall, retry.Unknown)
			s.looks = s.through && modelChance(r, 30)
		default:
			s.op = modelPick(r, retry.Idempotent, retry.Idempotent, retry.Conditional)
		}
		if modelChance(r, 30) {
			s.fail = modelOnFail(r.IntN(3))
		}
		c.steps = append(c.steps, s)
	}
	// A ledger cannot know of writes beside it: such methods are to be declared.
	if c.mixedWrites() && (c.safety == retry.Unknown || c.safety == retry.Conditional) {
		for i := range c.steps {
			c.steps[i].through = true
		}
	}
	c.parallel = n == 2 && c.steps[0].through && c.steps[1].through && modelChance(r, 25)
}

func (c *modelCase) mixedWrites() bool {
	past, writes := 0, false
	for _, s := range c.steps {
		if !s.through {
			past++
			writes = writes || !reads(s.method)
		}
	}
	return writes && past < len(c.steps)
}

func newModelReply(r *rand.Rand) modelReply {
	reply := modelReply{kind: modelOK, hint: -1, latency: modelPick(r, 0, 0, 10*time.Millisecond, 200*time.Millisecond, 3*time.Second)}
	switch p := r.IntN(100); {
	case p < 20:
		return reply
	case p < 23:
		reply.kind = modelAccepted
		return reply
	case p < 65: // what passes by itself is what makes cases long
		reply.kind = modelFailures[modelPick(r, 0, 0, 1, 1, 2, 5, 10, 11)]
	default:
		reply.kind = modelPick(r, modelFailures...)
	}
	if reply.kind.status != 0 && (reply.kind == modelNotReady || modelChance(r, 45)) {
		reply.hint = r.IntN(len(modelHints))
	}
	reply.applied = reply.kind.effect == changed || reply.kind.effect == unsure && modelChance(r, 50)
	return reply
}

// String is short enough to be understood.
func (c *modelCase) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, safety %d (WithSafety %v, client %d), caller %d, attempts %d, isolated %v, budget %d, deadline %v, cancel %v\n",
		c.method[strings.LastIndexByte(c.method, '/')+1:], c.safety, c.by, c.known, c.caller, c.attempts, c.isolated, c.budget, c.deadline, c.cancel)
	for i, s := range c.steps {
		fmt.Fprintf(&b, "  step %d: %s, Do %v, op %d, looks %v, on failure %d\n", i, s.method, s.through, s.op, s.looks, s.fail)
	}
	fmt.Fprintf(&b, "  parallel %v, end %d, wrap %d, messages %d+%d, headers %v, SendHeader %v, failing looks %d, lost %d\n",
		c.parallel, c.end, c.wrap, c.early, c.messages, c.headers, c.sendHeader, c.lookErrs, c.lost)
	fmt.Fprintf(&b, "  upstream: %v", c.replies)
	return b.String()
}
