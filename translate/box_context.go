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
	lossless   bool   // they say all of it
	hasItem    bool   // there is a conflict; of several it is the first
	kind, id   string // of the item
}

func (b *boxBody) context() (c boxContext) {
	switch raw := b.known[memberContextInfo]; {
	case raw == "":
	case b.conflict.only:
		c.hasItem, c.kind, c.id = b.conflict.hasItem, b.conflict.item[itemType], b.conflict.item[itemID]
	case b.errors != nil:
		c.violations, c.lossless = b.errors.violations()
	default:
		c.violations = boxViolations([]byte(raw))
		r := boxConflict([]byte(raw))
		c.hasItem, c.kind, c.id = r != nil, r.GetResourceType(), r.GetResourceName()
	}
	return c
}

// maxViolations bounds what one answer can add to BadRequest.
const maxViolations = 16

// A boxFieldError is one entry of context_info.errors.
type boxFieldError struct {
	Reason  string `json:"reason"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

// The members of one as they are read.
const errorReason, errorName, errorMessage = 0, 1, 2

// fieldErrors are context_info.errors.
type fieldErrors struct {
	found bool
	list  []boxFieldError
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

// violations are the errors, and whether these can be told from them again.
func (f *fieldErrors) violations() (list []*errdetails.BadRequest_FieldViolation, lossless bool) {
	lossless = f.whole
	for _, e := range f.list[:min(len(f.list), maxViolations)] {
		reason := toReason(scrubText(e.Reason))
		lossless = lossless && isLowered(e.Reason, reason)
		if e != (boxFieldError{}) {
			list = append(list, &errdetails.BadRequest_FieldViolation{Field: e.Name, Description: e.Message, Reason: reason})
		}
	}
	return list, lossless && len(list) == len(f.list)
}

// boxConflict reads the first of context_info.conflicts, which is an array on
// folder creation and an object on uploads and copies.
func boxConflict(context json.RawMessage) *errdetails.ResourceInfo {
	type item struct {
		Type json.RawMessage `json:"type"`
		ID   json.RawMessage `json:"id"`
	}
	var info struct {
		Conflicts json.RawMessage `json:"conflicts"`
	}
	if json.Unmarshal(context, &info) != nil {
		return nil
	}
	var one item
	var several []item
	switch {
	case json.Unmarshal(info.Conflicts, &several) == nil && len(several) > 0:
		one = several[0]
	case !bytes.HasPrefix(info.Conflicts, []byte("{")) || len(bytes.Trim(info.Conflicts, "{}"+blanks)) == 0, json.Unmarshal(info.Conflicts, &one) != nil:
		return nil
	}
	return &errdetails.ResourceInfo{ResourceType: text(one.Type), ResourceName: text(one.ID)}
}
