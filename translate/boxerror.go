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
	"google.golang.org/protobuf/encoding/protowire"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// This file says each fact of Box's document once, and has the inverse: what boxPacker
// leaves out, boxJSON puts back.

// A boxPacker packs an answer of Box.
type boxPacker struct {
	packer

	body      *boxBody
	challenge string
	raw       string // the whole body, where that is asked for

	shape  boxgrpcv1.BoxError_Shape
	told   [memberChallenge + 1]bool   // the member stands elsewhere
	texts  [memberChallenge + 1]string // those that do not, and context_info
	has    [memberChallenge + 1]bool   // there is a text, maybe an empty one
	other  map[string]json.RawMessage
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
		url := p.link()
		return url, url != ""
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

// packDocument packs the document, without secrets, and without the facts that stand
// elsewhere in the status, unless nothing is left to say.
func (d *boxPacker) packDocument() {
	d.shape, d.other = d.body.shape(), d.body.other
	for m := memberType; m <= memberErrorDescription; m++ {
		d.addMember(m)
	}
	d.addContext()
	if d.challenge != "" {
		d.addText(memberChallenge, d.challenge)
	}
	var other []byte
	if len(d.other) > 0 {
		other = d.clean(marshalJSON(d.other))
	}
	if d.secret || !d.body.object || d.raw != "" && secretText([]byte(d.raw)) {
		d.raw = ""
	}
	if len(other) == 0 && d.isOrdinary() {
		return
	}
	d.pack(kindDocument, d.appendDocument(d.buf, other))
	d.documentType, d.url = boxErrorType, boxErrorURL
}

// ordinary is the commonest document, which is not sent: readers take it for granted in
// Box's domain. It saves a tenth of a status.
var ordinary = &boxgrpcv1.BoxError{
	Shape: boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR,
	Told:  []boxgrpcv1.BoxError_Member{memberType, memberStatus, memberCode, memberMessage, memberHelpURL, memberRequestID},
}

var ordinaryTold = func() (told [memberChallenge + 1]bool) {
	for _, m := range ordinary.GetTold() {
		told[m] = true
	}
	return told
}()

func (d *boxPacker) isOrdinary() bool {
	return d.info.domain == boxDomain && d.shape == ordinary.GetShape() && d.told == ordinaryTold &&
		d.has == [len(d.has)]bool{} && d.texts[memberContextInfo] == "" && d.raw == ""
}

// boxFieldNumbers are the fields of BoxError that hold the text of a member.
var boxFieldNumbers = [...]protowire.Number{
	memberType: 3, memberCode: 4, memberMessage: 5, memberHelpURL: 6, memberRequestID: 7,
	memberError: 8, memberErrorDescription: 9, memberChallenge: 13,
}

// appendDocument writes the BoxError as the generated code would, and is tested against
// it: see wire.go.
func (d *boxPacker) appendDocument(b, other []byte) []byte {
	b = appendNumber(b, 1, uint64(d.shape))
	n := 0
	for _, told := range d.told {
		if told {
			n++
		}
	}
	if n > 0 {
		b = appendHead(b, 2, n) // each takes one byte
	}
	for m, told := range d.told {
		if told {
			b = protowire.AppendVarint(b, uint64(m))
		}
	}
	for m := memberType; m <= memberErrorDescription; m++ {
		b = d.appendMember(b, m)
	}
	b = appendText(b, 10, d.texts[memberContextInfo])
	b = appendText(b, 11, string(other))
	b = appendText(b, 12, d.raw)
	return d.appendMember(b, memberChallenge)
}

// appendMember writes a text even if it is empty: it is there.
func (d *boxPacker) appendMember(b []byte, m boxgrpcv1.BoxError_Member) []byte {
	if !d.has[m] {
		return b
	}
	b = protowire.AppendTag(b, boxFieldNumbers[m], protowire.BytesType)
	return protowire.AppendString(b, d.texts[m])
}

// addMember puts in a member of the body. One that is of another JSON type than Box
// documents stays as it is, beside those that nobody documents.
func (d *boxPacker) addMember(m boxgrpcv1.BoxError_Member) {
	raw := d.body.known[m]
	switch {
	case raw == "":
	case m == memberStatus && d.tells(m, raw):
		d.told[m] = true
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
		d.told[m] = true
		return
	}
	clean := scrubText(text)
	if m == memberMessage || m == memberErrorDescription {
		clean = d.scrub.text(kindText, clean)
	}
	d.secret = d.secret || clean != text
	if d.told[m] = d.tells(m, clean); !d.told[m] {
		d.texts[m], d.has[m] = clean, true
	}
}

// addContext puts in context_info, unless BadRequest says all of it.
func (d *boxPacker) addContext() {
	raw := d.body.known[memberContextInfo]
	if raw == "" {
		return
	}
	if d.body.scanned && d.scrub.quiet(raw) && !d.parts.has(kindBadRequest) {
		d.texts[memberContextInfo] = raw
		return
	}
	context := d.clean([]byte(raw))
	if len(context) > 0 && d.parts.has(kindBadRequest) && sameJSON(context, d.contextInfo()) {
		d.told[memberContextInfo] = true
		return
	}
	d.texts[memberContextInfo] = string(context)
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
