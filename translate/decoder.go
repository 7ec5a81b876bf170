// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// An Upstream says all that [New] needs to know about an HTTP API. Everything is
// optional but the domain, which may come from the catalogues.
type Upstream struct {
	// Domain is the ErrorInfo domain: printable ASCII without spaces, at most 128
	// bytes. Default: the (boxgrpc.v1.domain) option of Codes, else of Statuses.
	Domain string

	// Codes is the catalogue of the upstream's error codes: an enum whose values
	// carry the (boxgrpc.v1.rule) option.
	Codes protoreflect.EnumDescriptor

	// Statuses is the catalogue of the HTTP statuses that the upstream reads in its
	// own way: an enum as above in which a value's number is the status.
	Statuses protoreflect.EnumDescriptor

	// RequestIDHeader names the response header with the upstream's request id.
	RequestIDHeader string

	// IdempotentMethods are the methods whose requests may be repeated where the
	// upstream may have acted. Default: those of RFC 9110 section 9.2.2.
	IdempotentMethods []string

	// ReadSuccess says that a success can hide a failure in its body, so that
	// Decode has to see it too. Then CheckResponse waits for the first 64 KiB of a
	// success, or for its end, and puts them back; a failure that stands further
	// behind is not seen.
	ReadSuccess bool

	// Decode reads the answers of the upstream that are not a success. Without it
	// the status alone decides.
	Decode Decoder
}

// A Decoder reads what an upstream says in an answer. Body is at most 64 KiB,
// inflated, and UTF-8 as far as the answer tells its charset; it may be anything
// all the same: empty, cut off, not UTF-8, a page of some proxy. A Decoder does
// not fail; it returns what it found. It must be safe for concurrent use and must
// not keep or change the answer.
type Decoder func(Answer) Document

// An Answer is one HTTP answer of an upstream and what has to be known of the
// request.
type Answer struct {
	Method        string      // of the request; empty counts as not idempotent
	Status        int         // any integer
	Header        http.Header // of the answer, canonical keys
	RequestHeader http.Header // of the request; only preconditions are looked at
	Body          []byte
}

// A Document is what a [Decoder] found. Zero values mean "not said".
type Document struct {
	Code      string // the upstream's error code, exactly as sent
	Message   string // text for the caller
	RequestID string // the id in the body; the header's is known without it
	HelpURL   string

	// LookUp are the codes to look up instead of Code, the most specific first. The
	// first that has a rule decides.
	LookUp []string

	// Reason is made from this instead of Code.
	Reason string

	// InnerStatus is the HTTP status of a third system that the upstream asked. It
	// decides where no code does.
	InnerStatus int

	// Failed makes the answer a failure whatever its status: INTERNAL, never to be
	// repeated, where no code and no status says anything else.
	Failed bool

	// Retry is the upstream's own word on repeating, where no code decides.
	Retry boxgrpcv1.Retry

	// Outcome overrides what follows from method and status.
	Outcome boxgrpcv1.Outcome

	// Metadata goes into ErrorInfo: cause (lower_snake_case), messageId, ssb,
	// detailCode, innerStatus. Other keys are dropped.
	Metadata map[string]string

	Violations []*errdetails.BadRequest_FieldViolation
	Resource   *errdetails.ResourceInfo

	// Foreign means that the answer is not the upstream's but that of a proxy on
	// the way, which refused the service.
	Foreign bool

	// Detail is the upstream's document as a status detail, the last one.
	Detail proto.Message
}
