// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// methods are the RPCs of the example that lead to a request of that HTTP method,
// and the request.
var methods = map[string]struct{ rpc, request string }{
	http.MethodGet:    {"GetFile", "GET /files/{id}"},
	http.MethodPost:   {"CreateFolder", "POST /folders"},
	http.MethodDelete: {"DeleteFolder", "DELETE /folders/{id}"},
}

// A callCase is a vector as a caller meets it.
type callCase struct {
	vector
	language string // of the caller
	fault    boxtest.Fault
	again    bool   // what counts is what a second call meets
	teller   string // address of the service to ask instead of the example
}

// inReach tells that the example can meet the vector: its requests are GET, POST and
// DELETE without conditions, it follows redirects, and a 2xx has to be what it asked
// for.
func (v *vector) inReach() bool {
	_, known := methods[v.Method]
	followed := v.Status/100 == 3 && v.Headers["Location"] != nil
	usable := v.Want.GRPCCode != "OK" || v.Method == http.MethodDelete || strings.HasPrefix(v.Body, "{")
	return known && usable && !followed && v.RequestHeaders == nil && v.Status >= 200 && v.Status <= 599
}

// callCases are the vectors that the example can meet.
func callCases(t *testing.T) []callCase {
	t.Helper()
	var cases []callCase
	for i, v := range read[vector](t, "vectors/box.jsonl", true) {
		if v.inReach() {
			cases = append(cases, callCase{vector: v, language: []string{"", "en", "ja"}[i%3], fault: v.fault()})
		}
	}
	for _, v := range read[vector](t, "vectors/transport.jsonl", true) {
		if fault, known := breaks[v.Failure+" "+v.Method]; known {
			cases = append(cases, callCase{vector: v, language: "ja", fault: fault})
		}
	}
	return append(cases, closedGate)
}

// breaks are the failures of transport.jsonl that the upstream alone can cause. After a
// write whose answer is cut off the service looks, and finds what was made.
var breaks = map[string]boxtest.Fault{
	"reset_before_answer GET":    {Reset: true},
	"reset_before_answer POST":   {Reset: true},
	"reset_before_answer DELETE": {Reset: true},
	"cut_off_body GET":           {CutAfter: 4},
}

// closedGate: after a 429 the next call is answered by us, and without a request.
var closedGate = callCase{
	vector: vector{Name: "gate is closed", Method: http.MethodGet, Want: want{
		GRPCCode: "RESOURCE_EXHAUSTED", Reason: new("COOLDOWN"), Domain: new("boxgrpc"), Outcome: new("NOT_APPLIED"),
		Retry: wantRetry{Allowed: true},
	}},
	fault: boxtest.Error(http.StatusTooManyRequests, "rate_limit_exceeded", "too fast").With("Retry-After", "60"),
	again: true,
}

// fault is the vector's answer and nothing besides: a nil value keeps boxtest and
// net/http from adding the field.
func (v *vector) fault() boxtest.Fault {
	h := header(v.Headers)
	for _, name := range []string{"Content-Type", "Box-Request-Id"} {
		if len(h[name]) == 0 {
			h[name] = nil
		}
	}
	return boxtest.Fault{Status: v.Status, Header: h, Body: string(v.answer().Body)}
}

// meet lets a caller meet the vector. The service tries once, so that what it says is
// about this one answer.
func (c *callCase) meet(t *testing.T, ask func(call) (sight, error)) sight {
	t.Helper()
	if c.teller != "" {
		w := &world{target: c.teller, rpc: "GetFile", id: c.Name}
		return w.ask(t, ask, "", "{}")
	}
	w := newWorld(t, 1, c.Method)
	defer w.stop()
	w.box.Script(w.request, c.fault)
	got := w.ask(t, ask, c.language, "{}")
	if c.again {
		got = w.ask(t, ask, c.language, "{}")
	}
	if n := len(w.times()); n != 1 {
		t.Errorf("%d requests at the upstream, want 1", n)
	}
	return got
}

// check: what the program has read is what its library got, and that is what the
// vector says.
func (c *callCase) check(t *testing.T, got sight) {
	t.Helper()
	if got.Code == "OK" {
		c.Want.check(t, nil)
		return
	}
	st, err := got.status()
	if err != nil {
		t.Fatal(err)
	}
	want, err := seenByGo(status.FromProto(st).Err(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want.Pushback, want.Raw = got.Pushback, got.Raw
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read otherwise than in Go (-Go +here):\n%s", diff)
	}
	c.wanted().check(t, status.FromProto(st).Err())
}

// wanted is what the vector says about the RPC instead of the request: the class
// does not travel.
func (c *callCase) wanted() *want {
	w := c.Want
	w.Retry.Class = nil
	if c.drawn() {
		w.Retry.AfterMS = nil
	}
	return &w
}

// drawn tells that no upstream named the wait: the service draws it, or it is what
// is left of an earlier one.
func (c *callCase) drawn() bool {
	return c.teller == "" && (c.again || header(c.Headers).Get("Retry-After") == "")
}

// compare: every caller gets the same status and is told to wait, not to, or nothing,
// in the same way; only a wait that is drawn may differ.
func (c *callCase) compare(t *testing.T, got, byGo sight) {
	t.Helper()
	st, err := got.status()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := byGo.status()
	if err != nil {
		t.Fatal(err)
	}
	options := cmp.Options{protocmp.Transform()}
	if c.drawn() {
		options = append(options, protocmp.IgnoreFields(&errdetails.RetryInfo{}, "retry_delay"))
	}
	if diff := cmp.Diff(ref, st, options); diff != "" {
		t.Errorf("the status is not what grpc-go got (-Go +here):\n%s", diff)
	}
	if got, want := signs(got.Pushback), signs(byGo.Pushback); got != want {
		t.Errorf("pushback = %s, grpc-go got %s", got, want)
	}
}

// signs of the pushback: its amount has jitter.
func signs(pushback []string) string {
	s := "none"
	for i, value := range pushback {
		if i > 0 {
			return "several"
		}
		s = "a wait"
		if strings.HasPrefix(value, "-") {
			s = value
		}
	}
	return s
}
