// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/translate"
)

// What the upstream of the model can answer, and what each answer says by the
// documentation of Box: written down a second time, and not read from the catalogue,
// so that a wrong entry there does not make its own test right.

type modelClass int

const (
	classNever modelClass = iota
	classIdempotent
	classAlways
)

type modelEffect int

const (
	untouched modelEffect = iota // nothing was changed
	unsure                       // nobody knows
	changed
)

type modelKind struct {
	name   string
	status int    // 0: no answer
	box    string // error code
	broken error  // what came in place of an answer
	code   codes.Code
	class  modelClass
	effect modelEffect // on what a write writes
}

var (
	modelOK       = &modelKind{name: "200", status: 200, effect: changed}
	modelAccepted = &modelKind{name: "202", status: 202, effect: changed}
	modelNotReady = &modelKind{name: "202", status: 202, code: codes.Unavailable, class: classAlways}

	modelFailures = []*modelKind{
		{name: "429", status: 429, box: "rate_limit_exceeded", code: codes.ResourceExhausted, class: classAlways},
		{name: "503", status: 503, box: "unavailable", code: codes.Unavailable, class: classIdempotent, effect: unsure},
		{name: "500", status: 500, box: "internal_server_error", code: codes.Internal, class: classIdempotent, effect: unsure},
		{name: "502", status: 502, code: codes.Unavailable, class: classIdempotent, effect: unsure},
		{name: "504", status: 504, code: codes.Unavailable, class: classIdempotent, effect: unsure},
		{name: "409 blocked", status: 409, box: "operation_blocked_temporary", code: codes.Aborted, class: classAlways},
		{name: "409 in use", status: 409, box: "item_name_in_use", code: codes.AlreadyExists},
		{name: "507", status: 507, code: codes.ResourceExhausted, effect: unsure},
		{name: "401", status: 401, box: "unauthorized", code: codes.Unauthenticated},
		{name: "404", status: 404, box: "not_found", code: codes.NotFound},
		{name: "refused", broken: syscall.ECONNREFUSED, code: codes.Unavailable, class: classAlways},
		{name: "lost", broken: io.ErrUnexpectedEOF, code: codes.Unavailable, class: classIdempotent, effect: unsure},
		{name: "unreadable", broken: &json.SyntaxError{}, code: codes.Internal, effect: changed},
		modelNotReady,
	}
)

// modelHints are values of Retry-After. The longest wait of a server is 10 s.
var modelHints = []struct {
	text string
	wait time.Duration
}{
	{"0", 0}, {"0.3", 300 * time.Millisecond}, {"1", time.Second}, {"2.0005", 2001 * time.Millisecond},
	{"9", 9 * time.Second}, {"10", 10 * time.Second}, {"10.5", 10500 * time.Millisecond}, {"60", time.Minute},
}

// A modelReply is what becomes of one request.
type modelReply struct {
	kind    *modelKind
	hint    int  // index into modelHints, -1: none
	applied bool // of a write, where the answer leaves it open
	latency time.Duration
}

func (r modelReply) String() string {
	s := r.kind.name
	if r.hint >= 0 {
		s += " Retry-After " + modelHints[r.hint].text
	}
	if r.applied {
		s += " applied"
	}
	return fmt.Sprintf("%s in %v", s, r.latency)
}

// A modelFact is all that the rules may know of an error.
type modelFact struct {
	failed   bool
	upstream bool
	status   int // HTTP
	code     codes.Code
	class    modelClass
	allowed  bool // the request, by itself, may be sent again
	hinted   bool
	hint     time.Duration
	effect   modelEffect // of a write
	id       string      // the upstream's request id
	attempts int
}

// wait is how long a repeat has to wait, in a comparison with others.
func (f modelFact) wait() time.Duration {
	switch {
	case f.class == classNever:
		return 0
	case f.hinted:
		return f.hint
	}
	return time.Second
}

func (f modelFact) strictness() int {
	switch {
	case f.class == classNever:
		return 2
	case !f.allowed:
		return 1
	}
	return 0
}

// joinedFact: of several errors the strictest counts, with the longest wait, and
// what one of them may have changed is changed.
func joinedFact(a, b modelFact) modelFact {
	s := a
	if b.strictness() > a.strictness() || b.strictness() == a.strictness() && b.wait() > a.wait() {
		s = b
	}
	if longest := max(a.wait(), b.wait()); s.class != classNever && longest > s.wait() {
		s.hint, s.hinted = longest, true
	}
	s.effect = max(a.effect, b.effect)
	return s
}

func reads(method string) bool { return method == http.MethodGet }

func repeatableRequest(method string) bool { return method != http.MethodPost }

// answer turns a reply into what a handler sees of it.
func (r modelReply) answer(ctx context.Context, method string, n int) (modelFact, error) {
	k := r.kind
	if k.effect == changed && k.code == codes.OK {
		return modelFact{effect: effectOf(k.effect, method)}, nil
	}
	f := modelFact{
		failed: true, upstream: true, status: k.status, code: k.code, class: k.class, attempts: 1, effect: effectOf(k.effect, method),
		allowed: k.class == classAlways || k.class == classIdempotent && repeatableRequest(method),
	}
	if k.broken != nil {
		return f, translate.Box.TransportError(modelHTTP(ctx, method), k.broken)
	}
	f.id = fmt.Sprintf("u%d", n)
	h := http.Header{"Box-Request-Id": {f.id}}
	if r.hint >= 0 {
		h.Set("Retry-After", modelHints[r.hint].text)
		f.hint, f.hinted = modelHints[r.hint].wait, true
	}
	var body []byte
	if k.box != "" {
		body = fmt.Appendf(nil, `{"type":"error","status":%d,"code":%q,"message":"m","request_id":%q}`, k.status, k.box, f.id)
	}
	return f, translate.Box.Translate(translate.Answer{Method: method, Status: k.status, Header: h, Body: body})
}

// modelCut is what a handler sees of a request that was cut off with its context.
func modelCut(ctx context.Context, method string) (modelFact, error) {
	f := modelFact{failed: true, upstream: true, code: codes.Canceled, class: classNever, effect: effectOf(unsure, method), attempts: 1}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		f.code = codes.DeadlineExceeded
	}
	return f, translate.Box.TransportError(modelHTTP(ctx, method), ctx.Err())
}

func effectOf(e modelEffect, method string) modelEffect {
	if reads(method) {
		return untouched
	}
	return e
}

func modelHTTP(ctx context.Context, method string) *http.Request {
	return (&http.Request{Method: method, URL: &url.URL{}}).WithContext(ctx)
}
