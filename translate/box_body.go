// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A boxBody is an error body of Box, member by member as it is spelt: client error,
// OAuth 2 error, metadata error, or none.
type boxBody struct {
	object   bool
	scanned  bool
	verbatim bool                          // it was scanned, and has no escapes
	known    [memberContextInfo + 1]string // the members that the schema has fields for
	other    map[string]json.RawMessage
	conflict conflict     // context_info, where it is one
	errors   *fieldErrors // context_info, where it is a list of them; else nil
}

// The members by their names in the schema.
const (
	memberType             = boxgrpcv1.BoxError_MEMBER_TYPE
	memberStatus           = boxgrpcv1.BoxError_MEMBER_STATUS
	memberCode             = boxgrpcv1.BoxError_MEMBER_CODE
	memberMessage          = boxgrpcv1.BoxError_MEMBER_MESSAGE
	memberHelpURL          = boxgrpcv1.BoxError_MEMBER_HELP_URL
	memberRequestID        = boxgrpcv1.BoxError_MEMBER_REQUEST_ID
	memberError            = boxgrpcv1.BoxError_MEMBER_ERROR
	memberErrorDescription = boxgrpcv1.BoxError_MEMBER_ERROR_DESCRIPTION
	memberContextInfo      = boxgrpcv1.BoxError_MEMBER_CONTEXT_INFO
	memberChallenge        = boxgrpcv1.BoxError_MEMBER_CHALLENGE_ERROR
)

// boxNames are their names in JSON.
var boxNames = [...]string{
	memberType: "type", memberStatus: "status", memberCode: "code", memberMessage: "message", memberHelpURL: "help_url",
	memberRequestID: "request_id", memberError: "error", memberErrorDescription: "error_description", memberContextInfo: "context_info",
}

// read reads a body. The last member of a name counts, as everywhere in Go's JSON.
func (b *boxBody) read(text string) {
	if !b.scan(text) {
		b.unmarshal(text)
	}
}

func (b *boxBody) unmarshal(text string) {
	*b = boxBody{}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return
	}
	b.object = members != nil
	for m := memberType; m <= memberContextInfo; m++ {
		b.known[m] = string(members[boxNames[m]])
		delete(members, boxNames[m])
	}
	if len(members) > 0 {
		b.other = members
	}
	b.scanContext(b.known[memberContextInfo], 0)
}

func (b *boxBody) setOther(name, raw string) {
	if b.other == nil {
		b.other = make(map[string]json.RawMessage)
	}
	b.other[name] = json.RawMessage(raw)
}

// text of a member, or "".
func (b *boxBody) text(m boxgrpcv1.BoxError_Member) string {
	raw := b.known[m]
	switch {
	case raw == "":
		return ""
	case b.scanned:
		return scannedText(raw, b.verbatim)
	}
	return text(json.RawMessage(raw))
}

// code is the error code that the body names, or "".
func (b *boxBody) code() string { return firstOf(b.text(memberCode), b.text(memberError)) }

// empty tells whether there is no member at all.
func (b *boxBody) empty() bool { return b.known == [len(b.known)]string{} && len(b.other) == 0 }

// shape tells the forms of bodies apart by their members.
func (b *boxBody) shape() boxgrpcv1.BoxError_Shape {
	has := func(m boxgrpcv1.BoxError_Member) bool { return b.known[m] != "" }
	switch {
	case !b.object:
		return boxgrpcv1.BoxError_SHAPE_NONE
	case has(memberType) || has(memberStatus) || has(memberContextInfo) || has(memberHelpURL):
		return boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR
	case has(memberError):
		return boxgrpcv1.BoxError_SHAPE_OAUTH2_ERROR
	case has(memberCode):
		return boxgrpcv1.BoxError_SHAPE_METADATA_ERROR
	}
	return boxgrpcv1.BoxError_SHAPE_OTHER
}

// firstOf is the first text that is not blank, which its first byte nearly always tells.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" && (t[0] > ' ' && t[0] < utf8.RuneSelf || strings.TrimSpace(t) != "") {
			return t
		}
	}
	return ""
}

// text is a JSON string, or a number or boolean as it is spelt: some services send
// codes and ids so. Anything else has no text.
func text(raw json.RawMessage) string {
	if len(raw) == 0 || bytes.ContainsAny(raw[:1], "{[n") {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// scannedText is text for what a scanner gave out. A verbatim one is known to have no
// escapes.
func scannedText(raw string, verbatim bool) string {
	if verbatim && raw[0] == '"' {
		return raw[1 : len(raw)-1]
	}
	return unescaped(raw)
}

func unescaped(raw string) string {
	if raw[0] != '"' {
		return text(json.RawMessage(raw))
	}
	s := raw[1 : len(raw)-1]
	switch {
	case !escaped(s):
		return s
	case strings.Count(s, `\`) == strings.Count(s, `\/`):
		return strings.ReplaceAll(s, `\/`, "/") // as Box writes addresses
	}
	return text(json.RawMessage(raw))
}

// escaped tells whether there are escapes in a text of JSON.
func escaped(json string) bool { return strings.IndexByte(json, '\\') >= 0 }
