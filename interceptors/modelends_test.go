// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// result: the user gets what the last RPC ended with, at once and once.
func (c *modelCheck) result() {
	if len(c.rpcs) == 0 {
		return // the deadline was over before anything began
	}
	last := c.rpcs[len(c.rpcs)-1]
	cutOff := c.over(c.got.end)
	c.delivered(last, cutOff)
	if cutOff {
		c.cutOff()
		return
	}
	if f := c.lastFact(last); c.got.end != last.end && (c.modelCase.caller != callerStock && c.modelCase.caller != callerMiddleware || f.upstream && c.modelCase.caller == callerStock) {
		c.failf("at once", "the failure was known at %v, and the user got it at %v", last.end, c.got.end)
	}
	want, got := status.Convert(c.overAll(overTheWire(last.err))).Proto(), status.Convert(c.got.err).Proto()
	if got != nil && c.modelCase.caller == callerStock { // grpc-go says how often it has tried
		got.Message = strings.TrimPrefix(got.GetMessage(), "max retries exhausted: failed after 4 attempts: rpc error: code = "+status.Code(c.got.err).String()+" desc = ")
	}
	if !proto.Equal(want, got) {
		c.failf("real error", "the user got %v, want %v", got, want)
	}
	if c.got.err == nil && !c.stream && c.got.value != last.value {
		c.failf("result", "%q, want %q", c.got.value, last.value)
	}
	c.metadata(last)
}

// over tells whether the caller was gone.
func (c *modelCheck) over(at time.Duration) bool {
	return c.deadline > 0 && at >= c.deadline || c.cancel > 0 && at >= c.cancel
}

// overAll: our client makes "nothing was changed" speak of the RPCs before, too.
func (c *modelCheck) overAll(last error) error {
	e, ok := translate.FromError(last)
	if c.modelCase.caller != callerOurs || !ok || c.known == retry.ReadOnly || e.Outcome() != boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED {
		return last
	}
	worst := e.Outcome()
	for _, rpc := range c.rpcs[:len(c.rpcs)-1] {
		earlier, ours := translate.FromError(overTheWire(rpc.err))
		switch {
		case !ours || earlier.Outcome() == boxgrpcv1.Outcome_OUTCOME_UNKNOWN:
			worst = boxgrpcv1.Outcome_OUTCOME_UNKNOWN
		case earlier.Outcome() != boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED:
			worst = max(worst, boxgrpcv1.Outcome_OUTCOME_PARTIAL)
		}
	}
	if worst == e.Outcome() {
		return last
	}
	return e.WithOutcome(worst).WithAttempts(max(len(c.rpcs), e.Attempts()))
}

func (*modelCheck) lastFact(rpc *modelRPC) modelFact {
	if len(rpc.runs) == 0 {
		return modelFact{}
	}
	return rpc.runs[len(rpc.runs)-1].fact
}

// cutOff: a deadline that ends an attempt of our client leaves the error before, which does not
// say that nothing was changed.
func (c *modelCheck) cutOff() {
	if c.got.err == nil || len(c.got.messages) > 0 {
		return
	}
	if c.modelCase.caller != callerOurs || len(c.rpcs) < 2 || c.rpcs[len(c.rpcs)-1].end < c.got.end {
		return
	}
	before := overTheWire(c.rpcs[len(c.rpcs)-2].err)
	want := status.Code(before)
	if !c.known.Repeatable() {
		want = codes.DeadlineExceeded
		if c.cancel > 0 {
			want = codes.Canceled
		}
	}
	if got := status.Code(c.got.err); got != want {
		c.failf("real error", "the user got %v, want %v", c.got.err, want)
	}
	if !modelHolds(c.got.err, status.Code(before)) {
		c.failf("real error", "%v does not hold %v", c.got.err, before)
	}
	if e, ok := translate.FromError(c.got.err); ok && c.known != retry.ReadOnly && e.Outcome() == boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED {
		c.failf("outcome", "%v says that nothing was changed, and an attempt was cut off after it", c.got.err)
	}
}

// modelHolds tells whether there is a status with this code in err.
func modelHolds(err error, code codes.Code) bool {
	if st, ok := err.(interface{ GRPCStatus() *status.Status }); ok && st.GRPCStatus().Code() == code {
		return true
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return slices.ContainsFunc(all.Unwrap(), func(e error) bool { return modelHolds(e, code) })
	}
	return false
}

// delivered: messages come once, in order, from one run, and none from a dropped one.
func (c *modelCheck) delivered(last *modelRPC, cutOff bool) {
	if !c.stream || c.modelCase.caller == callerMiddleware {
		return // go-grpc-middleware goes on after a message
	}
	if len(last.runs) == 0 {
		return
	}
	run := last.runs[len(last.runs)-1]
	var want []string
	for i := range c.got.messages {
		want = append(want, fmt.Sprintf("run %d message %d", run.n, i))
	}
	if !slices.Equal(c.got.messages, want) {
		c.failf("messages", "%q, want %q", c.got.messages, want)
	}
	if full := c.early + c.messages; c.got.err == nil && !cutOff && len(want) != full {
		c.failf("messages", "%d and a success, want %d", len(want), full)
	}
	if !cutOff && len(c.got.messages) != len(last.messages) {
		c.failf("messages", "%q, and %q were sent", c.got.messages, last.messages)
	}
}

// metadata: what the last run set, and nothing of those before.
func (c *modelCheck) metadata(last *modelRPC) {
	if len(last.runs) == 0 {
		return
	}
	run := last.runs[len(last.runs)-1]
	mark := []string{strconv.Itoa(run.n)}
	where := c.got.header
	if c.got.err != nil && c.isolated && !run.committed {
		if last.opened {
			c.failf("trailers-only", "headers %v before a failure", last.header)
		}
		where = c.got.trailer
	}
	want := metadata.MD{}
	if c.headers {
		want.Set("x-run", mark...)
	}
	if !slices.Equal(where["x-run"], want["x-run"]) {
		c.failf("headers", "x-run = %q, want %q", where["x-run"], want["x-run"])
	}
	if c.headers && !slices.Equal(c.got.trailer["x-run-trailer"], mark) {
		c.failf("trailers", "x-run-trailer = %q, want %q", c.got.trailer["x-run-trailer"], mark)
	}
	if early := c.got.header["x-early"]; len(early) > 0 && !slices.Equal(early, mark) {
		c.failf("headers", "x-early = %q, want %q", early, mark)
	}
}
