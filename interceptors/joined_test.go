// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A handler that asks the upstream several times at once joins what failed. The
// strictest counts: if this fails, callers come back too early, or repeat what must
// not be repeated.
func TestOfJoinedErrorsTheStrictestCounts(t *testing.T) {
	t.Parallel()
	var (
		soon     = box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "2")
		late     = box(http.MethodGet, 429, "rate_limit_exceeded", "Retry-After", "30")
		gone     = box(http.MethodGet, 404, "not_found")
		full     = upstream(translate.Box, http.MethodPost, 507, "")
		ambig    = box(http.MethodPost, 503, "unavailable")
		plain    = errors.New("plain")
		somebody = withRetryInfo(codes.Unavailable, "somebody else's")
	)
	single := safety(retry.SingleUpstreamCall)
	situations := []struct {
		name     string
		a, b     error
		options  []interceptors.Option
		wantCode codes.Code
		want     told
	}{
		{"two waits", soon, late, nil, codes.ResourceExhausted, waiting(30 * time.Second)},
		{"a wait and one nested deeper", soon, fmt.Errorf("w: %w", errors.Join(plain, late)), nil, codes.ResourceExhausted, waiting(30 * time.Second)},
		{"a wait and a permanent error", soon, gone, nil, codes.NotFound, nothing},
		{"a wait and a full store", late, full, nil, codes.ResourceExhausted, stop},
		{"a wait and a plain error", soon, plain, nil, codes.ResourceExhausted, waiting(2 * time.Second)},
		{"a wait and somebody else's status", soon, somebody, nil, codes.ResourceExhausted, stop},
		{"a permanent error and somebody else's status", gone, somebody, nil, codes.NotFound, nothing},
		{"a wait and an ambiguous write, single upstream call", soon, ambig, single, codes.Unavailable, stop},
	}
	for _, tt := range situations {
		for order, err := range map[string]error{"": errors.Join(tt.a, tt.b), ", turned round": errors.Join(tt.b, tt.a)} {
			t.Run(tt.name+order, func(t *testing.T) {
				t.Parallel()
				a := ask(t, failing(err, tt.options...), readOnly)
				if got := status.Code(a.err); got != tt.wantCode {
					t.Errorf("code = %v, want %v", got, tt.wantCode)
				}
				checkTold(t, a, tt.want)
			})
		}
	}
}

// On a method that is safe to repeat, what an ambiguous write says about the
// request is not what counts, but the longest wait and a permanent error still do.
// If this fails a read that met a 429 comes back before the time the upstream
// named (rule 4: never early), or repeats in vain.
func TestOfJoinedErrorsTheStrictestCountsForTheRPC(t *testing.T) {
	t.Parallel()
	ambig := box(http.MethodPost, 503, "unavailable") // a search by POST, say
	situations := []struct {
		name  string
		other error
		want  told
	}{
		{"with a longer wait", box(http.MethodPost, 429, "rate_limit_exceeded", "Retry-After", "30"), waiting(30 * time.Second)},
		{"with a permanent error", box(http.MethodGet, 404, "not_found"), nothing},
		{"with somebody else's status", withRetryInfo(codes.PermissionDenied, "no"), stop},
	}
	for _, tt := range situations {
		for order, err := range map[string]error{"": errors.Join(ambig, tt.other), ", turned round": errors.Join(tt.other, ambig)} {
			t.Run(tt.name+order, func(t *testing.T) {
				t.Parallel()
				checkTold(t, ask(t, failing(err), readOnly), tt.want)
			})
		}
	}
}

// withRetryInfo is a status that no upstream sent, with RetryInfo between other
// details.
func withRetryInfo(code codes.Code, message string) error {
	st, err := status.New(code, message).WithDetails(
		&errdetails.ErrorInfo{Reason: "THEIRS", Domain: "example.com"},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)},
		&errdetails.RequestInfo{RequestId: "theirs"})
	if err != nil {
		panic(err)
	}
	return st.Err()
}
