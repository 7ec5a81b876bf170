// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// This file is the inverse of box_pack.go: it puts Box's document together again from what
// stands in the detail and elsewhere in the status.

// ordinary is the commonest document, which is not sent: readers take it for granted in
// Box's domain. It saves a tenth of a status.
var ordinary = &boxgrpcv1.BoxError{
	Shape: boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR,
	Told:  []boxgrpcv1.BoxError_Member{memberType, memberStatus, memberCode, memberMessage, memberHelpURL, memberRequestID},
}

// elsewhere is the value that a member may have elsewhere in the status.
func (p *parts) elsewhere(m boxgrpcv1.BoxError_Member) (string, bool) {
	switch m {
	case memberType:
		return "error", true
	case memberStatus:
		return p.info.metadata.get(keyHTTPStatus), true
	case memberCode, memberError, memberChallenge:
		return strings.ToLower(p.info.reason), true
	case memberMessage, memberErrorDescription:
		return p.text, true
	case memberHelpURL:
		url := p.link()
		return url, url != ""
	case memberRequestID:
		return p.request(), p.has(kindRequest)
	}
	return "", false
}

var boxDomain = domainOf(boxgrpcv1.BoxCode(0).Descriptor())

// boxError returns the Box document that the parts tell, or nil.
func (p *parts) boxError() *boxgrpcv1.BoxError {
	if p.has(kindDocument) {
		e, _ := p.unpacked().(*boxgrpcv1.BoxError)
		return e
	}
	if p.info.domain == boxDomain && p.info.metadata.get(keyTruncated) == "" {
		return ordinary
	}
	return nil
}

// boxField is the field of a member that is a text.
func boxField(e *boxgrpcv1.BoxError, m boxgrpcv1.BoxError_Member) **string {
	switch m {
	case memberType:
		return &e.Type
	case memberCode:
		return &e.Code
	case memberMessage:
		return &e.Message
	case memberHelpURL:
		return &e.HelpUrl
	case memberRequestID:
		return &e.RequestId
	case memberError:
		return &e.Error
	case memberErrorDescription:
		return &e.ErrorDescription
	case memberChallenge:
		return &e.ChallengeError
	}
	return nil
}

// boxJSON puts Box's document together again. It returns nil where there was none.
func boxJSON(e *boxgrpcv1.BoxError, p *parts) []byte {
	if len(e.GetRawBody()) > 0 {
		return bytes.Clone(e.GetRawBody())
	}
	if members := boxMembers(e, p); members != nil {
		return marshalJSON(members)
	}
	return nil
}

// boxMembers is the inverse of boxPacker: nil for a body that was no JSON object.
func boxMembers(e *boxgrpcv1.BoxError, p *parts) map[string]json.RawMessage {
	if e.GetShape() == boxgrpcv1.BoxError_SHAPE_NONE {
		return nil
	}
	members := make(map[string]json.RawMessage)
	if other := e.GetOtherMembers(); len(other) > 0 && json.Unmarshal(other, &members) != nil || members == nil {
		members = make(map[string]json.RawMessage) // not ours: members are a JSON object
	}
	for m := memberType; m <= memberErrorDescription; m++ {
		if value, ok := boxValue(e, p, m); ok && m == memberStatus {
			members[boxNames[m]] = json.RawMessage(value)
		} else if ok {
			members[boxNames[m]] = marshalJSON(value)
		}
	}
	switch {
	case slices.Contains(e.GetTold(), memberContextInfo):
		members["context_info"] = p.contextInfo()
	case e.GetConflict() != nil:
		members["context_info"] = p.conflictContext(e.GetConflict())
	case len(e.GetContextInfo()) > 0:
		members["context_info"] = e.GetContextInfo()
	}
	return members
}

// boxValue is the value of a member, from its field or from where it is told.
func boxValue(e *boxgrpcv1.BoxError, p *parts, m boxgrpcv1.BoxError_Member) (string, bool) {
	if field := boxField(e, m); field != nil && *field != nil {
		return **field, true
	}
	if slices.Contains(e.GetTold(), m) {
		return p.elsewhere(m)
	}
	return "", false
}

// boxCode reads Box's error code back.
func boxCode(e *boxgrpcv1.BoxError, p *parts) string {
	var other map[string]json.RawMessage
	if len(e.GetOtherMembers()) > 0 {
		_ = json.Unmarshal(e.GetOtherMembers(), &other) // not ours: members are JSON
	}
	for _, m := range []boxgrpcv1.BoxError_Member{memberCode, memberError, memberChallenge} {
		code, ok := boxValue(e, p, m)
		if !ok && m != memberChallenge {
			code = text(other[boxNames[m]])
		}
		if code = firstOf(code); code != "" {
			return code
		}
	}
	return ""
}

// contextInfo is the context_info that BadRequest tells completely.
func (p *parts) contextInfo() []byte {
	var b errdetails.BadRequest
	p.read(kindBadRequest, &b)
	var info struct {
		Errors []boxFieldError `json:"errors"`
	}
	for _, v := range b.GetFieldViolations() {
		info.Errors = append(info.Errors, boxFieldError{
			Reason: strings.ToLower(v.GetReason()), Name: v.GetField(), Message: v.GetDescription(),
		})
	}
	return marshalJSON(info)
}

// sameJSON compares two JSON texts as values, numbers as they are spelt.
func sameJSON(a, b []byte) bool {
	decode := func(raw []byte) []byte {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if d.Decode(&v) != nil {
			return nil
		}
		return marshalJSON(v) // maps come out sorted
	}
	x := decode(a)
	return x != nil && bytes.Equal(x, decode(b))
}
