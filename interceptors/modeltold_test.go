// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/translate"
)

// discouraged are the codes under which clients tend to retry by themselves.
var discouraged = []codes.Code{
	codes.Unavailable, codes.ResourceExhausted, codes.Aborted,
	codes.DeadlineExceeded, codes.Internal, codes.Unknown,
}

// stops tells whether the caller has to be told -1 although the RPC may be repeated.
func (w *modelWorld) stops(r *modelRun, delay time.Duration) belief {
	stop, made := w.spent(r), w.tried(r)
	switch {
	case w.attempts > 1 && r.rpc.before+made >= w.attempts:
		stop = yes
	case made > 1, r.fact.attempts > 1: // who repeats once owns all repeats
		stop = yes
	case w.caller == callerMiddleware && r.rpc.before > 0: // it retries whatever it is told
		stop = yes
	}
	if w.parallel {
		stop = maybe
	}
	if w.deadline > 0 {
		left := w.deadline - r.end
		const slack = 3 * time.Millisecond // ms are rounded, and so are deadlines on the wire
		switch {
		case delay >= left+slack:
			stop = yes
		case delay+delay/10+slack >= left:
			stop = max(stop, maybe)
		}
	}
	if w.budget > 0 {
		stop = max(stop, maybe)
	}
	return stop
}

// told: RetryInfo, and exactly one pushback that agrees with it.
func (c *modelCheck) told(rpc *modelRPC) {
	if len(rpc.runs) == 0 || rpc.err == nil {
		if rpc.err == nil && len(rpc.trailer[pushbackKey]) > 0 {
			c.failf("pushback", "%v after a success", rpc.trailer[pushbackKey])
		}
		return
	}
	r := rpc.runs[len(rpc.runs)-1]
	st := status.Convert(overTheWire(rpc.err))
	if r.err == nil && c.over(rpc.end) {
		return // nobody is there any more who could get its headers
	}
	if st.Code() == codes.OK {
		c.failf("code", "OK for %v", r.err)
	}
	if rpc.end != r.end && c.cancel == 0 {
		c.failf("at once", "the failure was known at %v and told at %v", r.end, rpc.end)
	}
	if !r.fact.upstream {
		c.foreign(rpc, r)
		return
	}
	if e, ok := translate.FromError(st.Err()); !ok || st.Code() != r.fact.code || e.RequestID() != r.fact.id {
		c.failf("real error", "RPC = %v with details %v, want that of %v (%v)", st, st.Details(), r.fact.id, r.fact.code)
	}
	delay, infos := retryInfo(st.Err())
	may := c.repeatableRPC(r)
	switch {
	case infos > 1 || infos == 1 && may == no:
		c.failf("RetryInfo", "%d after run %d, want none: %+v", infos, r.n, r.fact)
	case infos == 0 && may == yes:
		c.failf("RetryInfo", "none after run %d: %+v", r.n, r.fact)
	case infos == 1 && r.fact.hinted && delay != r.fact.hint:
		c.failf("RetryInfo", "%v, want %v", delay, r.fact.hint)
	case infos == 1 && !r.fact.hinted && (delay < time.Second || delay > 8*time.Second):
		c.failf("RetryInfo", "%v, want a backoff of 1 s to 8 s", delay)
	}
	c.pushback(rpc, r, st.Code(), delay, infos == 1)
}

func (c *modelCheck) pushback(rpc *modelRPC, r *modelRun, code codes.Code, delay time.Duration, repeatable bool) {
	told := rpc.trailer[pushbackKey]
	got := ""
	if len(told) > 0 {
		got = told[0]
	}
	stop := c.stops(r, delay)
	ms, _ := strconv.Atoi(got)
	wait := time.Duration(ms) * time.Millisecond
	positive := got != "" && ms >= 0
	switch {
	case len(told) > 1:
		c.failf("pushback", "%q, want one", told)
	case !repeatable && slices.Contains(discouraged, code) != (got == "-1"), !repeatable && positive:
		c.failf("pushback", "%q of an RPC that must not be sent again, %v", got, code)
	case !repeatable:
	case got == "":
		c.failf("pushback", "none beside RetryInfo")
	case positive && stop == yes, !positive && stop == no:
		c.failf("pushback", "%q after run %d (%+v), want -1: %v", got, r.n, r.fact, stop == yes)
	case positive && (wait < delay || wait > delay+delay/10+time.Millisecond):
		c.failf("pushback", "%v beside RetryInfo of %v", wait, delay)
	}
}

// foreign: what is not the upstream's passes as it is.
func (c *modelCheck) foreign(rpc *modelRPC, r *modelRun) {
	if got := rpc.trailer[pushbackKey]; len(got) > 0 {
		c.failf("foreign", "pushback %q", got)
	}
	want := status.Convert(r.err).Proto()
	if !c.declaredSafe() {
		for i, d := range want.GetDetails() {
			if d.GetTypeUrl() == "type.googleapis.com/google.rpc.RetryInfo" {
				want.Details = slices.Delete(want.GetDetails(), i, i+1)
				break
			}
		}
	}
	if got := status.Convert(rpc.err).Proto(); !proto.Equal(got, want) {
		c.failf("foreign", "%v, want %v", got, want)
	}
}

// outcome: nobody is told that nothing was applied where it is known to be otherwise.
func (c *modelCheck) outcome(rpc *modelRPC) {
	e, ok := translate.FromError(overTheWire(rpc.err))
	if !ok || e.Metadata()["outcome"] != "NOT_APPLIED" {
		return
	}
	for _, r := range rpc.runs {
		if !c.isolated && r.fact.effect != untouched {
			c.failf("outcome", "NOT_APPLIED, and the handler's error says otherwise: %v", r.err)
		}
		for _, q := range r.requests {
			known := c.isolated && q.do != nil || c.isolated && r.fact.effect != untouched && q.fact.failed
			alone := len(c.steps) == 1 && q.do != nil // then Do itself tells of all its attempts
			if (known || alone) && q.applied && q.end <= rpc.end && q.step.method != http.MethodGet {
				c.failf("outcome", "NOT_APPLIED, and %s of run %d was applied", q.step.method, r.n)
			}
		}
	}
}
