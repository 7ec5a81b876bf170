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
	found      bool   // there is a conflict; of several it is the first
	kind, id   string // of the item
}

func (b *boxBody) context() (c boxContext) {
	if b.conflict.plain {
		c.found, c.kind, c.id = b.conflict.found, scannedText(b.conflict.item[itemType]), scannedText(b.conflict.item[itemID])
		return c
	}
	if raw := b.known[memberContextInfo]; raw != "" {
		c.violations = boxViolations([]byte(raw))
		r := boxConflict([]byte(raw))
		c.found, c.kind, c.id = r != nil, r.GetResourceType(), r.GetResourceName()
	}
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
	case !bytes.HasPrefix(info.Conflicts, []byte("{")) || len(bytes.Trim(info.Conflicts, "{}"+blanks)) == 0, json.Unmarshal(info.Conflicts, &one) != nil:
		return nil
	}
	return &errdetails.ResourceInfo{ResourceType: text(one.Type), ResourceName: text(one.ID)}
}
