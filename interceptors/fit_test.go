// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/translate"
)

// grpcsOwn is what grpc-go adds to a Trailers-Only answer: ":status: 200" and
// "content-type: application/grpc", 32 more for each (RFC 9113 section 6.5.2).
const grpcsOwn = 7 + 3 + 32 + 12 + 16 + 32

// A peer that limits headers gets, for a larger status, a broken stream and not
// the status: the code is lost, and with it every decision of the caller. Here the
// peer takes not one byte more than boxgrpc promises.
func TestAnErrorFitsThroughALimitOnHeaders(t *testing.T) {
	t.Parallel()
	const huge = 20000
	id := strings.Repeat("i", 256) // the longest that is an id
	object := func(members string) string { return `{"request_id":"` + id + `",` + members + `}` }
	bodies := map[string]string{
		"a message of letters":    object(`"code":"rate_limit_exceeded","message":"` + strings.Repeat("m", huge) + `"`),
		"a message of %":          object(`"code":"rate_limit_exceeded","message":"` + strings.Repeat("%", huge) + `"`),
		"a message beyond ASCII":  object(`"code":"rate_limit_exceeded","message":"` + strings.Repeat("氷", huge) + `"`),
		"a message of bad UTF-8":  object(`"code":"rate_limit_exceeded","message":"` + strings.Repeat("\xff", huge) + `"`),
		"a code":                  object(`"code":"` + strings.Repeat("c", huge) + `"`),
		"a help_url":              object(`"code":"rate_limit_exceeded","help_url":"https://` + strings.Repeat("h", huge) + `"`),
		"context_info":            object(`"code":"rate_limit_exceeded","context_info":{"a":"` + strings.Repeat("a", huge) + `"}`),
		"members nobody knows":    object(`"code":"rate_limit_exceeded","other":["` + strings.Repeat("o", huge) + `"]`),
		"members with long names": object(`"code":"rate_limit_exceeded","` + strings.Repeat("n", huge) + `":1`),
		"field errors": object(`"code":"rate_limit_exceeded","context_info":{"errors":[` +
			strings.Repeat(`{"reason":"r","name":"n","message":"`+strings.Repeat("v", 500)+`"},`, 40) + `{}]}`),
		"a conflict": object(`"code":"rate_limit_exceeded","context_info":{"conflicts":[{"type":"` + strings.Repeat("t", huge) + `","id":"` + strings.Repeat("d", huge) + `"}]}`),
		"everything at once": object(`"code":"` + strings.Repeat("c", 500) + `","message":"` + strings.Repeat("é", huge/8) + `","help_url":"https://` + id +
			`","context_info":{"errors":[{"reason":"` + id + `","name":"` + id + `","message":"` + id + `"}],"conflicts":{"type":"` + id + `","id":"` + id + `"}},"x":"` + id + `"`),
	}
	limits := map[string]struct {
		options []translate.Option
		bytes   uint32
	}{
		"":          {nil, 4096},
		", 2048":    {[]translate.Option{translate.WithMaxHeaderBytes(2048)}, 2048},
		", 8000":    {[]translate.Option{translate.WithMaxHeaderBytes(8000)}, 8000},
		", and raw": {[]translate.Option{translate.WithRawBody()}, 4096},
	}
	for name, body := range bodies {
		for suffix, limit := range limits {
			t.Run(name+suffix, func(t *testing.T) {
				t.Parallel()
				err := upstream(translate.Box.With(limit.options...), http.MethodGet, 429, body, "Retry-After", "1900000", "Box-Request-Id", "h"+id[1:])
				conn := failing(err).dial(t, grpc.WithMaxHeaderListSize(limit.bytes+grpcsOwn))
				for _, method := range []string{readOnly, undeclared, listFolder} {
					checkSurvivors(t, call(t.Context(), conn, method), id, method != undeclared)
				}
			})
		}
	}
}

// checkSurvivors looks for what is never cut.
func checkSurvivors(t *testing.T, a answer, id string, repeatable bool) {
	t.Helper()
	const wait = 1900000 * time.Second
	e, ok := translate.FromError(a.err)
	if !ok || e.Code() != codes.ResourceExhausted {
		t.Fatalf("error = %v, want RESOURCE_EXHAUSTED with its details", a.err)
	}
	if e.Reason() == "" || e.RequestID() != id {
		t.Errorf("Reason = %q, RequestID = %q, want a reason and the id", e.Reason(), e.RequestID())
	}
	if !repeatable {
		checkTold(t, a, stop)
		if got := e.Metadata()["retryAfter"]; got != "1900000s" {
			t.Errorf("metadata retryAfter = %q, want 1900000s", got)
		}
		return
	}
	checkTold(t, a, waiting(wait))
}

// The same, one byte at a time across the limit: nearly too large is where counting
// goes wrong.
func TestAnErrorFitsThroughALimitOnHeadersToTheByte(t *testing.T) {
	t.Parallel()
	var err error // RPCs come one after the other
	s := &service{unary: func(context.Context) error { return err }}
	conn := s.dial(t, grpc.WithMaxHeaderListSize(4096+grpcsOwn))
	whole, cut := 0, 0
	for n := 1450; n < 1560; n++ { // the limit is near 1504
		err = upstream(translate.Box, http.MethodGet, 429, `{"code":"rate_limit_exceeded","request_id":"req1","message":"`+strings.Repeat("m", n)+`"}`, "Retry-After", "1900000")
		a := call(t.Context(), conn, readOnly)
		checkSurvivors(t, a, "req1", true)
		if factsOf(t, a.err).Metadata["truncated"] == "" {
			whole++
		} else {
			cut++
		}
	}
	if whole == 0 || cut == 0 {
		t.Errorf("%d errors came whole, %d cut, want some of both", whole, cut)
	}
}

// Without boxgrpc the headers of a handler and the status go in two frames, each
// with the whole limit for itself. Moved into the status's frame, headers that fit
// before must not push the status out.
func TestAnErrorFitsWithTheHeadersOfItsHandler(t *testing.T) {
	t.Parallel()
	err := upstream(translate.Box, http.MethodGet, 404, `{"code":"not_found","message":"`+strings.Repeat("m", 5000)+`"}`)
	for _, isolation := range [][]interceptors.Option{{interceptors.WithoutIsolation()}, nil} {
		s := failing(err, isolation...)
		s.unary = func(ctx context.Context) error {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-large", strings.Repeat("x", 5000)))
			return err
		}
		a := call(t.Context(), s.dial(t, grpc.WithMaxHeaderListSize(8192)), readOnly)
		if got := status.Code(a.err); got != codes.NotFound {
			t.Errorf("isolated: %v: code = %v, want NOT_FOUND", isolation == nil, got)
		}
	}
}

// The limit is for what does not fit. If small errors were cut too, callers would
// miss facts for nothing.
func TestAnErrorThatFitsIsWhole(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		message := strings.Repeat("m", n*200)
		a := ask(t, failing(upstream(translate.Box, http.MethodGet, 404, fmt.Sprintf(`{"code":"not_found","message":%q}`, message))), undeclared)
		e, ok := translate.FromError(a.err)
		if !ok || e.Metadata()["truncated"] != "" {
			t.Errorf("%d bytes of message: %v, want nothing cut", len(message), a.err)
		}
	}
}
