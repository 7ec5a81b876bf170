// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"sync"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	boxinterceptors "github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A modelWorld is where one case happens, and the account of all that happened: the
// upstream's truth, which nobody in the world knows as a whole.
type modelWorld struct {
	*modelCase

	ctl    *retry.Controller
	unary  grpc.UnaryServerInterceptor
	server grpc.StreamServerInterceptor
	start  time.Time
	wg     sync.WaitGroup // what outlives its handler

	mu       sync.Mutex
	rpcs     []*modelRPC
	runs     []*modelRun
	requests []*modelRequest // in the order in which they were answered
	asked    int
	looked   int
	applied  map[int]int // by step

	got modelResult
}

// A modelRPC is one request of the caller's gRPC library, as the server meets it.
type modelRPC struct {
	before          int // attempts that the caller tells of
	start, end      time.Duration
	runs            []*modelRun
	err             error // what the interceptor returned
	value           string
	header, trailer metadata.MD
	opened          bool // headers went out before the status
	messages        []string
}

// A modelRun is one run of the handler.
type modelRun struct {
	n          int
	rpc        *modelRPC
	start, end time.Duration
	ended      bool
	fact       modelFact
	err        error
	value      string
	committed  bool
	wrong      string // what the handler should never have seen
	dos        []*modelDo
	requests   []*modelRequest
}

// A modelDo is one retry.Do.
type modelDo struct {
	step     *modelStep
	end      time.Duration
	ended    bool
	err      error
	requests []*modelRequest
}

type modelRequest struct {
	step       *modelStep
	n, index   int
	do         *modelDo // nil: past Do
	start, end time.Duration
	done, sent bool
	fact       modelFact
	applied    bool
	looks      []modelLook // reconcile was asked after it
}

type modelLook struct {
	at   time.Duration
	done bool
	err  error
}

// A modelResult is what the user gets in the end.
type modelResult struct {
	err             error
	end             time.Duration
	value           string
	messages        []string
	header, trailer metadata.MD
}

func newModelWorld(c *modelCase) *modelWorld {
	opts := []retry.Option{retry.WithMaxAttempts(c.attempts), retry.WithoutBudget()}
	if c.budget > 0 {
		opts[1] = retry.WithBudget(c.budget, 0.1)
	}
	w := &modelWorld{modelCase: c, ctl: retry.New(opts...), start: time.Now(), applied: make(map[int]int)}
	var options []boxinterceptors.Option
	if c.by {
		all := func(context.Context, interceptors.CallMeta) bool { return true }
		options = append(options, boxinterceptors.WithSafety(c.safety, modelMatch(all)))
	}
	if !c.isolated {
		options = append(options, boxinterceptors.WithoutIsolation())
	}
	if c.stream {
		w.server = boxinterceptors.StreamServerInterceptor(w.ctl, options...)
	} else {
		w.unary = boxinterceptors.UnaryServerInterceptor(w.ctl, options...)
	}
	return w
}

type modelMatch func(context.Context, interceptors.CallMeta) bool

func (m modelMatch) Match(ctx context.Context, c interceptors.CallMeta) bool { return m(ctx, c) }

func (w *modelWorld) now() time.Duration { return time.Since(w.start) }

// ask is the upstream.
func (w *modelWorld) ask(ctx context.Context, r *modelRun, i int, d *modelDo) (modelFact, error) {
	w.mu.Lock()
	q := &modelRequest{step: &w.steps[i], n: i, index: w.asked, do: d, start: w.now(), sent: ctx.Err() == nil}
	reply := modelReply{kind: modelOK, hint: -1}
	if q.sent {
		if w.asked < len(w.replies) {
			reply = w.replies[w.asked]
		}
		w.asked++
	}
	r.requests = append(r.requests, q)
	w.requests = append(w.requests, q)
	if d != nil {
		d.requests = append(d.requests, q)
	}
	w.mu.Unlock()

	arrived := q.sent && modelWait(ctx, reply.latency)
	w.mu.Lock()
	defer w.mu.Unlock()
	q.end, q.done = w.now(), true
	q.applied = q.sent && !reads(q.step.method) && (reply.applied || reply.kind.effect == changed)
	if q.applied {
		w.applied[i]++
	}
	var err error
	if arrived {
		q.fact, err = reply.answer(ctx, q.step.method, q.index)
	} else {
		q.fact, err = modelCut(ctx, q.step.method)
	}
	return q.fact, err
}

// modelWait returns false if ctx is done first.
func modelWait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
