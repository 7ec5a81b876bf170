// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// Keys of ErrorInfo.metadata: a closed list.
const (
	keyHTTPStatus      = "httpStatus"
	keyOutcome         = "outcome"
	keyAttempts        = "attempts"
	keyCause           = "cause"
	keyHeaderRequestID = "headerRequestId"
	keyRetryAfter      = "retryAfter"
	keyTruncated       = "truncated"
	keyMessageID       = "messageId"
	keySSB             = "ssb"
	keyDetailCode      = "detailCode"
	keyInnerStatus     = "innerStatus"
)

// defaultWait is what callers are told where a repeat is allowed and the upstream
// names no wait.
const defaultWait = time.Second

// maxMetadata bounds what a decoder can put into the metadata.
const maxMetadata = 64

// maxID bounds request ids and names of resources. What is longer is no id.
const maxID = 256

// A source is what is needed of an answer beside its document.
type source struct {
	status   int
	headerID string
	body     []byte // only where it is asked for
}

// assemble builds all that callers will see of an answer, but for the cuts.
func assemble(t *Translator, src source, doc Document, v verdict) *parts {
	p := &parts{code: v.code, document: doc.Detail}
	reason := toReason(scrubText(firstOf(doc.Reason, doc.Code)))
	if reason == "" {
		reason = statusReason(src.status)
	}
	p.info = &errdetails.ErrorInfo{Reason: reason, Domain: t.upstream.Domain, Metadata: map[string]string{
		keyHTTPStatus: decimal(src.status),
		keyOutcome:    outcomeName(v.outcome),
	}}
	p.message = t.scrubber.text(kindText, doc.Message)
	if p.message == "" {
		p.message = defaultMessage(src.status, reason, doc.Foreign)
	}
	p.setRetry(v)
	p.setRequestID(doc.RequestID, src.headerID)
	for _, key := range []string{keyCause, keyMessageID, keySSB, keyDetailCode, keyInnerStatus} {
		if value := usableID(doc.Metadata[key]); value != "" && len(value) <= maxMetadata {
			p.info.Metadata[key] = value
		}
	}
	if u := scrubText(doc.HelpURL); u != "" {
		p.help = &errdetails.Help{Links: []*errdetails.Help_Link{{Url: u}}}
	}
	p.setViolations(doc, v.rule, t.scrubber)
	p.setResource(doc.Resource, v.rule.GetResource(), t.scrubber)
	if s := v.rule.GetPrecondition(); s != "" {
		p.precondition = &errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{{Type: s}}}
	}
	if s := v.rule.GetQuota(); s != "" {
		p.quota = &errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{Subject: s}}}
	}
	if e, ok := doc.Detail.(*boxgrpcv1.BoxError); ok {
		p.document = finishBoxError(e, p, src.body, t.scrubber)
	} else if doc.Detail != nil {
		p.document = proto.Clone(doc.Detail)
		t.scrubber.message(p.document)
	}
	return p
}

// setRetry keeps the invariant: RetryInfo exactly if a repeat is allowed.
func (p *parts) setRetry(v verdict) {
	switch {
	case v.allowed && v.hinted:
		p.retry = &errdetails.RetryInfo{RetryDelay: durationpb.New(v.hint)}
	case v.allowed:
		p.retry = &errdetails.RetryInfo{RetryDelay: durationpb.New(defaultWait)}
	case v.hinted:
		p.info.Metadata[keyRetryAfter] = waitText(v.hint)
	}
}

// waitText is a wait in the JSON form of google.protobuf.Duration.
func waitText(d time.Duration) string {
	s := fmt.Sprintf("%.3f", d.Seconds())
	return strings.TrimSuffix(s, ".000") + "s"
}

// setRequestID prefers the id in the body and keeps the header's where it is
// another one.
func (p *parts) setRequestID(body, header string) {
	body = usableID(body)
	id := firstOf(body, header)
	if id != "" {
		p.request = &errdetails.RequestInfo{RequestId: id}
	}
	if header != "" && header != id {
		p.info.Metadata[keyHeaderRequestID] = header
	}
}

// usableID drops what is too long, or not printable ASCII, to be an id.
func usableID(s string) string {
	if len(s) > maxID {
		return ""
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ""
		}
	}
	return scrubText(s)
}

func (p *parts) setViolations(doc Document, rule *boxgrpcv1.Rule, s scrubber) {
	list := doc.Violations
	if len(list) == 0 && rule.GetField() != "" {
		list = []*errdetails.BadRequest_FieldViolation{{Field: rule.GetField()}}
	}
	if len(list) == 0 {
		return
	}
	p.badRequest = &errdetails.BadRequest{}
	for _, v := range list {
		p.badRequest.FieldViolations = append(p.badRequest.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: scrubText(v.GetField()), Description: s.text(kindText, v.GetDescription()), Reason: v.GetReason(),
		})
	}
}

func (p *parts) setResource(r *errdetails.ResourceInfo, fallback string, s scrubber) {
	kind, name := scrubText(r.GetResourceType()), s.text(kindID, r.GetResourceName())
	if len(kind) > maxID || len(name) > maxID {
		return
	}
	kind = firstOf(kind, fallback)
	if kind != "" || name != "" {
		p.resource = &errdetails.ResourceInfo{ResourceType: kind, ResourceName: name}
	}
}

// defaultMessage is our own text for an answer that has none.
func defaultMessage(status int, reason string, foreign bool) string {
	text := fmt.Sprintf("the upstream answered HTTP %d", status)
	switch {
	case foreign, status == http.StatusProxyAuthRequired:
		return fmt.Sprintf("a proxy in front of the upstream refused the service with HTTP %d", status)
	case status == http.StatusAccepted:
		return "the upstream accepted the request and is not ready yet (HTTP 202)"
	case reason != statusReason(status):
		return text + ": " + reason
	case http.StatusText(status) != "":
		return text + " " + http.StatusText(status)
	}
	return text
}

func outcomeName(o boxgrpcv1.Outcome) string {
	return strings.TrimPrefix(o.String(), "OUTCOME_")
}
