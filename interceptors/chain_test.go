// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// requests are what reaches the upstream: the function that a handler of these tests
// calls instead of one that sends something.
type requests struct {
	answer func(n int) error // to request n; the first is 1

	mu    sync.Mutex
	start time.Time
	at    []time.Duration // when each came
}

func answering(answer func(n int) error) *requests {
	return &requests{answer: answer, start: time.Now()}
}

// always is an upstream that gives one answer.
func always(err error) *requests { return answering(func(int) error { return err }) }

// answers is an upstream that gives one after the other, and then the last again.
func answers(errs ...error) *requests {
	return answering(func(n int) error { return errs[min(n, len(errs))-1] })
}

func (r *requests) send() error {
	r.mu.Lock()
	r.at = append(r.at, time.Since(r.start))
	n := len(r.at)
	r.mu.Unlock()
	return r.answer(n)
}

func (r *requests) times() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.at)
}

func (r *requests) count() int { return len(r.times()) }

// through is a handler whose only request is an operation of a layer below the
// interceptors, as those of boxhttp are.
func (r *requests) through(ctl *retry.Controller, safety retry.Safety) func(context.Context) error {
	op := retry.Operation{Name: "upstream request", Safety: safety}
	return func(ctx context.Context) error {
		_, err := retry.Do(ctx, ctl, op, func(context.Context) (struct{}, error) { return struct{}{}, r.send() }, nil)
		return err
	}
}

// direct is a handler whose only request goes through a closed SDK: nobody keeps
// account of it.
func (r *requests) direct(context.Context) error { return r.send() }

// marked is a handler that says in a header and a trailer which run it is.
func marked(handler func(context.Context) error) func(context.Context) error {
	var mu sync.Mutex
	runs := 0
	return func(ctx context.Context) error {
		mu.Lock()
		runs++
		run := strconv.Itoa(runs)
		mu.Unlock()
		_ = grpc.SetHeader(ctx, metadata.Pairs("x-held", run))
		_ = grpc.SetTrailer(ctx, metadata.Pairs("x-run", run))
		return handler(ctx)
	}
}

// inner is what stands between the interceptors under test and the handler.
type inner struct {
	unary  grpc.UnaryServerInterceptor
	stream grpc.StreamServerInterceptor
}

// surround puts the interceptors under test around those that are given, and all
// around the handlers.
func (s *service) surround(ctl *retry.Controller, inside ...inner) {
	s.bare = true
	unary := []grpc.UnaryServerInterceptor{interceptors.UnaryServerInterceptor(ctl, s.options...)}
	stream := []grpc.StreamServerInterceptor{interceptors.StreamServerInterceptor(ctl, s.options...)}
	for _, i := range inside {
		if i.unary != nil {
			unary = append(unary, i.unary)
		}
		if i.stream != nil {
			stream = append(stream, i.stream)
		}
	}
	s.outside = append(s.outside, grpc.ChainUnaryInterceptor(unary...), grpc.ChainStreamInterceptor(stream...))
}

// observed sees each request that a run gets.
func observed(see func(req any)) inner {
	return inner{
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
			see(req)
			return h(ctx, req)
		},
		func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
			return h(srv, &observedStream{ss, see})
		},
	}
}

type observedStream struct {
	grpc.ServerStream

	see func(any)
}

func (s *observedStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.see(m)
	}
	return err
}

// A caller is one way to call a service: with a library that retries, or none.
type caller struct {
	name    string
	options func() []grpc.DialOption
	// What it sends again whatever it is told, and how often in all.
	stubborn []codes.Code
	sends    int
}

var (
	noRetry = caller{name: "none", options: func() []grpc.DialOption {
		return []grpc.DialOption{grpc.WithDisableRetry()}
	}}
	builtIn = caller{name: "built-in retryPolicy", options: func() []grpc.DialOption {
		return []grpc.DialOption{grpc.WithDefaultServiceConfig(retryPolicy)}
	}}
	generated = caller{name: "generated service config", options: func() []grpc.DialOption {
		service := filesv1.File_files_v1_file_service_proto.Services().ByName("FileService")
		return []grpc.DialOption{grpc.WithDefaultServiceConfig(interceptors.ServiceConfig(service))}
	}}
	middleware = caller{name: "go-grpc-middleware", stubborn: mwretry.DefaultRetriableCodes, sends: 3, options: func() []grpc.DialOption {
		return []grpc.DialOption{
			grpc.WithDisableRetry(),
			grpc.WithChainUnaryInterceptor(mwretry.UnaryClientInterceptor(mwretry.WithMax(3))),
			grpc.WithChainStreamInterceptor(mwretry.StreamClientInterceptor(mwretry.WithMax(3))),
		}
	}}
	ourClient = caller{name: "our client", options: func() []grpc.DialOption { return interceptors.DialOptions() }}

	callers = []caller{noRetry, builtIn, generated, middleware, ourClient}
)

// resends is how many more RPCs the caller makes of one that fails with this code,
// though it was told not to.
func (c *caller) resends(code codes.Code) int {
	if slices.Contains(c.stubborn, code) {
		return c.sends - 1
	}
	return 0
}

// The failures of the matrix.
var (
	slowDown    = box(http.MethodPost, 429, "rate_limit_exceeded", "Retry-After", "2")
	slowDownGet = box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2")
	longHint    = box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "60")
	brokenRead  = box(http.MethodGet, 503, "unavailable")
	brokenWrite = box(http.MethodPost, 503, "unavailable")
	busy        = box(http.MethodPost, 409, "operation_blocked_temporary")
	nameInUse   = box(http.MethodPost, 409, "item_name_in_use")
	noSpace     = upstream(translate.Box, http.MethodPost, 507, "")
	noToken     = box(http.MethodGet, 401, "unauthorized")
)

// window is the longest backoff after so many attempts, as retry.New documents it.
func window(attempts int) time.Duration { return 500 * time.Millisecond << (attempts - 1) }

// checkSameFacts compares a received error with the one that the upstream's answer
// was translated to, but for what retrying adds to it.
func checkSameFacts(t *testing.T, got, want error) {
	t.Helper()
	if diff := cmp.Diff(stripped(want), stripped(got), protocmp.Transform()); diff != "" {
		t.Errorf("status without RetryInfo and attempts (-of the upstream +received):\n%s", diff)
	}
}

func stripped(err error) []proto.Message {
	st := status.Convert(err)
	all := []proto.Message{status.New(st.Code(), st.Message()).Proto()}
	for _, d := range st.Details() {
		switch m := d.(type) {
		case *errdetails.RetryInfo:
		case *errdetails.ErrorInfo:
			info := proto.CloneOf(m)
			for _, key := range []string{"attempts", "retryAfter", "outcome"} {
				delete(info.GetMetadata(), key)
			}
			all = append(all, info)
		case proto.Message:
			all = append(all, m)
		}
	}
	return all
}

// account is what the error says of all attempts together.
type account struct {
	attempts int
	outcome  string
}

func checkAccount(t *testing.T, err error, want account) {
	t.Helper()
	e, ok := translate.FromError(err)
	if !ok {
		t.Fatalf("FromError(%v) = false, want an error of the upstream", err)
	}
	if got := (account{e.Attempts(), e.Metadata()["outcome"]}); got != want {
		t.Errorf("attempts and outcome = %v, want %v", got, want)
	}
}
