// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// readContext reads what standard details need of context_info.
func (b *boxBody) readContext() {
	context := b.known[memberContextInfo]
	if context == "" || b.resource != nil || b.violations != nil {
		return
	}
	if kind, id, found, ok := scanContext(context); ok {
		if found {
			b.resource = &errdetails.ResourceInfo{ResourceType: kind, ResourceName: id}
		}
		return
	}
	b.violations, b.resource = boxViolations([]byte(context)), boxConflict([]byte(context))
}

// scanContext reads a context_info that is one conflict, in an array or not, and nothing
// else. Of any other it says that it is not ok.
func scanContext(context string) (kind, id string, found, ok bool) {
	conflict, ok := strings.CutPrefix(context, `{"conflicts":`)
	if !ok {
		return "", "", false, false
	}
	conflict, ok = strings.CutSuffix(conflict, "}")
	conflict = strings.Trim(conflict, " \t\r\n")
	if list, isList := strings.CutPrefix(conflict, "["); isList {
		conflict, ok = strings.CutSuffix(list, "]")
	} else if conflict == "{}" {
		return "", "", false, true
	}
	folded := false
	ok = ok && scanObject(conflict, func(name, value string) {
		switch {
		case name == "type":
			kind = scannedText(value)
		case name == "id":
			id = scannedText(value)
		case strings.EqualFold(name, "type"), strings.EqualFold(name, "id"):
			folded = true // encoding/json takes it for the same name
		}
	})
	return kind, id, true, ok && !folded
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
