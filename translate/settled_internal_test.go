// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"fmt"
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A status that passes for settled although a code says otherwise would be repeated, or
// given up, against the catalogue.
func TestSettledStatusesAreJudgedAsIfTheyWereRead(t *testing.T) {
	t.Parallel()
	everywhere := Box.With(WithRule("own_everywhere", &boxgrpcv1.Rule{GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_ABORTED, Retry: boxgrpcv1.Retry_RETRY_NEVER}))
	one := Box.With( // of the same code as its status
		WithRule("own_429", &boxgrpcv1.Rule{HttpStatus: []int32{429}, GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_RESOURCE_EXHAUSTED, Retry: boxgrpcv1.Retry_RETRY_NEVER}),
	)
	for _, quick := range []*Translator{Box, everywhere, one} {
		thorough := quick.With()
		for status := range thorough.contested {
			thorough.contested[status] = true
		}
		for code := range quick.codes {
			for status := 99; status <= 600; status++ {
				compareVerdicts(t, quick, thorough, code, status)
			}
		}
	}
}

func compareVerdicts(t *testing.T, quick, thorough *Translator, code string, status int) {
	t.Helper()
	a := Answer{Method: http.MethodPost, Status: status, Body: fmt.Appendf(nil, `{"code":%q}`, code)}
	for _, wait := range []http.Header{nil, {"Retry-After": {"3"}}} {
		a.Header = wait
		got, want := verdictOf(quick.Translate(a)), verdictOf(thorough.Translate(a))
		if got != want {
			t.Errorf("%s under %d, %v: got %+v, want %+v", code, status, wait, got, want)
		}
	}
}

func verdictOf(err error) verdict {
	e, ok := err.(*Error) //nolint:errorlint // Translate wraps nothing
	if !ok {
		return verdict{code: codes.OK}
	}
	v := e.verdict
	v.rule = nil // is found when somebody looks
	return v
}

// The statuses by which most requests are repeated must be settled: what is repeated and
// never shown is not worth reading.
func TestStatusesThatAreSettled(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 500, 502, 503, 504, 507} {
		if !Box.settled(status) {
			t.Errorf("%d is not settled", status)
		}
	}
	for _, status := range []int{400, 403, 409, 412} {
		if Box.settled(status) {
			t.Errorf("%d is settled, although codes differ", status)
		}
	}
}
