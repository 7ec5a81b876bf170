// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A conflict is the item in the way that a context_info tells of, and nothing else. As
// BoxError.conflict it takes half the bytes of the JSON, and callers need not parse it.
// Its members are texts, and as they are spelt while they are being read.
type conflict struct {
	only      bool // the context_info says nothing else
	hasItem   bool // it is not empty
	lossless  bool // the schema has a field for all of it
	inArray   bool
	versioned bool // there is a file_version

	item    [itemSHA1 + 1]string
	version [versionSHA1 + 1]string

	inItem, inVersion set // which of these there are
}

// The members by their fields in BoxError.Conflict and BoxError.FileVersion. Type and id of
// the item, and the type of the version, have none.
const (
	itemType, itemID, itemName, itemETag, itemSequenceID, itemSHA1, itemVersion = 0, 1, 2, 3, 4, 5, 6
	versionType, versionID, versionSHA1                                         = 0, 1, 2

	inArrayField, fileVersionField, sameSHA1Field = 1, itemVersion, 3
)

const fileVersion = "file_version"

// append writes a BoxError.Conflict: see box_pack.go.
func (c *conflict) append(b []byte) []byte {
	if c.inArray {
		b = appendNumber(b, inArrayField, 1)
	}
	b = appendFields(b, c.item[:], c.inItem, itemName)
	if !c.versioned {
		return b
	}
	b, start := beginMessage(b, fileVersionField)
	b = appendFields(b, c.versionTexts(), c.inVersion, versionID)
	if c.sameSHA1() {
		b = appendNumber(b, sameSHA1Field, 1)
	}
	return endMessage(b, start)
}

// versionTexts are the texts of the version that the item has not said.
func (c *conflict) versionTexts() []string {
	if c.sameSHA1() {
		return c.version[:versionSHA1]
	}
	return c.version[:]
}

// sameSHA1 tells that the hashes of file and version are one fact.
func (c *conflict) sameSHA1() bool {
	return c.inItem.has(itemSHA1) && c.inVersion.has(versionSHA1) && c.item[itemSHA1] == c.version[versionSHA1]
}

// appendFields writes the texts that are there as the fields of their indices, empty ones
// too.
func appendFields(b []byte, texts []string, there set, field int) []byte {
	for ; field < len(texts); field++ {
		if there.has(field) {
			b = appendString(b, protowire.Number(field), texts[field])
		}
	}
	return b
}

// quiet tells that nothing in it is to be hidden. Type and id are not looked at: they stand
// in ResourceInfo, cleaned.
func (c *conflict) quiet(s scrubber) bool {
	for _, texts := range [][]string{c.item[itemName:], c.versionTexts()[versionID:]} {
		for _, text := range texts {
			if !s.quiet(text) && (s.redact != nil || scrubText(text) != text) {
				return false
			}
		}
	}
	return true
}

// conflictContext is the context_info that a conflict and ResourceInfo tell completely.
func (p *parts) conflictContext(c *boxgrpcv1.BoxError_Conflict) []byte {
	var r errdetails.ResourceInfo
	p.read(kindResource, &r)
	item := map[string]any{"type": r.GetResourceType(), "id": r.GetResourceName()}
	addTexts(item, c)
	if v := c.GetFileVersion(); v != nil {
		version := map[string]any{"type": fileVersion}
		addTexts(version, v)
		if v.GetSameSha1() {
			version["sha1"] = c.GetSha1()
		}
		item[fileVersion] = version
	}
	var conflicts any = item
	if c.GetInArray() {
		conflicts = []any{item}
	}
	return marshalJSON(map[string]any{"conflicts": conflicts})
}

// addTexts adds the texts that are there. Their fields have the names of the JSON members.
func addTexts(to map[string]any, m proto.Message) {
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Kind() == protoreflect.StringKind {
			to[string(f.Name())] = v.String()
		}
		return true
	})
}
