// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

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

// A packer packs the details of an answer, one behind the other, into one buffer.
type packer struct {
	*parts

	rule *boxgrpcv1.Rule // of the error code; may be nil

	resourceType, resourceName string // of ResourceInfo; cleaned when it is packed
	violationsChanged          bool   // something of them was to be hidden

	scrub scrubber
	buf   []byte
}

func newPacker(t *Translator, own *ownParts) packer {
	if own == nil {
		own = new(ownParts)
	}
	return packer{parts: &own.parts, scrub: t.scrubber, buf: own.details[:0]}
}

// assemble packs all that callers will see of an answer, but for the cuts and the
// document.
func (p *packer) assemble(t *Translator, doc *Document, status int, headerID string, v *verdict) {
	p.code, p.rule, p.errorCode = v.code, v.rule, doc.Code
	p.info.reason = t.reason(firstOf(doc.Reason, doc.Code), status)
	p.info.domain = t.upstream.Domain
	p.info.metadata = metadata(p.room[:0]).add(keyHTTPStatus, decimal(status)).add(keyOutcome, outcomeName(v.outcome))
	p.text = p.scrub.text(kindText, doc.Message)
	if p.text == "" {
		p.text = defaultMessage(status, p.info.reason, doc.Foreign)
	}
	p.setRetry(v)
	p.setRequestID(doc.RequestID, headerID)
	p.setMetadataOf(doc)
	p.setViolations(doc)
	if s := p.rule.GetPrecondition(); s != "" {
		p.pack(kindPrecondition, appendInner(p.buf, s))
	}
	if s := p.rule.GetQuota(); s != "" {
		p.pack(kindQuota, appendInner(p.buf, s))
	}
	p.setResource()
	if p.help = cleanHelp(doc.HelpURL); p.help != "" {
		p.pack(kindHelp, appendInner(p.buf, "", p.help))
	}
}

// cleanHelp looks through an address, unless it is a page that nearly all errors of Box name.
func cleanHelp(url string) string {
	if slices.Contains(helpPages, url) {
		return url
	}
	return scrubText(url)
}

var helpPages = []string{
	"http://developers.box.com/docs/#errors",
	"https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/",
}

// pack takes the buffer with one detail more.
func (p *packer) pack(k kind, buf []byte) {
	p.packed[k] = buf[len(p.buf):len(buf):len(buf)]
	p.buf = buf
}

// setRetry keeps the invariant: RetryInfo exactly if a repeat is allowed.
func (p *parts) setRetry(v *verdict) {
	p.retry, p.wait = v.allowed, defaultWait
	switch {
	case v.hinted && v.allowed:
		p.wait = v.hint
	case v.hinted:
		p.setMetadata(keyRetryAfter, waitText(v.hint))
	}
}

// waitText is a wait in the JSON form of google.protobuf.Duration.
func waitText(d time.Duration) string {
	s := fmt.Sprintf("%.3f", d.Seconds())
	return strings.TrimSuffix(s, ".000") + "s"
}

// requestID prefers the id in the body.
func requestID(body, header string) string {
	if id := firstOf(usableID(body)); id != "" {
		return id
	}
	return firstOf(usableID(header))
}

// setRequestID keeps the header's id where it is another one.
func (p *packer) setRequestID(body, header string) {
	p.requestID = requestID(body, header)
	if p.requestID != "" {
		p.pack(kindRequest, appendTexts(p.buf, p.requestID))
	}
	if header := usableID(header); header != p.requestID {
		p.info.metadata = p.info.metadata.add(keyHeaderRequestID, header)
	}
}

// usableID drops what is too long, or not printable ASCII, to be an id.
func usableID(s string) string {
	if len(s) > maxID {
		return ""
	}
	if _, plain := suspicious(s); plain {
		return s
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ""
		}
	}
	return scrubText(s)
}

func (p *packer) setMetadataOf(doc *Document) {
	if len(doc.Metadata) == 0 {
		return
	}
	for _, key := range []string{keyCause, keyMessageID, keySSB, keyDetailCode, keyInnerStatus} {
		if value := usableID(doc.Metadata[key]); len(value) <= maxMetadata {
			p.info.metadata = p.info.metadata.add(key, value)
		}
	}
}

func (p *packer) setViolations(doc *Document) {
	list := doc.Violations
	if len(list) == 0 && p.rule.GetField() != "" {
		list = []*errdetails.BadRequest_FieldViolation{{Field: p.rule.GetField()}}
	}
	if len(list) == 0 {
		return
	}
	buf := p.buf
	for _, v := range list {
		field, description := scrubText(v.GetField()), p.scrub.text(kindText, v.GetDescription())
		p.violationsChanged = p.violationsChanged || field != v.GetField() || description != v.GetDescription()
		buf = appendInner(buf, field, description, strings.ToValidUTF8(v.GetReason(), "\uFFFD"))
	}
	p.pack(kindBadRequest, buf)
}

func (p *packer) setResource() {
	kind, name := scrubText(p.resourceType), p.scrub.text(kindID, p.resourceName)
	if p.resourceType, p.resourceName = "", ""; len(kind) > maxID || len(name) > maxID {
		return
	}
	kind = firstOf(kind, p.rule.GetResource())
	if kind != "" || name != "" {
		p.pack(kindResource, appendTexts(p.buf, kind, name))
	}
	p.resourceType, p.resourceName = kind, name
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

// outcomeNames are the names of outcomes without their prefix, as metadata has them.
var outcomeNames = func() []string {
	names := make([]string, len(boxgrpcv1.Outcome_name))
	for o := range names {
		names[o] = strings.TrimPrefix(boxgrpcv1.Outcome(o).String(), "OUTCOME_")
	}
	return names
}()

func outcomeName(o boxgrpcv1.Outcome) string {
	if o < 0 || int(o) >= len(outcomeNames) {
		return o.String()
	}
	return outcomeNames[o]
}

func outcomeNamed(name string) boxgrpcv1.Outcome {
	return boxgrpcv1.Outcome(max(slices.Index(outcomeNames, name), 0))
}
