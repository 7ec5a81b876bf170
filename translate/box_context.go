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

// scanContext reads the one conflict of a context_info without errors. For any other
// it says that it is not ok.
func scanContext(context string) (kind, id string, found, ok bool) {
	conflicts, seen, other := "", 0, false
	ok = scanObject(context, func(name, value string) {
		switch {
		case name == "conflicts":
			conflicts = value
			seen++
		case strings.EqualFold(name, "conflicts"), strings.EqualFold(name, "errors"):
			other = true // encoding/json takes it for the same name
		}
	})
	if !ok || other || seen > 1 {
		return "", "", false, false
	}
	conflict := onlyElement(conflicts)
	if seen == 0 || conflict == "{}" && conflicts == conflict {
		return "", "", false, true
	}
	types, ids := 0, 0
	ok = scanObject(conflict, func(name, value string) {
		switch {
		case name == "type":
			kind = textOf(value)
			types++
		case name == "id":
			id = textOf(value)
			ids++
		case strings.EqualFold(name, "type"), strings.EqualFold(name, "id"):
			other = true
		}
	})
	return kind, id, true, ok && !other && types <= 1 && ids <= 1
}

// onlyElement is the element of an array that has one. Everything else stays as it is.
func onlyElement(array string) string {
	if !strings.HasPrefix(array, "[") {
		return array
	}
	start := space(array, 1)
	end := scanValue(array, start, 0)
	if end < 0 || space(array, end) != len(array)-1 {
		return array
	}
	return array[start:end]
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
