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
	found      bool // there is a conflict; of several it is the first
	conflict   conflict
}

func (b *boxBody) context() (c boxContext) {
	context := b.known[memberContextInfo]
	if context == "" {
		return c
	}
	var ok bool
	if c.conflict, c.found, ok = scanContext(context); ok {
		return c
	}
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(context)) == nil && compact.Len() < len(context) {
		if c.conflict, c.found, ok = scanContext(compact.String()); ok {
			return c
		}
	}
	c.conflict = conflict{}
	c.violations = boxViolations([]byte(context))
	r := boxConflict([]byte(context))
	c.found, c.conflict.kind, c.conflict.id = r != nil, r.GetResourceType(), r.GetResourceName()
	return c
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
