// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// FromError finds the [Error] in err, through wrapping and [errors.Join]: on the
// service's side the one that a translator made, on the caller's side the one that
// the status carries. It returns false where there is none: err is nil, or not of
// an upstream that boxgrpc translated.
//
// Of several joined errors the strictest counts: one that must not be repeated
// before one that may be, and a longer wait before a shorter one.
func FromError(err error) (*Error, bool) {
	var f finder
	f.walk(err)
	if f.strictest == nil {
		return f.remote, f.remote != nil
	}
	if f.foreign && f.strictest.allowed {
		return f.strictest.WithoutRetry(), true
	}
	return f.strictest, true
}

// A finder collects what a tree of errors holds.
type finder struct {
	strictest *Error // made by a translator
	remote    *Error // read from the first status
	foreign   bool   // there is a status of somebody else
}

// walk goes down to errors that are a status and no deeper: what an Error wraps
// never speaks for it.
func (f *finder) walk(err error) {
	switch e := err.(type) {
	case nil:
	case *Error:
		if e != nil && (f.strictest == nil || e.stricter(f.strictest)) {
			f.strictest = e
		}
	case interface{ GRPCStatus() *status.Status }:
		f.status(e.GRPCStatus())
	case interface{ Unwrap() error }:
		f.walk(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			f.walk(child)
		}
	}
}

func (f *finder) status(st *status.Status) {
	if st.Code() == codes.OK {
		return
	}
	f.foreign = true
	if f.remote == nil {
		f.remote = fromStatus(st)
	}
}

func (e *Error) stricter(than *Error) bool {
	mine, mayI := e.RetryDelay()
	theirs, mayThey := than.RetryDelay()
	if mayI != mayThey {
		return mayThey
	}
	return mine > theirs
}

// fromStatus reads an Error back, or returns nil where the status is not one of
// ours: ErrorInfo of our domain, or with the outcome that only we tell.
func fromStatus(st *status.Status) *Error {
	p := take(st.Proto())
	_, told := p.info.GetMetadata()[keyOutcome]
	if p.info == nil || !told && p.info.GetDomain() != ownDomain {
		return nil
	}
	e := &Error{parts: p, st: st, limit: defaultMaxHeaderBytes}
	e.code, e.class = p.code, boxgrpcv1.Retry_RETRY_NEVER
	e.readMetadata(p)
	if p.retry != nil {
		e.allowed, e.class = true, boxgrpcv1.Retry_RETRY_ALWAYS
		e.hint, e.hinted = max(p.retry.GetRetryDelay().AsDuration(), 0), true
	}
	return e
}

func (e *Error) readMetadata(p *parts) {
	md := p.info.GetMetadata()
	e.outcome = boxgrpcv1.Outcome(boxgrpcv1.Outcome_value["OUTCOME_"+md[keyOutcome]])
	e.status, e.answered = parseDecimal(md[keyHTTPStatus])
	if d, err := time.ParseDuration(md[keyRetryAfter]); err == nil {
		e.hint, e.hinted = max(d, 0), true
	}
	if e.answered {
		e.errorCode = errorCodeOf(p, e.status)
	}
}
