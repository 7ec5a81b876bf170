// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A verdict is all that a retry decision needs to know of an answer.
type verdict struct {
	code    codes.Code
	class   boxgrpcv1.Retry
	outcome boxgrpcv1.Outcome
	allowed bool          // by class and method
	hinted  bool          // the upstream named a wait
	hint    time.Duration // what it named
	rule    *boxgrpcv1.Rule
}

// classify judges the upstream request. It returns false for a success. It fills v in its place:
// an error that is only repeated costs so little that copies of v would show (G5b of bench).
func (t *Translator) classify(a *Answer, doc *Document, v *verdict) (failed bool) {
	m := t.find(a.Status, doc)
	v.code, v.class, v.rule = grpcCode(m.decides.GetGrpcCode()), m.decides.GetRetry(), m.code
	v.hint, v.hinted = parseRetryAfter(a.Header, time.Time{})
	if w := m.decides.GetWithRetryAfter(); w != nil && v.hinted {
		v.widen(w)
	}
	if m.shared && a.Status == http.StatusPreconditionFailed {
		v.code = failedPrecondition(a)
	}
	if m.code != m.decides && doc.Retry != boxgrpcv1.Retry_RETRY_UNSPECIFIED {
		v.class = doc.Retry
	}
	if doc.Foreign || doc.Failed && v.code == codes.OK {
		v.code, v.class = codes.Internal, boxgrpcv1.Retry_RETRY_NEVER
	}
	v.outcome = outcome(v.class, a.Method, a.Status)
	if doc.Outcome != boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED {
		v.outcome = doc.Outcome
	}
	if v.outcome == boxgrpcv1.Outcome_OUTCOME_PARTIAL && !safe(a.Method) {
		v.class = boxgrpcv1.Retry_RETRY_NEVER // a repeat does the finished part again
	}
	v.allowed = t.allowed(v.class, a.Method)
	return v.code != codes.OK
}

// find looks up the codes, then the inner status, then the status.
func (t *Translator) find(status int, doc *Document) match {
	for _, code := range doc.LookUp {
		if m := t.lookup(code, status); m.code != nil {
			return m
		}
	}
	m := t.lookup(doc.Code, status)
	if m.code != m.decides && doc.InnerStatus >= http.StatusBadRequest && doc.InnerStatus <= 599 {
		return inner(httpRule(doc.InnerStatus))
	}
	return m
}

// inner is the rule of a status that a third system answered. Of what the upstream
// itself did before, it proves nothing, and Retry-After is not its word.
func inner(r *boxgrpcv1.Rule) match {
	class := r.GetRetry()
	if class == boxgrpcv1.Retry_RETRY_ALWAYS {
		class = boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT
	}
	return match{decides: &boxgrpcv1.Rule{GrpcCode: r.GetGrpcCode(), Retry: class}}
}

func (v *verdict) widen(w *boxgrpcv1.RetryAfterRule) {
	if c := w.GetGrpcCode(); c != boxgrpcv1.GrpcCode_GRPC_CODE_UNSPECIFIED {
		v.code = grpcCode(c)
	}
	if r := w.GetRetry(); r != boxgrpcv1.Retry_RETRY_UNSPECIFIED {
		v.class = r
	}
}

// failedPrecondition reads 412 by what the request asked for. A failed test of
// the caller's version is ABORTED (google/rpc/code.proto, litmus test b; AIP-154),
// a failed "only if it does not exist" is ALREADY_EXISTS (RFC 9110 section
// 13.1.2).
func failedPrecondition(a *Answer) codes.Code {
	h := a.RequestHeader
	switch {
	case h.Get("If-Match") != "" || h.Get("If-Unmodified-Since") != "":
		return codes.Aborted
	case h.Get("If-None-Match") == "*" && a.Method == http.MethodPut:
		return codes.AlreadyExists
	}
	return codes.FailedPrecondition
}

// allowed tells whether a request with this method may be sent again unchanged.
func (t *Translator) allowed(class boxgrpcv1.Retry, method string) bool {
	return class == boxgrpcv1.Retry_RETRY_ALWAYS ||
		class == boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT && t.idempotent(method)
}

func (t *Translator) idempotent(method string) bool {
	if t.upstream.IdempotentMethods == nil {
		return idempotent(method)
	}
	return slices.Contains(t.upstream.IdempotentMethods, method)
}

// idempotent follows RFC 9110 section 9.2.2. Unknown means no.
func idempotent(method string) bool {
	return method == http.MethodPut || method == http.MethodDelete || safe(method)
}

// safe follows RFC 9110 section 9.2.1.
func safe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// outcome tells whether a failed request changed anything: not if it only reads,
// if the upstream blames the request (4xx), or if it refused before it acted.
func outcome(class boxgrpcv1.Retry, method string, status int) boxgrpcv1.Outcome {
	if safe(method) || status >= 400 && status < 500 || class == boxgrpcv1.Retry_RETRY_ALWAYS {
		return boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED
	}
	return boxgrpcv1.Outcome_OUTCOME_UNKNOWN
}
