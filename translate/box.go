// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// decodeBox reads Box's error bodies: client error, OAuth 2 error, metadata error,
// or none. The last member of a name counts, as everywhere in Go's JSON.
func decodeBox(a Answer) Document {
	var members map[string]json.RawMessage
	if json.Unmarshal(a.Body, &members) != nil {
		members = nil
	}
	context := members["context_info"]
	doc := Document{
		Code:       firstOf(text(members["code"]), text(members["error"])),
		Message:    firstOf(text(members["message"]), text(members["error_description"])),
		RequestID:  text(members["request_id"]),
		HelpURL:    text(members["help_url"]),
		Violations: boxViolations(context),
		Resource:   boxConflict(context),
	}
	challenged := ""
	if doc.Code == "" {
		challenges := parseChallenges(a.Header.Values("WWW-Authenticate"))
		challenged = challengeError(challenges)
		doc.Code = challenged
		doc.Foreign = len(members) == 0 && a.Status == 401 && a.Header.Get("Box-Request-Id") == "" && foreignTo("Service", challenges)
	}
	if doc.Code == "" && doc.Resource != nil {
		doc.LookUp, doc.Reason = []string{"item_name_in_use"}, "item_name_in_use"
	}
	if cause := boxCause(doc.Code, doc.Message); cause != "" {
		doc.Metadata = map[string]string{keyCause: cause}
	}
	doc.Detail = newBoxError(members, a.Status, challenged)
	return doc
}

// firstOf is the first text that is not blank.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
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

// maxViolations bounds what one answer can add to BadRequest.
const maxViolations = 16

// boxFieldError is one entry of context_info.errors.
type boxFieldError struct {
	Reason  string `json:"reason"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

// boxViolations reads context_info.errors.
func boxViolations(context json.RawMessage) []*errdetails.BadRequest_FieldViolation {
	var info struct {
		Errors []boxFieldError `json:"errors"`
	}
	if json.Unmarshal(context, &info) != nil {
		return nil
	}
	var list []*errdetails.BadRequest_FieldViolation
	for _, e := range info.Errors[:min(len(info.Errors), maxViolations)] {
		if e != (boxFieldError{}) {
			list = append(list, &errdetails.BadRequest_FieldViolation{
				Field: e.Name, Description: e.Message, Reason: toReason(scrubText(e.Reason)),
			})
		}
	}
	return list
}

// boxConflict reads the first of context_info.conflicts, which is an array on
// folder creation and an object on uploads and copies.
func boxConflict(context json.RawMessage) *errdetails.ResourceInfo {
	type conflict struct {
		Type json.RawMessage `json:"type"`
		ID   json.RawMessage `json:"id"`
	}
	var info struct {
		Conflicts json.RawMessage `json:"conflicts"`
	}
	if json.Unmarshal(context, &info) != nil {
		return nil
	}
	var one conflict
	var several []conflict
	switch {
	case json.Unmarshal(info.Conflicts, &several) == nil && len(several) > 0:
		one = several[0]
	case !bytes.HasPrefix(info.Conflicts, []byte("{")) || bytes.Equal(info.Conflicts, []byte("{}")), json.Unmarshal(info.Conflicts, &one) != nil:
		return nil
	}
	return &errdetails.ResourceInfo{ResourceType: text(one.Type), ResourceName: text(one.ID)}
}

// boxCause tells apart what one code means by the only sign that Box gives: words
// of the message. It decides nothing.
func boxCause(code, message string) string {
	message = strings.ToLower(message)
	for _, c := range boxCauses[code] {
		if strings.Contains(message, c.words) {
			return c.cause
		}
	}
	return ""
}

// boxCauses is in order: the first match counts.
var boxCauses = map[string][]struct{ words, cause string }{
	"invalid_grant": {
		{"'exp' value exceeds", "assertion_lifetime"},
		{"'exp' claim", "assertion_expired"},
		{"'iat' claim", "assertion_not_yet_valid"},
		{"'nbf'", "assertion_not_yet_valid"},
		{"'jti' claim", "assertion_reused"},
		{"'sub' claim", "subject"},
		{"'iss' claim", "issuer"},
		{"'kid'", "key"},
		{"signature", "key"},
		{"refresh token", "refresh_token"},
		{"authorization code", "authorization_code"},
		{"grant credentials", "client_credentials"},
	},
	"invalid_request": {
		{"enterprise configuration", "configuration"},
		{"grant type", "grant_type"},
		{"grant_type", "grant_type"},
	},
	"forbidden_by_policy": {
		{"malware", "malware"},
		{"barrier", "information_barrier"},
		{"shield", "access_policy"},
	},
}

// newBoxError keeps a body member by member. Members that the schema has no field
// for, or that have another JSON type than Box documents, stay as they are.
func newBoxError(members map[string]json.RawMessage, status int, challenged string) *boxgrpcv1.BoxError {
	e := &boxgrpcv1.BoxError{Shape: boxShape(members)}
	if challenged != "" {
		e.ChallengeError = &challenged
	}
	other := make(map[string]json.RawMessage)
	for name, raw := range members {
		if name == "context_info" {
			e.ContextInfo = raw
		} else if name == "status" && string(raw) == decimal(status) {
			e.Told = append(e.Told, boxgrpcv1.BoxError_MEMBER_STATUS)
		} else if field := boxField(e, name); field != nil && raw[0] == '"' && name != challengeField {
			s := text(raw)
			*field = &s
		} else {
			other[name] = raw
		}
	}
	if len(other) > 0 {
		e.OtherMembers = marshalJSON(other)
	}
	return e
}

func boxShape(members map[string]json.RawMessage) boxgrpcv1.BoxError_Shape {
	has := func(name string) bool { return members[name] != nil }
	switch {
	case members == nil:
		return boxgrpcv1.BoxError_SHAPE_NONE
	case has("type") || has("status") || has("context_info") || has("help_url"):
		return boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR
	case has("error"):
		return boxgrpcv1.BoxError_SHAPE_OAUTH2_ERROR
	case has("code"):
		return boxgrpcv1.BoxError_SHAPE_METADATA_ERROR
	}
	return boxgrpcv1.BoxError_SHAPE_OTHER
}

// boxField is the field for a member that is a JSON string, or nil.
func boxField(e *boxgrpcv1.BoxError, name string) **string {
	switch name {
	case "type":
		return &e.Type
	case "code":
		return &e.Code
	case "message":
		return &e.Message
	case "help_url":
		return &e.HelpUrl
	case "request_id":
		return &e.RequestId
	case "error":
		return &e.Error
	case "error_description":
		return &e.ErrorDescription
	case challengeField:
		return &e.ChallengeError
	}
	return nil
}

// challengeField stands beside Box's members: the error of WWW-Authenticate. No
// JSON member of Box has this name.
const challengeField = "WWW-Authenticate error"
