// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// A boxContext is what standard details need of context_info.
type boxContext struct {
	violations []*errdetails.BadRequest_FieldViolation
	complete   bool   // they say all of it
	found      bool   // there is a conflict; of several it is the first
	kind, id   string // of the item
}

func (b *boxBody) context() (c boxContext) {
	switch raw := b.known[memberContextInfo]; {
	case raw == "":
	case b.conflict.plain:
		c.found, c.kind, c.id = b.conflict.found, b.conflict.text(itemType), b.conflict.text(itemID)
	case b.errors != nil:
		c.violations, c.complete = b.errors.violations()
	default:
		c.violations = boxViolations([]byte(raw))
		r := boxConflict([]byte(raw))
		c.found, c.kind, c.id = r != nil, r.GetResourceType(), r.GetResourceName()
	}
	return c
}

// scanContext reads a context_info that is one conflict, or a list of errors, and nothing
// else. Any other is odd.
func (b *boxBody) scanContext(text string, at int) int {
	b.errors = nil
	if end := b.conflict.scan(text, at); end >= 0 {
		return end
	}
	errors := new(fieldErrors)
	end := errors.scan(text, at)
	if end >= 0 && errors.plain {
		b.errors = errors
	}
	return end
}

// maxViolations bounds what one answer can add to BadRequest.
const maxViolations = 16

// A boxFieldError is one entry of context_info.errors.
type boxFieldError struct {
	Reason  string `json:"reason"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

// fieldErrors are context_info.errors.
type fieldErrors struct {
	list  []boxFieldError
	plain bool // there is such a list
	whole bool // all members are in each
}

// boxViolations reads context_info.errors.
func boxViolations(context json.RawMessage) []*errdetails.BadRequest_FieldViolation {
	var info struct {
		Errors []boxFieldError `json:"errors"`
	}
	if json.Unmarshal(context, &info) != nil {
		return nil
	}
	list, _ := (&fieldErrors{list: info.Errors}).violations()
	return list
}

// violations are the errors, and whether they tell each of them completely.
func (f *fieldErrors) violations() (list []*errdetails.BadRequest_FieldViolation, complete bool) {
	complete = f.whole && len(f.list) <= maxViolations
	for _, e := range f.list[:min(len(f.list), maxViolations)] {
		reason := toReason(scrubText(e.Reason))
		complete = complete && isLowered(e.Reason, reason)
		if e != (boxFieldError{}) {
			list = append(list, &errdetails.BadRequest_FieldViolation{Field: e.Name, Description: e.Message, Reason: reason})
		}
	}
	return list, complete && len(list) == len(f.list)
}

func (f *fieldErrors) scan(text string, at int) int {
	f.whole = true
	return scanMembers(text, at, 1, func(name string, at int) int {
		if name != "errors" || f.plain {
			return odd
		}
		f.plain = true
		return scanElements(text, at, 2, func(at int) int { return f.scanOne(text, at) })
	})
}

func (f *fieldErrors) scanOne(text string, at int) int {
	var e struct{ reason, name, message string } // as they are spelt
	end := scanMembers(text, at, 3, func(name string, at int) int {
		member := &e.reason
		switch name {
		case "reason":
		case "name":
			member = &e.name
		case "message":
			member = &e.message
		default:
			return odd
		}
		end := scanValue(text, at, 3)
		if end < 0 || !take(member, text[at:end]) {
			return odd
		}
		return end
	})
	if end >= 0 {
		f.whole = f.whole && e.reason != "" && e.name != "" && e.message != ""
		f.list = append(f.list, boxFieldError{unquoted(e.reason), unquoted(e.name), unquoted(e.message)})
	}
	return end
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
	case !bytes.HasPrefix(info.Conflicts, []byte("{")) || len(bytes.Trim(info.Conflicts, "{}"+blanks)) == 0, json.Unmarshal(info.Conflicts, &one) != nil:
		return nil
	}
	return &errdetails.ResourceInfo{ResourceType: text(one.Type), ResourceName: text(one.ID)}
}
