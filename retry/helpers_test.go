// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// box is an answer of Box as an error. retryAfter may be empty.
func box(method string, status int, code, retryAfter string) *translate.Error {
	h := make(http.Header)
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	body := fmt.Sprintf(`{"type":"error","status":%d,"code":%q}`, status, code)
	e, _ := errors.AsType[*translate.Error](translate.Box.Translate(translate.Answer{
		Method: method, Status: status, Header: h, Body: []byte(body),
	}))
	return e
}

// transport is the error of a request that got no answer.
func transport(method string, err error) *translate.Error {
	ctx := context.Background()
	if errors.Is(err, context.DeadlineExceeded) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 0)
		defer cancel()
	}
	req, reqErr := http.NewRequestWithContext(ctx, method, "https://api.box.com", nil)
	if reqErr != nil {
		panic(reqErr)
	}
	e, _ := errors.AsType[*translate.Error](translate.Box.TransportError(req, err))
	return e
}

// The failures that most tests are about.
func throttled(hint string) *translate.Error { return box("POST", 429, "rate_limit_exceeded", hint) }
func busyRead() *translate.Error             { return box("GET", 503, "unavailable", "") }
func busyWrite() *translate.Error            { return box("POST", 503, "unavailable", "") }
func blocked() *translate.Error              { return box("POST", 409, "operation_blocked_temporary", "") }
func nameInUse() *translate.Error            { return box("POST", 409, "item_name_in_use", "") }
func notFound() *translate.Error             { return box("GET", 404, "not_found", "") }
func refused() *translate.Error {
	return transport("POST", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})
}
func unreadable() *translate.Error        { return transport("POST", new(json.SyntaxError)) }
func lost(method string) *translate.Error { return transport(method, syscall.ECONNRESET) }

// wire is the error as its caller receives it.
func wire(e *translate.Error) error { return status.FromProto(e.GRPCStatus().Proto()).Err() }

// stranger is a status that a service without boxgrpc returned, with RetryInfo.
func stranger(c codes.Code, hint time.Duration) error {
	st, err := status.New(c, "no").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(hint)})
	if err != nil {
		panic(err)
	}
	return st.Err()
}

// read and write are operations of the tests.
var (
	read   = retry.Operation{Name: "read", Safety: retry.ReadOnly}
	put    = retry.Operation{Name: "put", Safety: retry.Idempotent}
	create = retry.Operation{Name: "create", Safety: retry.SingleUpstreamCall}
)

// A journal collects what observers are told.
type journal struct {
	mu     sync.Mutex
	events []retry.Event
}

func (j *journal) observe(_ context.Context, e retry.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

// reasons are those of all events so far.
func (j *journal) reasons() []retry.Reason {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []retry.Reason
	for _, e := range j.events {
		all = append(all, e.Reason)
	}
	return all
}

// ungated is a controller without a gate, so that each test sees one thing only.
func ungated(opts ...retry.Option) *retry.Controller {
	return retry.New(append([]retry.Option{retry.WithGate(nil)}, opts...)...)
}

// A script is an operation that fails with one error after the other, then succeeds.
// The value of a call is its number.
type script struct {
	errs  []error
	at    []time.Duration // of the calls, since the first one
	start time.Time
}

func (s *script) run(context.Context) (int, error) {
	if s.start.IsZero() {
		s.start = time.Now()
	}
	s.at = append(s.at, time.Since(s.start))
	if n := len(s.at); n <= len(s.errs) {
		return n, s.errs[n-1]
	}
	return len(s.at), nil
}

// always fails with the same error.
func always(err error) *script {
	errs := make([]error, 1000)
	for i := range errs {
		errs[i] = err
	}
	return &script{errs: errs}
}

// checkCalls fails the test unless there were so many calls.
func (s *script) checkCalls(t *testing.T, want int) {
	t.Helper()
	if len(s.at) != want {
		t.Errorf("%d calls at %v, want %d", len(s.at), s.at, want)
	}
}

const (
	outcomePartial = boxgrpcv1.Outcome_OUTCOME_PARTIAL
	outcomeUnknown = boxgrpcv1.Outcome_OUTCOME_UNKNOWN
)

// very tells whether both are the same error, and not only one behind the other.
func very(got, want error) bool { return any(got) == any(want) }

// metadata is a value of ErrorInfo.
func metadata(err error, key string) string {
	e, _ := translate.FromError(err)
	return e.Metadata()[key]
}
