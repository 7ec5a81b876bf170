// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// This file says each fact of Box's document once, and has the inverse: what
// finishBoxError leaves out, boxJSON puts back.

// A toldMember can stand elsewhere in the status: its name in Box's JSON, its
// name in the schema, and the value that stands elsewhere.
type toldMember struct {
	name   string
	member boxgrpcv1.BoxError_Member
	value  func(*parts) (string, bool)
}

// told are all of them but status and context_info. The last is no member of the
// JSON.
var told = []toldMember{
	{"type", boxgrpcv1.BoxError_MEMBER_TYPE, func(*parts) (string, bool) { return "error", true }},
	{"code", boxgrpcv1.BoxError_MEMBER_CODE, (*parts).loweredReason},
	{"message", boxgrpcv1.BoxError_MEMBER_MESSAGE, func(p *parts) (string, bool) { return p.message, true }},
	{"help_url", boxgrpcv1.BoxError_MEMBER_HELP_URL, (*parts).helpURL},
	{"request_id", boxgrpcv1.BoxError_MEMBER_REQUEST_ID, (*parts).requestID},
	{"error", boxgrpcv1.BoxError_MEMBER_ERROR, (*parts).loweredReason},
	{"error_description", boxgrpcv1.BoxError_MEMBER_ERROR_DESCRIPTION, func(p *parts) (string, bool) { return p.message, true }},
	{challengeField, boxgrpcv1.BoxError_MEMBER_CHALLENGE_ERROR, (*parts).loweredReason},
}

func (p *parts) loweredReason() (string, bool) {
	return strings.ToLower(p.info.GetReason()), p.info != nil
}

func (p *parts) helpURL() (string, bool) {
	if len(p.help.GetLinks()) == 0 {
		return "", false
	}
	return p.help.GetLinks()[0].GetUrl(), true
}

func (p *parts) requestID() (string, bool) {
	return p.request.GetRequestId(), p.request != nil
}

// finishBoxError takes secrets out of the document, and every fact that stands
// elsewhere in the status. It returns nil where nothing is left to say.
func finishBoxError(e *boxgrpcv1.BoxError, p *parts, raw []byte, s scrubber) proto.Message {
	if secret := scrubBoxError(e, s); !secret && e.GetShape() != boxgrpcv1.BoxError_SHAPE_NONE && !secretText(raw) {
		e.RawBody = raw
	}
	for _, m := range told {
		field := boxField(e, m.name)
		if value, ok := m.value(p); ok && *field != nil && **field == value {
			*field = nil
			e.Told = append(e.Told, m.member)
		}
	}
	if len(e.GetContextInfo()) > 0 && p.badRequest != nil && sameJSON(e.GetContextInfo(), contextOf(p)) {
		e.ContextInfo = nil
		e.Told = append(e.Told, boxgrpcv1.BoxError_MEMBER_CONTEXT_INFO)
	}
	slices.Sort(e.GetTold())
	if p.info.GetDomain() == boxDomain && proto.Equal(e, ordinary) {
		return nil
	}
	return e
}

// ordinary is the commonest document, which is not sent: readers take it for
// granted in Box's domain. It saves a tenth of a status.
var ordinary = &boxgrpcv1.BoxError{
	Shape: boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR,
	Told: []boxgrpcv1.BoxError_Member{
		boxgrpcv1.BoxError_MEMBER_TYPE, boxgrpcv1.BoxError_MEMBER_STATUS, boxgrpcv1.BoxError_MEMBER_CODE,
		boxgrpcv1.BoxError_MEMBER_MESSAGE, boxgrpcv1.BoxError_MEMBER_HELP_URL, boxgrpcv1.BoxError_MEMBER_REQUEST_ID,
	},
}

var boxDomain = domainOf(boxgrpcv1.BoxCode(0).Descriptor())

// boxError returns the Box document that the parts tell, or nil.
func (p *parts) boxError() *boxgrpcv1.BoxError {
	if p.document != nil {
		e, _ := p.document.(*boxgrpcv1.BoxError)
		return e
	}
	if p.info.GetDomain() == boxDomain && p.info.GetMetadata()[keyTruncated] == "" {
		return ordinary
	}
	return nil
}

// scrubBoxError reports whether there was a secret.
func scrubBoxError(e *boxgrpcv1.BoxError, s scrubber) bool {
	var secret, changed bool
	e.ContextInfo, secret = s.json(e.GetContextInfo())
	e.OtherMembers, changed = s.json(e.GetOtherMembers())
	secret = secret || changed
	for _, m := range told {
		if field := boxField(e, m.name); *field != nil {
			clean := scrubText(**field)
			if m.name == "message" || m.name == "error_description" {
				clean = s.text(kindText, clean)
			}
			secret = secret || clean != **field
			*field = &clean
		}
	}
	return secret
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

// boxMembers is the inverse of newBoxError and finishBoxError: nil for a body that
// was no JSON object.
func boxMembers(e *boxgrpcv1.BoxError, p *parts) map[string]json.RawMessage {
	if e.GetShape() == boxgrpcv1.BoxError_SHAPE_NONE {
		return nil
	}
	members := make(map[string]json.RawMessage)
	if other := e.GetOtherMembers(); len(other) > 0 && json.Unmarshal(other, &members) != nil {
		members = make(map[string]json.RawMessage) // not ours: members are JSON
	}
	for _, m := range told[:len(told)-1] {
		if value, ok := boxValue(e, p, m); ok {
			members[m.name] = marshalJSON(value)
		}
	}
	if slices.Contains(e.GetTold(), boxgrpcv1.BoxError_MEMBER_STATUS) {
		members["status"] = json.RawMessage(p.info.GetMetadata()[keyHTTPStatus])
	}
	if slices.Contains(e.GetTold(), boxgrpcv1.BoxError_MEMBER_CONTEXT_INFO) {
		members["context_info"] = contextOf(p)
	} else if len(e.GetContextInfo()) > 0 {
		members["context_info"] = e.GetContextInfo()
	}
	return members
}

// boxValue is the value of a member, from its field or from where it is told.
func boxValue(e *boxgrpcv1.BoxError, p *parts, m toldMember) (string, bool) {
	if field := *boxField(e, m.name); field != nil {
		return *field, true
	}
	if slices.Contains(e.GetTold(), m.member) {
		return m.value(p)
	}
	return "", false
}

// boxCode reads Box's error code back.
func boxCode(e *boxgrpcv1.BoxError, p *parts) string {
	members := boxMembers(e, p)
	challenge, _ := boxValue(e, p, told[len(told)-1])
	return firstOf(text(members["code"]), text(members["error"]), challenge)
}

// contextOf is the context_info that BadRequest tells completely.
func contextOf(p *parts) []byte {
	var info struct {
		Errors []boxFieldError `json:"errors"`
	}
	for _, v := range p.badRequest.GetFieldViolations() {
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
