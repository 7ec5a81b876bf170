// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// binaries is where what the tests build goes.
var binaries string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "boxgrpc")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaries = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// methods are the RPCs of the example that lead to a request of that HTTP method,
// and the request.
var methods = map[string]struct{ rpc, request string }{
	http.MethodGet:    {"GetFile", "GET /files/{id}"},
	http.MethodPost:   {"CreateFolder", "POST /folders"},
	http.MethodDelete: {"DeleteFolder", "DELETE /folders/{id}"},
}

// Every caller reads from the wire what the vectors say, as grpc-go does: code,
// reason, wait, request id and each detail with all its members.
func TestVectorsInOtherLanguages(t *testing.T) {
	t.Parallel()
	cases := callCases(t)
	seenByGo := make(map[string]*spb.Status)
	for i, c := range callers() {
		t.Run(c.name, func(t *testing.T) {
			if i > 0 {
				t.Parallel()
			}
			ask := c.start(t)
			for _, vc := range cases {
				t.Run(vc.Name, func(t *testing.T) {
					got := vc.run(t, ask)
					vc.check(t, got)
					if i == 0 {
						seenByGo[vc.Name], _ = got.status()
						return
					}
					vc.compare(t, got, seenByGo[vc.Name])
				})
			}
		})
	}
}

// A callCase is a vector that the example service can meet.
type callCase struct {
	vector
	language string
	fault    boxtest.Fault
	again    bool // the call is made a second time, and that is the one to look at
}

// callCases are the vectors that the example can meet: its requests are GET, POST and
// DELETE without conditions, it follows redirects, and a 2xx has to be what it asked
// for.
func callCases(t *testing.T) []callCase {
	t.Helper()
	var cases []callCase
	for i, v := range read[vector](t, "vectors/box.jsonl", true) {
		_, known := methods[v.Method]
		followed := v.Status/100 == 3 && v.Headers["Location"] != nil
		usable := v.Want.GRPCCode != "OK" || v.Method == http.MethodDelete || strings.HasPrefix(v.Body, "{")
		if !known || v.RequestHeaders != nil || v.Status < 200 || v.Status > 599 || followed || !usable {
			continue
		}
		cases = append(cases, callCase{vector: v, language: []string{"", "en", "ja"}[i%3], fault: v.fault()})
	}
	return cases
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

// run meets the vector: the service tries once, so that what it says is about this
// one answer.
func (c *callCase) run(t *testing.T, ask func(call) (sight, error)) sight {
	t.Helper()
	box := boxtest.NewServer()
	defer box.Close()
	method := methods[c.Method]
	box.Script(method.request, c.fault)
	target, stop := startService(t, box.URL, 1)
	defer stop()
	got, err := ask(call{Target: target, Method: method.rpc, ID: box.AddFolder("0", "old"), Language: c.language, Config: "{}", TimeoutMS: patience.Milliseconds()})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(matching(box, method.request)); n != 1 {
		t.Errorf("%d requests at the upstream, want 1", n)
	}
	return got
}

func matching(box *boxtest.Server, pattern string) []time.Time {
	method, path, _ := strings.Cut(pattern, " ")
	root, _, _ := strings.Cut(path, "{")
	var times []time.Time
	for _, r := range box.Requests() {
		if r.Method == method && strings.HasPrefix(r.Path, root) {
			times = append(times, r.Time)
		}
	}
	return times
}

// check: what the program has read is what is on the wire, and that is what the vector says.
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
	want, err := seenByGo(status.FromProto(st), nil)
	if err != nil {
		t.Fatal(err)
	}
	want.Pushback, want.Raw = got.Pushback, got.Raw // what is on the wire
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read otherwise than in Go (-Go +here):\n%s", diff)
	}
	c.wanted().check(t, got.err())
}

// wanted is what the vector says about the RPC instead of the request: the class
// does not travel, and where the upstream named no wait it is the service's.
func (c *callCase) wanted() *want {
	w := c.Want
	w.Retry.Class = nil
	if !c.hinted() {
		w.Retry.AfterMS = nil
	}
	return &w
}

func (c *callCase) hinted() bool { return header(c.Headers).Get("Retry-After") != "" }

// compare: all callers get the same, but for a wait that is drawn.
func (c *callCase) compare(t *testing.T, got sight, byGo *spb.Status) {
	t.Helper()
	st, err := got.status()
	if err != nil {
		t.Fatal(err)
	}
	var options []cmp.Option
	if !c.hinted() {
		options = append(options, protocmp.IgnoreFields(&errdetails.RetryInfo{}, "retry_delay"))
	}
	if diff := cmp.Diff(byGo, st, append(options, protocmp.Transform())...); diff != "" {
		t.Errorf("the status is not what grpc-go got (-Go +here):\n%s", diff)
	}
}
