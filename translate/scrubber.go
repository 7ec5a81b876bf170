// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A scrubber cleans everything of an upstream before it is serialized: of what must
// never leave the service, and by the service's own rule, if it has one.
type scrubber struct {
	redact func(kind, text string) string
}

// Kinds of texts for the service's own rule, see WithRedaction.
const (
	kindName = "name"
	kindID   = "id"
	kindText = "text"
)

// text cleans one text of a kind.
func (s scrubber) text(kind, text string) string {
	text = scrubText(text)
	if s.redact == nil || text == "" {
		return text
	}
	return strings.ToValidUTF8(s.redacted(kind, text), "\uFFFD")
}

// redacted runs the service's rule. One that panics says nothing: an error path
// must not fail.
func (s scrubber) redacted(kind, text string) (clean string) {
	defer func() {
		if recover() != nil {
			clean = ""
		}
	}()
	return s.redact(kind, text)
}

// json cleans a JSON text, and drops members that are secrets. A text with nothing
// to hide comes back byte for byte.
func (s scrubber) json(raw []byte) (clean []byte, changed bool) {
	if text := string(raw); len(raw) == 0 || s.quiet(text) && scanJSON(text) {
		return raw, false
	}
	return s.jsonThoroughly(raw)
}

// quiet tells that a text, or a JSON text, has nothing to hide.
func (s scrubber) quiet(text string) bool {
	if s.redact != nil || len(text) > maxText {
		return false
	}
	may, _ := suspicious(text)
	return !may
}

func (s scrubber) jsonThoroughly(raw []byte) (clean []byte, changed bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // 64-bit ids survive
	var v any
	if d.Decode(&v) != nil {
		return nil, true
	}
	if v, changed = s.value(kindText, v); !changed {
		return raw, false
	}
	return marshalJSON(v), true
}

func (s scrubber) value(kind string, v any) (_ any, changed bool) {
	switch v := v.(type) {
	case string:
		clean := s.text(kind, v)
		return clean, clean != v
	case json.Number:
		if clean := s.text(kind, v.String()); kind == kindID && clean != v.String() {
			return clean, true
		}
	case []any:
		for i := range v {
			clean, c := s.value(kind, v[i])
			v[i], changed = clean, changed || c
		}
	case map[string]any:
		for name, value := range v {
			if secretMember(name) {
				delete(v, name)
				changed = true
				continue
			}
			clean, c := s.value(kindOf(name), value)
			v[name], changed = clean, changed || c
		}
	}
	return v, changed
}

// kindOf tells by the name of a member what its text is.
func kindOf(member string) string {
	for _, end := range []string{"_id", "_ids", "Id", "Ids", "ID", "IDs", "esource", "esources", "rrorSource", "self"} {
		if strings.HasSuffix(member, end) {
			return kindID
		}
	}
	member = strings.ToLower(member)
	switch {
	case member == "id" || member == "ids":
		return kindID
	case strings.HasSuffix(member, "name") || member == "login" || strings.HasSuffix(member, "email"):
		return kindName
	}
	return kindText
}

// message cleans a document of any upstream: its texts, and its bytes if they are
// JSON, as those of our own documents are.
func (s scrubber) message(m proto.Message) {
	s.fields(m.ProtoReflect())
}

func (s scrubber) fields(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, v2 protoreflect.Value) bool {
				if clean, ok := s.field(f.MapValue(), v2); ok {
					v.Map().Set(k, clean)
				}
				return true
			})
		case f.IsList():
			for i := range v.List().Len() {
				if clean, ok := s.field(f, v.List().Get(i)); ok {
					v.List().Set(i, clean)
				}
			}
		default:
			if clean, ok := s.field(f, v); ok {
				m.Set(f, clean)
			}
		}
		return true
	})
}

// field cleans one value and reports whether it is to be set anew.
func (s scrubber) field(f protoreflect.FieldDescriptor, v protoreflect.Value) (protoreflect.Value, bool) {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(s.text(kindOf(string(f.Name())), v.String())), true
	case protoreflect.BytesKind:
		clean, changed := s.json(v.Bytes())
		return protoreflect.ValueOfBytes(clean), changed
	case protoreflect.MessageKind, protoreflect.GroupKind:
		s.fields(v.Message())
	}
	return v, false
}

// marshalJSON writes a value that came from JSON, without HTML escapes.
func marshalJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
