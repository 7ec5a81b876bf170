// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Callers that retry by themselves say so from their second attempt on: gRPC
// libraries in the first (gRFC A6), go-grpc-middleware and our client in the second.
const (
	previousAttemptsKey = "grpc-previous-rpc-attempts"
	retryAttemptKey     = "x-retry-attempt"
)

// obeysKey is in the attempts of our client, which stops when the pushback says so.
// Others that say retryAttemptKey do not, and a gRPC library below them would multiply
// what they do.
const obeysKey = "x-retry-obeys"

// A sender is the caller, by what it says of its own retrying.
type sender struct {
	before   int  // how often it has sent this RPC before
	heedless bool // it retries whatever it is told
}

func senderOf(ctx context.Context) sender {
	retries := count(ctx, retryAttemptKey)
	return sender{
		before:   max(count(ctx, previousAttemptsKey), retries),
		heedless: retries > 0 && len(metadata.ValueFromIncomingContext(ctx, obeysKey)) == 0,
	}
}

// count reads a counter of the caller's metadata. One that is there and no number still
// says that there was an attempt.
func count(ctx context.Context, key string) int {
	most := 0
	for _, v := range metadata.ValueFromIncomingContext(ctx, key) {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil {
			n = 1
		}
		most = max(most, int(n))
	}
	return most
}

// onceForRetriers leaves the retrying to a caller who does it already.
func onceForRetriers(ctx context.Context) int {
	if senderOf(ctx).before > 0 {
		return 1
	}
	return 0
}

// begin makes r the first run of an RPC. ss is nil for unary ones.
func (r *run) begin(ctx context.Context, ss grpc.ServerStream) {
	r.Context, r.Attempts, r.ss = ctx, onceForRetriers, ss
}

// follow makes r the run after prev, which failed with e. Layers below get no more
// attempts than are left.
func (r *run) follow(prev *run, e *translate.Error, most int) {
	r.Context, r.ss = prev.Context, prev.ss
	left := max(most-prev.Tried(), 1)
	r.Attempts = func(context.Context) int { return left }
	r.Follow(&prev.Ledger, e)
}

// succeeded refills the budget, unless the layers below have done so.
func (s *server) succeeded(l *retry.Ledger) {
	if !l.Asked() {
		s.ctl.Succeeded(retry.Operation{})
	}
}

// after says what follows a run that failed with err: a further run, because of the
// upstream's error that it returns, or else what the caller gets. hold is why there
// must be no further run.
func (s *server) after(r *run, in incoming, err error, hold retry.Reason) (*translate.Error, error) {
	r.Close()
	ctx := r.Context
	op := s.operation(ctx, in)
	e, ok := upstreamError(err)
	if !ok {
		r.failForeign()
		return nil, judgeForeign(err, op.Safety)
	}
	r.freeze()
	by := senderOf(ctx)
	f := s.failure(r, e, by.before, op.Safety, hold)
	d := s.ctl.Again(ctx, op, f)
	if d.Retry {
		r.drop()
		return e, nil
	}
	f.Err = e.ForCaller()
	f.Spent = f.Spent || repeated(e, r.Tried()) || by.heedless
	advice := s.ctl.Advise(f, d)
	out := s.tell(ctx, r.Refine(e), advice, err)
	r.fail(advice.Pushback)
	return nil, out
}

func (s *server) failure(r *run, e *translate.Error, before int, safety retry.Safety, hold retry.Reason) retry.Failure {
	switch {
	case hold != "":
	case r.committed():
		hold = retry.ReasonCommitted
	case before > 0:
		hold = retry.ReasonNotOwner
	case safety == retry.Unknown:
		hold = retry.ReasonUndeclared
	}
	most := s.ctl.MaxAttempts()
	return retry.Failure{
		Err: e, Attempt: before + r.Tried(), Safety: safety, Remaining: retry.Remaining(r.Context),
		Proven: r.Proves(e), Changed: r.Changed(), Hold: hold,
		Spent: r.Spent(e) || most > 1 && e.Attempts() >= most,
	}
}

// repeated tells whether something was sent again on this hop. Who does so once owns all
// repeats: a caller that goes on where we have stopped multiplies.
func repeated(e *translate.Error, tried int) bool { return max(tried, e.Attempts()) > 1 }

// afterPlain is after where handlers run on the stream of grpc-go itself: once, and
// without a ledger.
func (s *server) afterPlain(ctx context.Context, in incoming, err error) (retry.Pushback, error) {
	op := s.operation(ctx, in)
	e, ok := upstreamError(err)
	if !ok {
		return retry.Pushback{}, judgeForeign(err, op.Safety)
	}
	by := senderOf(ctx)
	f := retry.Failure{
		Err: e, Attempt: by.before + 1, Safety: op.Safety,
		Remaining: retry.Remaining(ctx), Hold: retry.ReasonNotOwner,
	}
	d := s.ctl.Again(ctx, op, f)
	f.Err, f.Spent = e.ForCaller(), repeated(e, 1) || by.heedless
	advice := s.ctl.Advise(f, d)
	return advice.Pushback, s.tell(ctx, e, advice, err)
}
