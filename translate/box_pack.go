// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"encoding/json"
	"maps"
	"math/bits"

	"google.golang.org/protobuf/encoding/protowire"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// This file says each fact of Box's document once: what stands elsewhere in the status is
// only told to be there. box_json.go has the inverse.

// A boxPacker packs an answer of Box. It does not hold the body, for what it holds escapes
// with the parts, and a body that is read only now stays on the stack.
type boxPacker struct {
	packer

	challenge string
	raw       string // the whole body, where that is asked for

	shape boxgrpcv1.BoxError_Shape
	told  set                         // the members that stand elsewhere
	kept  set                         // those that do not, and have a text, maybe an empty one
	texts [memberChallenge + 1]string // theirs, and context_info

	typed  bool // the conflict stands for context_info
	other  map[string]json.RawMessage
	secret bool // something was taken out
}

// packDocument packs the document, without secrets, and without the facts that stand
// elsewhere in the status, unless nothing is left to say.
func (d *boxPacker) packDocument(body *boxBody, context *boxContext) {
	d.shape, d.other = body.shape(), body.other
	for m := memberType; m <= memberErrorDescription; m++ {
		d.addMember(m, body)
	}
	d.addContext(body, context)
	if d.challenge != "" {
		d.addText(memberChallenge, d.challenge)
	}
	var other []byte
	if len(d.other) > 0 {
		other = d.clean(marshalJSON(d.other))
	}
	if d.secret || !body.object || d.raw != "" && secretText([]byte(d.raw)) {
		d.raw = ""
	}
	if len(other) == 0 && d.isOrdinary() {
		return
	}
	d.pack(kindDocument, d.appendDocument(d.buf, &body.conflict, other))
	d.documentType, d.url = boxErrorType, boxErrorURL
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

// A set is one of small numbers, such as members.
type set uint16

func (s *set) add(i int)     { *s |= 1 << i }
func (s set) has(i int) bool { return s&(1<<i) != 0 }

var ordinaryTold = func() (told set) {
	for _, m := range ordinary.GetTold() {
		told.add(int(m))
	}
	return told
}()

func (d *boxPacker) isOrdinary() bool {
	return d.info.domain == boxDomain && d.shape == ordinary.GetShape() && d.told == ordinaryTold &&
		d.kept == 0 && d.texts[memberContextInfo] == "" && !d.typed && d.raw == ""
}

// boxFieldNumbers are the fields of BoxError that hold the text of a member.
var boxFieldNumbers = [...]protowire.Number{
	memberType: 3, memberCode: 4, memberMessage: 5, memberHelpURL: 6, memberRequestID: 7,
	memberError: 8, memberErrorDescription: 9, memberChallenge: 13,
}

// appendDocument writes the BoxError as the generated code would, and is tested against
// it: see wire.go.
func (d *boxPacker) appendDocument(b []byte, c *conflict, other []byte) []byte {
	b = appendNumber(b, 1, uint64(d.shape))
	b = d.appendTold(b)
	b = d.appendTexts(b, memberType, memberErrorDescription)
	b = appendText(b, 10, d.texts[memberContextInfo])
	b = appendText(b, 11, string(other))
	b = appendText(b, 12, d.raw)
	b = d.appendTexts(b, memberChallenge, memberChallenge)
	if !d.typed {
		return b
	}
	b, start := beginMessage(b, 14)
	return endMessage(c.append(b), start)
}

func (d *boxPacker) appendTold(b []byte) []byte {
	if d.told == 0 {
		return b
	}
	b = appendHead(b, 2, bits.OnesCount16(uint16(d.told)))
	for m := memberType; m <= memberChallenge; m++ {
		if d.told.has(int(m)) {
			b = append(b, byte(m)) // all members are below 128
		}
	}
	return b
}

// appendTexts writes the texts of some members, empty ones too: they are there.
func (d *boxPacker) appendTexts(b []byte, from, to boxgrpcv1.BoxError_Member) []byte {
	for m := from; m <= to && d.kept != 0; m++ {
		if d.kept.has(int(m)) {
			b = appendString(b, boxFieldNumbers[m], d.texts[m])
		}
	}
	return b
}

// addMember puts in a member of the body. One that is of another JSON type than Box
// documents stays as it is, beside those that nobody documents.
func (d *boxPacker) addMember(m boxgrpcv1.BoxError_Member, body *boxBody) {
	raw := body.known[m]
	switch {
	case raw == "":
	case m == memberStatus && d.tells(m, raw):
		d.told.add(int(m))
	case m != memberStatus && raw[0] == '"':
		d.addText(m, body.text(m))
	default:
		d.other = maps.Clone(d.other)
		if d.other == nil {
			d.other = make(map[string]json.RawMessage)
		}
		d.other[boxNames[m]] = json.RawMessage(raw)
	}
}

// addText puts in a text, or tells that it stands elsewhere. What does is clean already.
func (d *boxPacker) addText(m boxgrpcv1.BoxError_Member, text string) {
	if d.tells(m, text) {
		d.told.add(int(m))
		return
	}
	clean := scrubText(text)
	if m == memberMessage || m == memberErrorDescription {
		clean = d.scrub.text(kindText, clean)
	}
	d.secret = d.secret || clean != text
	if d.tells(m, clean) {
		d.told.add(int(m))
		return
	}
	d.texts[m] = clean
	d.kept.add(int(m))
}

// addContext puts in context_info, as a conflict if it is one, unless BadRequest says all
// of it.
func (d *boxPacker) addContext(body *boxBody, context *boxContext) {
	raw := body.known[memberContextInfo]
	if raw == "" {
		return
	}
	if c := &body.conflict; c.lossless && c.quiet(d.scrub) && d.resourceType == c.item[itemType] && d.resourceName == c.item[itemID] {
		d.typed = true
		return
	}
	if context.lossless && len(context.violations) > 0 && !d.violationsChanged && d.scrub.redact == nil {
		d.told.add(int(memberContextInfo))
		return
	}
	clean := d.clean([]byte(raw))
	if len(clean) > 0 && d.has(kindBadRequest) && sameJSON(clean, d.contextInfo()) {
		d.told.add(int(memberContextInfo))
		return
	}
	d.texts[memberContextInfo] = string(clean)
}

func (d *boxPacker) clean(raw []byte) []byte {
	clean, changed := d.scrub.json(raw)
	d.secret = d.secret || changed
	return clean
}
