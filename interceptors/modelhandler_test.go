// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A modelOut is what the handler has to answer with.
type modelOut struct {
	send       func(string) error
	sendHeader func(metadata.MD) error
}

type modelRPCKey struct{}

// handle is the handler of the service: a run.
func (w *modelWorld) handle(ctx context.Context, request string, out modelOut) (string, error) {
	rpc := ctx.Value(modelRPCKey{}).(*modelRPC)
	w.mu.Lock()
	r := &modelRun{n: len(w.runs), rpc: rpc, start: w.now()}
	w.runs, rpc.runs = append(w.runs, r), append(rpc.runs, r)
	if request != modelRequestText {
		r.wrong = fmt.Sprintf("the request is %q", request)
	}
	w.mu.Unlock()
	value, fact, err := w.body(ctx, r, out)
	w.mu.Lock()
	defer w.mu.Unlock()
	r.end, r.ended, r.fact, r.err, r.value = w.now(), true, fact, err, value
	return value, err
}

const modelRequestText = "the request"

func (w *modelWorld) body(ctx context.Context, r *modelRun, out modelOut) (string, modelFact, error) {
	mark := metadata.Pairs("x-run", strconv.Itoa(r.n))
	if w.headers {
		_ = grpc.SetHeader(ctx, mark)
		_ = grpc.SetTrailer(ctx, metadata.Pairs("x-run-trailer", strconv.Itoa(r.n)))
	}
	if w.sendHeader {
		r.committed = true
		_ = out.sendHeader(metadata.Pairs("x-early", strconv.Itoa(r.n)))
	}
	if err := w.send(r, out, 0, w.early); err != nil {
		return "", modelFact{failed: true}, err
	}
	fact, err := w.work(ctx, r)
	switch {
	case err != nil:
		return "", fact, err
	case w.end != endWell:
		return "", modelFact{failed: true}, modelForeign(w.end)
	}
	if err := w.send(r, out, w.early, w.messages); err != nil {
		return "", modelFact{failed: true}, err
	}
	return fmt.Sprintf("value of run %d", r.n), fact, nil
}

func (w *modelWorld) send(r *modelRun, out modelOut, from, n int) error {
	for i := range n {
		r.committed = true
		if err := out.send(fmt.Sprintf("run %d message %d", r.n, from+i)); err != nil {
			return err
		}
	}
	return nil
}

func modelForeign(end modelEnd) error {
	st := status.New(codes.Unavailable, "somebody else")
	switch end {
	case endPlain:
		return errors.New("a bug")
	case endRetryInfo:
		st, _ = st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(700 * time.Millisecond)}, &errdetails.RequestInfo{RequestId: "theirs"})
	}
	return st.Err()
}

// work makes the requests of one run.
func (w *modelWorld) work(ctx context.Context, r *modelRun) (modelFact, error) {
	if w.parallel {
		return w.workAtOnce(ctx, r)
	}
	var all modelFact
	var joined error
	for i := range w.steps {
		fact, err := w.step(ctx, r, i)
		switch {
		case err == nil, w.steps[i].fail == failSwallow:
		case w.steps[i].fail == failJoin && joined == nil:
			all, joined = fact, err
		case joined != nil:
			return joinedFact(all, fact), errors.Join(joined, err)
		default:
			return w.wrapped(fact, err)
		}
	}
	return all, joined
}

func (w *modelWorld) workAtOnce(ctx context.Context, r *modelRun) (modelFact, error) {
	type outcome struct {
		fact modelFact
		err  error
	}
	results := make(chan outcome, len(w.steps))
	for i := range w.steps {
		w.wg.Go(func() {
			fact, err := w.step(ctx, r, i)
			results <- outcome{fact, err}
		})
	}
	for range w.steps {
		if o := <-results; o.err != nil {
			return w.wrapped(o.fact, o.err)
		}
	}
	return modelFact{}, nil
}

// wrapped is what handlers do with errors before they return them.
func (w *modelWorld) wrapped(fact modelFact, err error) (modelFact, error) {
	switch w.wrap {
	case wrapText:
		return fact, fmt.Errorf("handler: %w", err)
	case wrapJoinPlain:
		return fact, errors.Join(errors.New("cleanup failed"), err)
	case wrapJoinForeign:
		fact.class = classNever // of another system nobody knows anything
		return fact, errors.Join(err, status.Error(codes.Unavailable, "somebody else"))
	}
	return fact, err
}

// step makes one request past Do, or as many as Do makes.
func (w *modelWorld) step(ctx context.Context, r *modelRun, i int) (modelFact, error) {
	s := &w.steps[i]
	if !s.through {
		return w.ask(ctx, r, i, nil)
	}
	d := &modelDo{step: s}
	w.mu.Lock()
	r.dos = append(r.dos, d)
	w.mu.Unlock()
	var fact modelFact
	var reconcile func(context.Context, *translate.Error) (struct{}, bool, error)
	if s.looks {
		reconcile = func(ctx context.Context, _ *translate.Error) (struct{}, bool, error) {
			return struct{}{}, w.look(ctx, i, d), nil
		}
		if w.lookErrs > 0 {
			reconcile = func(ctx context.Context, _ *translate.Error) (struct{}, bool, error) { return w.lookOrFail(ctx, i, d) }
		}
	}
	_, err := retry.Do(ctx, w.ctl, retry.Operation{Name: s.method, Safety: s.op}, func(ctx context.Context) (struct{}, error) {
		f, err := w.ask(ctx, r, i, d)
		fact = f
		return struct{}{}, err
	}, reconcile)
	w.mu.Lock()
	defer w.mu.Unlock()
	d.end, d.ended, d.err = w.now(), true, err
	fact.attempts = len(d.requests)
	return fact, err
}

func (w *modelWorld) look(_ context.Context, i int, d *modelDo) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := w.applied[i] > 0
	last := d.requests[len(d.requests)-1]
	last.looks = append(last.looks, modelLook{at: w.now(), done: done})
	return done
}

func (w *modelWorld) lookOrFail(ctx context.Context, i int, d *modelDo) (none struct{}, done bool, err error) {
	w.mu.Lock()
	w.looked++
	fails := w.looked <= w.lookErrs
	w.mu.Unlock()
	if !fails {
		return none, w.look(ctx, i, d), nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	last := d.requests[len(d.requests)-1]
	last.looks = append(last.looks, modelLook{at: w.now(), err: errors.New("cannot look")})
	return none, false, last.looks[len(last.looks)-1].err
}
