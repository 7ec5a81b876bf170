// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strings"
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
// Of several joined errors the strictest counts: one that is never repeated before
// one that only idempotent requests may repeat, and that before any other; of all
// their waits the longest.
func FromError(err error) (*Error, bool) {
	var f finder
	switch e := err.(type) { //nolint:errorlint // the usual cases, without a walk
	case *Error:
		if e != nil {
			return e, true
		}
	case statusError:
		f.status(e.GRPCStatus())
		return f.remote, f.remote != nil
	}
	f.walk(err)
	e := f.strictest.withWorst(f.worst)
	switch {
	case e == nil:
		return f.remote, f.remote != nil
	case e.class == boxgrpcv1.Retry_RETRY_NEVER:
		return e, true
	case f.foreign:
		return e.WithoutRetry(), true
	case f.longest > e.wait():
		v := e.verdict
		v.hint, v.hinted = f.longest, true
		return e.judged(v), true
	}
	return e, true
}

// A finder collects what a tree of errors holds.
type finder struct {
	strictest *Error        // made by a translator
	longest   time.Duration // of all their waits
	worst     boxgrpcv1.Outcome
	remote    *Error // read from the first status
	foreign   bool   // there is a status of somebody else
}

// walk goes down to errors that are a status and no deeper. What an Error wraps
// never speaks for it, and neither does an Error for a status that wraps it: that
// is the service's own word.
func (f *finder) walk(err error) {
	switch e := err.(type) { //nolint:errorlint // the walk itself unwraps, and sees all branches
	case *Error:
		if e != nil {
			f.found(e)
		}
	case statusError:
		f.status(e.GRPCStatus())
	case interface{ Unwrap() error }:
		f.walk(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			f.walk(child)
		}
	}
}

// status takes note of somebody else's status.
func (f *finder) status(st *status.Status) {
	if st.Code() == codes.OK {
		return
	}
	f.foreign = true
	if f.remote == nil {
		f.remote = fromStatus(st)
	}
}

func (f *finder) found(e *Error) {
	f.longest = max(f.longest, e.wait())
	if o := e.Outcome(); o != boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED {
		f.worst = max(f.worst, o)
	}
	if f.strictest == nil || e.strictness() > f.strictest.strictness() ||
		e.strictness() == f.strictest.strictness() && e.wait() > f.strictest.wait() {
		f.strictest = e
	}
}

// withWorst: where one of joined errors leaves open what was applied, all of them do,
// and what one has applied is a part of the whole.
func (e *Error) withWorst(o boxgrpcv1.Outcome) *Error {
	switch {
	case e == nil || e.Outcome() != boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED:
		return e
	case o == boxgrpcv1.Outcome_OUTCOME_APPLIED:
		o = boxgrpcv1.Outcome_OUTCOME_PARTIAL
	}
	return e.WithOutcome(o)
}

func (e *Error) strictness() int {
	switch {
	case e.class == boxgrpcv1.Retry_RETRY_NEVER:
		return 2
	case !e.allowed:
		return 1
	}
	return 0
}

// wait is how long a repeat has to wait if it comes to one.
func (e *Error) wait() time.Duration {
	switch {
	case e.class == boxgrpcv1.Retry_RETRY_NEVER:
		return 0
	case e.hinted:
		return e.hint
	}
	return defaultWait
}

// fromStatus reads an Error back, or returns nil where the status is not one of
// ours: ErrorInfo of our domain, or with the outcome that only we tell.
func fromStatus(st *status.Status) *Error {
	r := received{st.Proto()}
	var h heading
	h.read(r.GetDetails())
	if !h.found || !h.told && !h.own {
		return nil
	}
	e := &Error{source: r}
	e.st.Store(st)
	e.code, e.class, e.outcome = st.Code(), boxgrpcv1.Retry_RETRY_NEVER, h.outcome
	e.status, e.answered, e.attempts = h.httpStatus, h.answered, h.attempts
	if h.retryAfter != "" {
		d, err := time.ParseDuration(h.retryAfter)
		e.hint, e.hinted = max(d, 0), err == nil
	}
	if h.retry {
		e.allowed, e.class = true, boxgrpcv1.Retry_RETRY_ALWAYS
		e.hint, e.hinted = h.wait, true
	}
	return e
}

// readErrorCode reads the upstream's error code back: from where its document says it
// stands, else from the reason.
func (p *parts) readErrorCode(status int) string {
	reason := p.info.reason
	if reason == statusReason(status) {
		reason = ""
	}
	if id := p.info.metadata.get(keyMessageID); id != "" {
		return id
	}
	switch doc := p.unpacked().(type) {
	case *boxgrpcv1.BoxError:
		return boxCode(doc, p)
	case *boxgrpcv1.InformaticaError:
		return firstOf(doc.GetCode(), reason)
	case *boxgrpcv1.HitachiError:
		return doc.GetMessageId()
	}
	switch p.info.domain {
	case hitachiDomain:
		return ""
	case informaticaDomain:
		return reason
	}
	return strings.ToLower(reason)
}

var (
	hitachiDomain     = domainOf(boxgrpcv1.HitachiCode(0).Descriptor())
	informaticaDomain = domainOf(boxgrpcv1.InformaticaCode(0).Descriptor())
)
