// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// An Error is a failed request to an upstream as callers see it. It is a gRPC
// status: return it from a handler, wrapped or not. [FromError] finds it again on
// both sides of the wire, with the same answers. It is immutable and safe for
// concurrent use. What it says is made when somebody first asks: one that is repeated
// and never shown costs next to nothing.
type Error struct {
	verdict
	status     int         // HTTP status
	answered   bool        // there is one
	attempts   int32       // where there were several, else maybe 0
	translator *Translator // whose options hold; nil for the defaults
	cause      error

	source source // nil where the parts are there from the beginning
	parts  atomic.Pointer[parts]
	st     atomic.Pointer[status.Status]
}

// A source is what an error is built from, by as many as ask at the same time: it changes
// nothing, and says the same each time. It builds in own, or where that is nil in memory
// that may be kept.
type source interface{ assemble(own *ownParts) *parts }

// A source that is identified says the request id of its parts without building them. Ledgers
// tell by it whether two errors are of one answer, and ask for nothing else.
type identified interface{ requestID() string }

// init makes e the error of an answer that has been classified: e has its verdict.
func (e *Error) init(t *Translator, status int, s source) {
	e.status, e.answered, e.translator, e.source = status, true, t, s
}

// built is what callers will see, kept for the next who asks.
func (e *Error) built() *parts {
	e = e.orMissing()
	if p := e.parts.Load(); p != nil {
		return p
	}
	e.parts.CompareAndSwap(nil, e.build(nil))
	return e.parts.Load()
}

// build makes what callers will see, cut to the limit.
func (e *Error) build(own *ownParts) *parts {
	p := e.source.assemble(own)
	if !p.received {
		p.fit(e.limit())
	}
	return p
}

// limit is how many bytes of header fields e may take.
func (e *Error) limit() int {
	e = e.orMissing()
	if e.translator == nil {
		return defaultMaxHeaderBytes
	}
	return e.translator.maxHeaderBytes
}

// GRPCStatus returns the status that callers get. It is never nil and never OK,
// not even for a nil *Error that became an error by mistake.
func (e *Error) GRPCStatus() *status.Status {
	e = e.orMissing()
	if st := e.st.Load(); st != nil {
		return st
	}
	s := scratches.Get().(*scratch)
	p := e.parts.Load()
	if p == nil {
		p = e.build(&s.own) // most errors are only sent: their parts need not outlive this
	}
	e.st.CompareAndSwap(nil, s.pack(p))
	s.clear()
	scratches.Put(s) // not deferred: what a panic leaves is not used again
	return e.st.Load()
}

// Error returns the status message.
func (e *Error) Error() string { return e.built().text }

// missing stands for a nil *Error that became an error by mistake, and for an empty one.
var missing = func() *Error {
	e := newFailure(boxgrpcv1.Failure_FAILURE_UNSPECIFIED, boxgrpcv1.Outcome_OUTCOME_UNKNOWN, nil)
	e.code, e.class = codes.Unknown, boxgrpcv1.Retry_RETRY_NEVER
	p := e.parts.Load()
	p.code, p.text = codes.Unknown, "a nil *translate.Error was returned as an error"
	return e
}()

func (e *Error) orMissing() *Error {
	if e == nil || e.source == nil && e.parts.Load() == nil {
		return missing
	}
	return e
}

// Unwrap returns what went wrong underneath, for the service's own logs; it never
// reaches a caller: of a lost connection the error of net/http, behind the server
// interceptors what the handler returned. Else it is nil.
func (e *Error) Unwrap() error { return e.orMissing().cause }

// Code returns the status code.
func (e *Error) Code() codes.Code { return e.orMissing().code }

// Reason returns ErrorInfo.reason, such as ITEM_NAME_IN_USE.
func (e *Error) Reason() string { return e.built().info.reason }

// Domain returns ErrorInfo.domain: whose vocabulary the reason belongs to.
func (e *Error) Domain() string { return e.built().info.domain }

// Metadata returns a copy of ErrorInfo.metadata.
func (e *Error) Metadata() map[string]string {
	m := make(map[string]string)
	for _, entry := range e.built().info.metadata {
		m[entry.key] = entry.value
	}
	return m
}

// HTTPStatus returns the upstream's HTTP status, and false where no answer came.
func (e *Error) HTTPStatus() (int, bool) { return e.orMissing().status, e.orMissing().answered }

// ErrorCode returns the upstream's error code as it was sent, or "". In the caller
// of a service with an upstream of its own ([New]) it is the reason in lower case.
func (e *Error) ErrorCode() string {
	p := e.built()
	if e.orMissing().answered && p.received && !p.coded {
		return p.readErrorCode(e.status)
	}
	return p.errorCode
}

// RequestID returns the upstream's id of the request, or "". Give it to the
// upstream's support.
func (e *Error) RequestID() string {
	e = e.orMissing()
	if s, ok := e.source.(identified); ok && e.parts.Load() == nil {
		return s.requestID()
	}
	return e.built().request()
}

// Outcome tells whether the failed request changed anything.
func (e *Error) Outcome() boxgrpcv1.Outcome { return e.orMissing().outcome }

// RetryClass tells which requests may be sent again after this error. On the
// caller's side it speaks of the RPC: ALWAYS with RetryInfo, NEVER without.
func (e *Error) RetryClass() boxgrpcv1.Retry { return e.orMissing().class }

// RetryDelay returns the wait of RetryInfo, and false if there is none: then the
// request must not be sent again.
func (e *Error) RetryDelay() (time.Duration, bool) {
	e = e.orMissing()
	if !e.allowed {
		return 0, false
	}
	if e.hinted {
		return e.hint, true
	}
	return defaultWait, true
}

// RetryAfter returns the wait that the upstream named, whether or not it may be
// obeyed, and false if it named none. On the caller's side the wait of RetryInfo
// stands for it.
func (e *Error) RetryAfter() (time.Duration, bool) { return e.orMissing().hint, e.orMissing().hinted }

// Body returns Box's error document: the same JSON value that Box sent, or its very
// bytes [WithRawBody]. It is nil where the body was no JSON object, and for other
// upstreams, whose document is the last detail of the status; where metadata says
// truncated, parts are missing.
func (e *Error) Body() []byte {
	p := e.built()
	if doc := p.boxError(); doc != nil && e.orMissing().answered {
		return boxJSON(doc, p)
	}
	return nil
}

// HeaderBytes is what the error costs on the wire, counted as [WithMaxHeaderBytes]
// says.
func (e *Error) HeaderBytes() int { return e.built().headerBytes() }

// WithoutRetry returns the error without RetryInfo: for a whole RPC that must not
// be sent again although this request might. A wait that the upstream named moves
// to the metadata.
func (e *Error) WithoutRetry() *Error {
	v := e.orMissing().verdict
	v.allowed, v.class = false, boxgrpcv1.Retry_RETRY_NEVER
	return e.judged(v)
}

// WithRetryDelay returns the error with RetryInfo of this wait: for an RPC that
// may be sent again then.
func (e *Error) WithRetryDelay(d time.Duration) *Error {
	v := e.orMissing().verdict
	v.allowed, v.class, v.hint, v.hinted = true, boxgrpcv1.Retry_RETRY_ALWAYS, max(d, 0), true
	return e.judged(v)
}

func (e *Error) judged(v verdict) *Error {
	p := e.built().clone()
	p.setMetadata(keyRetryAfter, "")
	p.setRetry(&v)
	return e.derive(p, v)
}

// derive returns an error like e with other parts, which are its own.
func (e *Error) derive(p *parts, v verdict) *Error {
	if p.received && p.headerBytes() > e.limit() { // a cut may take what the code is read from
		p.errorCode, p.coded = e.ErrorCode(), true
	}
	p.fit(e.limit())
	return e.like(p, v)
}

// like returns an error like e with these very parts.
func (e *Error) like(p *parts, v verdict) *Error {
	c := e.bare(e.orMissing().cause)
	c.verdict = v
	c.parts.Store(p)
	return c
}

// bare is a copy of e, without what it is built from and what was built.
func (e *Error) bare(cause error) *Error {
	e = e.orMissing()
	return &Error{verdict: e.verdict, status: e.status, answered: e.answered, attempts: e.attempts, translator: e.translator, cause: cause}
}

// WithCause returns the error with another cause for the service's own logs: what
// [Error.Unwrap] returns, and what never reaches a caller.
func (e *Error) WithCause(cause error) *Error {
	e = e.orMissing()
	c := e.bare(cause) // not derive, which cuts
	c.source = e.source
	c.parts.Store(e.parts.Load())
	c.st.Store(e.st.Load())
	return c
}

// ForCaller returns what may leave the service. That is e itself, unless the
// service's own credentials failed ([WithServiceCredentials]): then INTERNAL, reason
// UPSTREAM_CREDENTIALS, and the request id, and nothing else.
func (e *Error) ForCaller() *Error {
	if e == nil || e.translator == nil || !e.translator.serviceOwned || e.code != codes.Unauthenticated {
		return e
	}
	masked := newFailure(boxgrpcv1.Failure_FAILURE_UPSTREAM_CREDENTIALS, boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED, e)
	p := masked.built()
	p.requestID = e.RequestID()
	p.packed[kindRequest] = e.built().packed[kindRequest]
	return masked
}
