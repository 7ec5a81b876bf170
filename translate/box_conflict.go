// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"encoding/json"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A conflict is the item in the way that a context_info tells of, and nothing else. As
// BoxError.conflict it takes half the bytes of the JSON, and callers need not parse it.
// Its members are as they are spelt, but that texts have no escapes.
type conflict struct {
	plain     bool // the context_info says nothing else
	found     bool // there is one
	typed     bool // the schema has a field for all of it
	inArray   bool
	versioned bool // there is a file_version

	item    [itemSHA1 + 1]string
	version [versionSHA1 + 1]string
}

// The members by their fields in BoxError.Conflict and BoxError.FileVersion. Type and id of
// the item, and the type of the version, have none.
const (
	itemType, itemID, itemName, itemETag, itemSequenceID, itemSHA1 = 0, 1, 2, 3, 4, 5
	versionType, versionID, versionSHA1                            = 0, 1, 2

	inArrayField, fileVersionField = 1, 6
)

const fileVersion = "file_version"

// scan reads a context_info that is one conflict, in an array or not, or none, and returns
// the index behind it. Any other is odd.
func (c *conflict) scan(text string, at int) int {
	*c = conflict{}
	end := scanMembers(text, at, 1, func(name string, at int) int {
		if name != "conflicts" || c.plain {
			return odd
		}
		c.plain = true
		return c.scanConflicts(text, at)
	})
	if end < 0 {
		*c = conflict{}
	}
	return end
}

func (c *conflict) scanConflicts(text string, at int) int {
	if at == len(text) || text[at] != '[' {
		return c.scanItem(text, at)
	}
	c.inArray = true
	end := c.scanItem(text, space(text, at+1))
	if end < 0 {
		return odd
	}
	if end = space(text, end); end == len(text) || text[end] != ']' {
		return odd
	}
	return end + 1
}

func (c *conflict) scanItem(text string, at int) int {
	members, known := 0, true
	end := scanMembers(text, at, 3, func(name string, at int) int {
		members++
		if name == fileVersion {
			known, c.versioned = known && !c.versioned, true
			return c.scanVersion(text, at, &known)
		}
		m, ok := itemMember(name)
		if known = ok && known; !ok && (strings.EqualFold(name, "type") || strings.EqualFold(name, "id")) {
			return odd // encoding/json takes it for the same name
		}
		end := scanValue(text, at, 3)
		if !ok || end < 0 {
			return end
		}
		if c.item[m] != "" && m <= itemID {
			return odd
		}
		known = take(&c.item[m], text[at:end]) && known
		return end
	})
	c.found = members > 0 || c.inArray
	c.typed = known && c.item[itemType] != "" && c.item[itemID] != ""
	return end
}

// scanVersion reads a file_version, and makes known false where the schema has no field for
// something in it.
func (c *conflict) scanVersion(text string, at int, known *bool) int {
	if at == len(text) || text[at] != '{' {
		*known = false
		return scanValue(text, at, 4)
	}
	end := scanMembers(text, at, 4, func(name string, at int) int {
		end := scanValue(text, at, 4)
		m, ok := versionMember(name)
		*known = ok && end >= 0 && take(&c.version[m], text[at:end]) && *known
		return end
	})
	*known = *known && c.version[versionType] == `"`+fileVersion+`"`
	return end
}

// take reports whether the value of a member is a text, and the first one.
func take(member *string, value string) bool {
	isText := value[0] == '"'
	first := *member == "" && isText
	if *member = value; isText && strings.IndexByte(value, '\\') >= 0 {
		*member = `"` + scannedText(value) + `"`
	}
	return first
}

// text of a member of the item, or "".
func (c *conflict) text(member int) string {
	if raw := c.item[member]; !strings.HasPrefix(raw, `"`) {
		return text(json.RawMessage(raw))
	}
	return unquoted(c.item[member])
}

// unquoted is a text that was taken, or "".
func unquoted(taken string) string { return strings.TrimSuffix(strings.TrimPrefix(taken, `"`), `"`) }

func itemMember(name string) (int, bool) {
	switch name {
	case "type":
		return itemType, true
	case "id":
		return itemID, true
	case "name":
		return itemName, true
	case "etag":
		return itemETag, true
	case "sequence_id":
		return itemSequenceID, true
	case "sha1":
		return itemSHA1, true
	}
	return 0, false
}

func versionMember(name string) (int, bool) {
	switch name {
	case "type":
		return versionType, true
	case "id":
		return versionID, true
	case "sha1":
		return versionSHA1, true
	}
	return 0, false
}

// append writes a BoxError.Conflict: see wire.go.
func (c *conflict) append(b []byte) []byte {
	if c.inArray {
		b = appendNumber(b, inArrayField, 1)
	}
	b = appendQuoted(b, c.item[:], itemName)
	if !c.versioned {
		return b
	}
	b, start := beginMessage(b, fileVersionField)
	return endMessage(appendQuoted(b, c.version[:], versionID), start)
}

// appendQuoted writes texts as the fields of their indices, the empty ones too.
func appendQuoted(b []byte, texts []string, field int) []byte {
	for ; field < len(texts); field++ {
		if text := texts[field]; text != "" {
			text = unquoted(text)
			b = append(appendHead(b, protowire.Number(field), len(text)), text...)
		}
	}
	return b
}

// quiet tells that nothing in it is to be hidden. That of ResourceInfo is clean.
func (c *conflict) quiet(s scrubber) bool {
	for _, texts := range [][]string{c.item[itemName:], c.version[versionID:]} {
		for _, text := range texts {
			if !s.quiet(text) {
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
