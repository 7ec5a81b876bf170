// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// This file says each fact of Box's document once, and has the inverse: what boxPacker
// leaves out, boxJSON puts back.

// A boxPacker packs an answer of Box. It is one allocation, the document included.
type boxPacker struct {
	packer

	body      *boxBody
	challenge string
	raw       string // the whole body, where that is asked for

	e      boxgrpcv1.BoxError
	told   [memberChallenge]boxgrpcv1.BoxError_Member // room for BoxError.told
	other  map[string]json.RawMessage
	more   bool // something does not stand elsewhere
	secret bool // something was taken out
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
		return p.link(), p.has(kindHelp)
	case memberRequestID:
		return p.request(), p.has(kindRequest)
	}
	return "", false
}

// tells whether a member's value stands elsewhere in the status.
func (p *parts) tells(m boxgrpcv1.BoxError_Member, value string) bool {
	if m == memberCode || m == memberError || m == memberChallenge {
		return isLowered(value, p.info.reason)
	}
	there, ok := p.elsewhere(m)
	return ok && there == value
}

// isLowered is s == strings.ToLower(upper) for ASCII, without writing it.
func isLowered(s, upper string) bool {
	if len(s) != len(upper) {
		return false
	}
	for i := range len(s) {
		c := upper[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if s[i] != c {
			return false
		}
	}
	return true
}

// document is the detail, without secrets, and without the facts that stand elsewhere in
// the status. It is nil where nothing is left to say.
func (d *boxPacker) document() proto.Message {
	d.e.Told, d.other = d.told[:0], d.body.other
	for m := memberType; m <= memberErrorDescription; m++ {
		d.addMember(m)
	}
	d.addContext()
	if d.challenge != "" {
		d.addText(memberChallenge, d.challenge)
	}
	if len(d.other) > 0 {
		d.e.OtherMembers, d.more = d.clean(marshalJSON(d.other)), true
	}
	if d.raw != "" && d.body.object && !d.secret && !secretText([]byte(d.raw)) {
		d.e.RawBody, d.more = []byte(d.raw), true
	}
	d.e.Shape = d.body.shape()
	if d.info.domain == boxDomain && !d.more && d.e.Shape == ordinary.GetShape() && slices.Equal(d.e.GetTold(), ordinary.GetTold()) {
		return nil
	}
	return &d.e
}

// ordinary is the commonest document, which is not sent: readers take it for granted in
// Box's domain. It saves a tenth of a status.
var ordinary = &boxgrpcv1.BoxError{
	Shape: boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR,
	Told:  []boxgrpcv1.BoxError_Member{memberType, memberStatus, memberCode, memberMessage, memberHelpURL, memberRequestID},
}

// addMember puts in a member of the body. One that is of another JSON type than Box
// documents stays as it is, beside those that nobody documents.
func (d *boxPacker) addMember(m boxgrpcv1.BoxError_Member) {
	raw := d.body.known[m]
	switch {
	case raw == "":
	case m == memberStatus && d.tells(m, raw):
		d.e.Told = append(d.e.Told, m)
	case m != memberStatus && raw[0] == '"':
		d.addText(m, d.body.text(m))
	default:
		d.other = maps.Clone(d.other)
		if d.other == nil {
			d.other = make(map[string]json.RawMessage)
		}
		d.other[boxNames[m]] = json.RawMessage(raw)
	}
}

// addText puts in a text, or tells that it stands elsewhere.
func (d *boxPacker) addText(m boxgrpcv1.BoxError_Member, text string) {
	if d.tells(m, text) {
		d.e.Told = append(d.e.Told, m)
		return
	}
	clean := scrubText(text)
	if m == memberMessage || m == memberErrorDescription {
		clean = d.scrub.text(kindText, clean)
	}
	d.secret = d.secret || clean != text
	if d.tells(m, clean) {
		d.e.Told = append(d.e.Told, m)
		return
	}
	field := clean // so that nothing is allocated above
	*boxField(&d.e, m), d.more = &field, true
}

// addContext puts in context_info, unless BadRequest says all of it.
func (d *boxPacker) addContext() {
	raw := d.body.known[memberContextInfo]
	if raw == "" {
		return
	}
	context := []byte(raw)
	if !d.body.scanned || !d.scrub.quiet(raw) {
		context = d.clean(context)
	}
	if len(context) > 0 && d.has(kindBadRequest) && sameJSON(context, d.contextInfo()) {
		d.e.Told = append(d.e.Told, memberContextInfo)
		return
	}
	d.e.ContextInfo, d.more = context, true
}

func (d *boxPacker) clean(raw []byte) []byte {
	clean, changed := d.scrub.json(raw)
	d.secret = d.secret || changed
	return clean
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
	if other := e.GetOtherMembers(); len(other) > 0 && json.Unmarshal(other, &members) != nil {
		members = make(map[string]json.RawMessage) // not ours: members are JSON
	}
	for m := memberType; m <= memberErrorDescription; m++ {
		if value, ok := boxValue(e, p, m); ok && m == memberStatus {
			members[boxNames[m]] = json.RawMessage(value)
		} else if ok {
			members[boxNames[m]] = marshalJSON(value)
		}
	}
	if slices.Contains(e.GetTold(), memberContextInfo) {
		members["context_info"] = p.contextInfo()
	} else if len(e.GetContextInfo()) > 0 {
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
	members := boxMembers(e, p)
	challenge, _ := boxValue(e, p, memberChallenge)
	return firstOf(text(members["code"]), text(members["error"]), challenge)
}

// contextInfo is the context_info that BadRequest tells completely.
func (p *parts) contextInfo() []byte {
	var b errdetails.BadRequest
	_ = proto.Unmarshal(p.packed[kindBadRequest], &b) // what cannot be read says nothing
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
