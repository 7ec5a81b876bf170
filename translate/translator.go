// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"net/http"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A Translator turns the HTTP answers of one upstream into gRPC errors. It is
// immutable and safe for concurrent use.
type Translator struct {
	upstream       Upstream
	family         string // the domain before any option
	codes          map[string]*boxgrpcv1.Rule
	statuses       map[int32]*boxgrpcv1.Rule
	serviceOwned   bool
	box            bool // the answers are Box's
	rawBody        bool
	scrubber       scrubber
	maxHeaderBytes int

	reasons   map[string]string // by code, where that is in the catalogue
	alone     []match           // by status, what it says without a code
	contested [600]bool         // statuses under which the code matters, see settled
}

// New returns a translator for an upstream. It panics if the upstream or an
// option makes no sense, for example a value of a catalogue without a rule: that
// is a programmer's error, found at start-up. The message names the value.
func New(u Upstream, opts ...Option) *Translator {
	t := &Translator{
		upstream:       u,
		codes:          codeRules(u.Codes),
		statuses:       statusRules(u.Statuses),
		maxHeaderBytes: defaultMaxHeaderBytes,
	}
	if t.upstream.Domain == "" {
		t.upstream.Domain = domainOf(u.Codes, u.Statuses)
	}
	mustDomain(t.upstream.Domain)
	t.upstream.RequestIDHeader = http.CanonicalHeaderKey(u.RequestIDHeader)
	t.family = t.upstream.Domain
	return t.With(opts...)
}

// With returns a translator with further options; t stays as it is.
func (t *Translator) With(opts ...Option) *Translator {
	c := t.clone()
	for _, o := range opts {
		o.apply(c)
	}
	c.contest()
	c.reasons = reasonsOf(c.codes)
	return c
}

// CheckResponse returns nil if resp is a success, and then leaves the body to be
// read from its first byte. Otherwise it reads at most 64 KiB of the body, drains
// and closes it, and returns the [Error]. Whatever is wrong with the body, the
// status still counts. A nil resp gives an error of code UNKNOWN.
func (t *Translator) CheckResponse(resp *http.Response) error {
	if resp == nil {
		return t.Translate(Answer{})
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header}
	if resp.Request != nil {
		a.Method, a.RequestHeader = t.requestMethod(resp.Request), resp.Request.Header
	}
	if t.succeeded(&a) {
		return t.checkSuccess(&a, resp)
	}
	r := newReading()
	defer r.release()
	r.drain(resp.Body)
	if a.Body = r.Bytes(); !t.box {
		a.Body = bytes.Clone(a.Body) // a decoder may keep it, forbidden or not; Box's is copied anyway
	}
	return t.Translate(a)
}

func (t *Translator) checkSuccess(a *Answer, resp *http.Response) error {
	if !t.upstream.ReadSuccess {
		return nil
	}
	a.Body = peek(resp)
	err := t.Translate(*a)
	if err != nil {
		r := newReading()
		defer r.release()
		r.drain(resp.Body)
	}
	return err
}

// Inspect is CheckResponse for transports that hand the answer on: the body can be
// read from its first byte afterwards, whatever it returns.
func (t *Translator) Inspect(resp *http.Response) error {
	a := Answer{Status: resp.StatusCode, Header: resp.Header}
	if resp.Request != nil {
		a.Method, a.RequestHeader = t.requestMethod(resp.Request), resp.Request.Header
	}
	if t.upstream.ReadSuccess || !t.succeeded(&a) {
		a.Body = peek(resp)
	}
	return t.Translate(a)
}

// Translate returns nil if the answer is a success, else the [Error]. It accepts
// any answer, keeps neither its header nor its body, and looks at no more than 64 KiB of
// the body. A Box error holds a copy of that text as long as it lives.
func (t *Translator) Translate(a Answer) error {
	if !t.upstream.ReadSuccess && t.succeeded(&a) {
		return nil
	}
	if t.box {
		return t.boxError(&a)
	}
	doc := t.decode(&a)
	var v verdict
	if !t.classify(&a, &doc, &v) {
		return nil
	}
	e := &answerError{Error: Error{verdict: v}, headerID: first(a.Header, t.upstream.RequestIDHeader), doc: doc}
	e.init(t, a.Status, e)
	return &e.Error
}

// RequestID returns the upstream's id of a request by the header of its answer, a
// success included, or "". Give it to the upstream's support.
func (t *Translator) RequestID(h http.Header) string {
	return usableID(first(h, t.upstream.RequestIDHeader))
}

// succeeded tells by status and headers alone whether the answer is a success,
// whose body is not ours to read.
func (t *Translator) succeeded(a *Answer) bool {
	if a.Status >= http.StatusBadRequest {
		return false
	}
	return !t.classify(a, &Document{}, new(verdict))
}

// decode runs the upstream's decoder on plain text, which takes the place of the
// body.
func (t *Translator) decode(a *Answer) Document {
	if t.upstream.Decode == nil {
		return Document{}
	}
	a.Body = plainText(a.Header, a.Body[:min(len(a.Body), maxBody)])
	return t.upstream.Decode(*a)
}

// requestMethod is the method by which the request has to be judged. Where
// redirects were followed that is the first method which is not idempotent: a
// POST that became a GET through 303 would be a POST again.
func (t *Translator) requestMethod(req *http.Request) string {
	method := clientMethod(req)
	for range maxRedirects {
		if !t.idempotent(method) || req.Response == nil || req.Response.Request == nil {
			break
		}
		req = req.Response.Request
		method = clientMethod(req)
	}
	return method
}

// clientMethod is the method of a client's request: an empty one means GET
// (net/http.Request.Method).
func clientMethod(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// maxRedirects bounds the walk back through the redirects of a request.
const maxRedirects = 32
