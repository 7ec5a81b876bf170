// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"google.golang.org/grpc/status"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// TransportError is what CheckResponse is where there is no answer to check. It turns
// the error of an [http.Client] or [http.RoundTripper], or of
// reading or decoding the body of a success, into an [Error] of domain "boxgrpc":
// what happened, and whether the upstream can have acted. Addresses and texts of err
// stay in the service; [Error.Unwrap] has them. A req of nil counts as not
// idempotent. Where err holds a gRPC status already, such as that of a caller's
// stream that feeds an upload, that status is returned without what net/http wraps
// around it, and nil gives nil.
func (t *Translator) TransportError(req *http.Request, err error) error {
	if err == nil {
		return nil
	}
	if st, ok := errors.AsType[statusError](err); ok {
		return st
	}
	f := failureOf(req, err)
	method := ""
	if req != nil {
		method = t.requestMethod(req)
	}
	class := failures[int32(f)].GetRetry()
	e := newFailure(f, failureOutcome(f, class, method), err)
	e.translator = t
	e.allowed = t.allowed(class, method)
	e.built().setRetry(&e.verdict)
	return e
}

// statusError is an error that is a gRPC status, an [Error] among them.
type statusError interface {
	error
	GRPCStatus() *status.Status
}

// failureOf tells what happened. The caller's own context comes first: whatever
// broke after it ended broke because of it.
func failureOf(req *http.Request, err error) boxgrpcv1.Failure {
	if f := contextFailure(req, err); f != 0 {
		return f
	}
	op, _ := errors.AsType[*net.OpError](err)
	timeout, _ := errors.AsType[net.Error](err)
	switch {
	case is[*net.DNSError](err):
		return boxgrpcv1.Failure_FAILURE_NAME_NOT_RESOLVED
	case untrusted(err):
		return boxgrpcv1.Failure_FAILURE_CERTIFICATE_REJECTED
	case is[*json.SyntaxError](err), is[*json.UnmarshalTypeError](err):
		return boxgrpcv1.Failure_FAILURE_ANSWER_UNREADABLE
	case errors.Is(err, syscall.ECONNREFUSED), op != nil && op.Op == "dial":
		return boxgrpcv1.Failure_FAILURE_CONNECTION_REFUSED
	case timeout != nil && timeout.Timeout():
		return boxgrpcv1.Failure_FAILURE_UPSTREAM_TIMEOUT
	case notSent(err):
		return boxgrpcv1.Failure_FAILURE_REQUEST_NOT_SENT
	}
	return boxgrpcv1.Failure_FAILURE_CONNECTION_LOST
}

// notSent finds requests that net/http refuses to send. It has no types for them, only
// texts; one that changes is taken for a lost connection, as every unknown error is.
func notSent(err error) bool {
	if u, ok := errors.AsType[*url.Error](err); ok && u.Op == "parse" {
		return true
	}
	text := err.Error()
	return slices.ContainsFunc(refusals, func(r string) bool { return strings.Contains(text, r) })
}

var refusals = []string{
	"net/http: invalid header field", "net/http: invalid method", "net/http: nil Context",
	"unsupported protocol scheme", "no Host in request URL",
}

// contextFailure returns zero where the caller's context is not the reason. A
// timeout of the http.Client also looks like a deadline, but the context of the
// request is alive then.
func contextFailure(req *http.Request, err error) boxgrpcv1.Failure {
	ctxErr := err
	if req != nil {
		ctxErr = req.Context().Err()
	}
	switch {
	case errors.Is(err, context.Canceled) && !errors.Is(ctxErr, context.DeadlineExceeded):
		return boxgrpcv1.Failure_FAILURE_CANCELLED
	case errors.Is(ctxErr, context.Canceled):
		return boxgrpcv1.Failure_FAILURE_CANCELLED
	case errors.Is(ctxErr, context.DeadlineExceeded):
		return boxgrpcv1.Failure_FAILURE_DEADLINE_EXCEEDED
	}
	return boxgrpcv1.Failure_FAILURE_UNSPECIFIED
}

// untrusted finds TLS that can never work by waiting.
func untrusted(err error) bool {
	return is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) ||
		is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err) ||
		errors.Is(err, http.ErrSchemeMismatch)
}

// is tells whether there is an error of this type in err.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// failureOutcome: what was not sent was not applied, and what was answered by a
// success was.
func failureOutcome(f boxgrpcv1.Failure, class boxgrpcv1.Retry, method string) boxgrpcv1.Outcome {
	switch {
	case f == boxgrpcv1.Failure_FAILURE_CERTIFICATE_REJECTED, f == boxgrpcv1.Failure_FAILURE_REQUEST_NOT_SENT:
		return boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED
	case f == boxgrpcv1.Failure_FAILURE_ANSWER_UNREADABLE && !safe(method):
		return boxgrpcv1.Outcome_OUTCOME_APPLIED
	}
	return outcome(class, method, 0)
}

// failureMessages are for the caller: no address, no name.
var failureMessages = map[boxgrpcv1.Failure]string{
	boxgrpcv1.Failure_FAILURE_UPSTREAM_CREDENTIALS: "the service could not authenticate itself to the upstream",
	boxgrpcv1.Failure_FAILURE_CANCELLED:            "the call was cancelled while the upstream was being asked",
	boxgrpcv1.Failure_FAILURE_DEADLINE_EXCEEDED:    "the deadline passed while the upstream was being asked",
	boxgrpcv1.Failure_FAILURE_NAME_NOT_RESOLVED:    "the upstream's name could not be resolved",
	boxgrpcv1.Failure_FAILURE_CONNECTION_REFUSED:   "no connection to the upstream came about",
	boxgrpcv1.Failure_FAILURE_CONNECTION_LOST:      "the connection to the upstream broke before its answer was whole",
	boxgrpcv1.Failure_FAILURE_UPSTREAM_TIMEOUT:     "the upstream took longer than the service waits",
	boxgrpcv1.Failure_FAILURE_CERTIFICATE_REJECTED: "the service does not trust the upstream's TLS certificate",
	boxgrpcv1.Failure_FAILURE_REQUEST_NOT_SENT:     "the service made a request that cannot be sent to the upstream",
	boxgrpcv1.Failure_FAILURE_COOLDOWN:             "the upstream has asked for a pause, and the request's turn comes too late",
	boxgrpcv1.Failure_FAILURE_ANSWER_UNREADABLE:    "the upstream reported success with an answer that cannot be read",
}

// newFailure is an error that no upstream sent, without RetryInfo so far.
func newFailure(f boxgrpcv1.Failure, o boxgrpcv1.Outcome, cause error) *Error {
	rule := failures[int32(f)]
	code := grpcCode(rule.GetGrpcCode())
	p := &parts{code: code, text: failureMessages[f], info: info{reason: strings.TrimPrefix(f.String(), "FAILURE_"), domain: ownDomain}}
	if o != boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED {
		p.setMetadata(keyOutcome, outcomeName(o))
	}
	e := &Error{verdict: verdict{code: code, class: rule.GetRetry(), outcome: o}, cause: cause}
	e.parts.Store(p)
	return e
}

// ownDomain is the ErrorInfo domain of errors that no upstream sent.
var ownDomain = domainOf(boxgrpcv1.Failure(0).Descriptor())
