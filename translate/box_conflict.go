// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A conflict is the item in the way that a context_info tells of, and nothing else. As
// BoxError.conflict it takes half the bytes of the JSON, and callers need not parse it.
type conflict struct {
	kind, id string
	inArray  bool
	texts    [sha1Field + 1]optional // by field of BoxError.Conflict
	version  [versionSHA1Field + 1]optional
	versions int  // how many file_version there are
	typed    bool // the schema has a field for all of it
}

// The fields of BoxError.Conflict and BoxError.FileVersion.
const (
	inArrayField, nameField, etagField, sequenceIDField, sha1Field, fileVersionField = 1, 2, 3, 4, 5, 6
	versionIDField, versionSHA1Field                                                 = 1, 2
)

func conflictField(name string) int {
	switch name {
	case "name":
		return nameField
	case "etag":
		return etagField
	case "sequence_id":
		return sequenceIDField
	case "sha1":
		return sha1Field
	}
	return 0
}

func versionField(name string) int {
	switch name {
	case "id":
		return versionIDField
	case "sha1":
		return versionSHA1Field
	}
	return 0
}

// An optional text is there or not, which the empty one does not tell.
type optional struct {
	text  string
	there bool
}

// take reports whether the value is a text, and the first one.
func (o *optional) take(value string) bool {
	first := !o.there && value[0] == '"'
	*o = optional{scannedText(value), true}
	return first
}

// scanContext reads a context_info that is one conflict, in an array or not, or none. Of any
// other it says that it is not ok.
func scanContext(context string) (c conflict, found, ok bool) {
	item, ok := between(`{"conflicts":`, context, "}")
	if item = strings.Trim(item, blanks); !ok || item == "{}" {
		return c, false, ok
	}
	if list, ok := between("[", item, "]"); ok {
		item, c.inArray = list, true
	}
	return c, true, c.scan(item)
}

// between returns what stands between two parts of a text.
func between(before, text, after string) (string, bool) {
	text, ok := strings.CutPrefix(text, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(text, after)
}

func (c *conflict) scan(item string) bool {
	var kind, id optional
	known, doubtful := true, false
	ok := scanObject(item, func(name, value string) {
		switch field := conflictField(name); {
		case name == "type":
			doubtful = doubtful || kind.there
			known = kind.take(value) && known
		case name == "id":
			doubtful = doubtful || id.there
			known = id.take(value) && known
		case name == "file_version":
			c.versions++
			known = c.scanVersion(value) && known && c.versions == 1
		case field != 0:
			known = c.texts[field].take(value) && known
		default:
			// What encoding/json would take for the same name.
			doubtful = doubtful || strings.EqualFold(name, "type") || strings.EqualFold(name, "id")
			known = false
		}
	})
	c.kind, c.id = kind.text, id.text
	c.typed = known && kind.there && id.there
	return ok && !doubtful
}

// scanVersion reports whether a file_version has nothing that the schema has no field for.
func (c *conflict) scanVersion(value string) bool {
	var kind optional
	known := true
	ok := scanObject(value, func(name, value string) {
		switch field := versionField(name); {
		case name == "type":
			known = kind.take(value) && known
		case field != 0:
			known = c.version[field].take(value) && known
		default:
			known = false
		}
	})
	return ok && known && kind.text == fileVersion
}

const fileVersion = "file_version"

// append writes a BoxError.Conflict: see wire.go.
func (c *conflict) append(b []byte) []byte {
	if c.inArray {
		b = appendNumber(b, inArrayField, 1)
	}
	b = appendOptionals(b, c.texts[:])
	if c.versions == 0 {
		return b
	}
	var room [128]byte
	version := appendOptionals(room[:0], c.version[:])
	return append(appendHead(b, fileVersionField, len(version)), version...)
}

// appendOptionals writes texts as the fields of their indices, the empty ones too.
func appendOptionals(b []byte, texts []optional) []byte {
	for field, o := range texts {
		if o.there {
			b = protowire.AppendTag(b, protowire.Number(field), protowire.BytesType)
			b = protowire.AppendString(b, o.text)
		}
	}
	return b
}

// quiet tells that nothing in it is to be hidden. That of ResourceInfo is clean.
func (c *conflict) quiet(s scrubber) bool {
	for _, texts := range [][]optional{c.texts[:], c.version[:]} {
		for _, o := range texts {
			if !s.quiet(o.text) {
				return false
			}
		}
	}
	return true
}

// packedIn tells whether ResourceInfo has the type and the id.
func (c *conflict) packedIn(p *parts) bool {
	var room [128]byte
	return bytes.Equal(p.packed[kindResource], appendTexts(room[:0], c.kind, c.id))
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
