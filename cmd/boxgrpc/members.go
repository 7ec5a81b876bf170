// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
)

// members are those of a JSON object, and the first mistake that was met in
// reading them.
type members struct {
	raw map[string]json.RawMessage
	err error
}

func (m *members) fail(name, what string) {
	if m.err == nil {
		m.err = fmt.Errorf("%s: %s", name, what)
	}
}

// null says no more than a member that is missing.
func null(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func (m *members) text(name string, to *string) {
	if !null(m.raw[name]) && json.Unmarshal(m.raw[name], to) != nil {
		m.fail(name, "a string is expected")
	}
}

var integer = regexp.MustCompile(`^-?[0-9]+$`)

// integer must be there.
func (m *members) integer(name string, to *int) {
	if !integer.Match(m.raw[name]) {
		m.fail(name, "an integer is missing")
		return
	}
	*to = statusNumber(m.raw[name])
}

// bytes are in one member as text or in another in base64, which says them
// exactly.
func (m *members) bytes(plain, encoded string, to *[]byte) {
	var text, code string
	m.text(plain, &text)
	m.text(encoded, &code)
	*to = []byte(text)
	if code == "" {
		return
	}
	raw, err := decodeBase64(code)
	if err != nil {
		m.fail(encoded, err.Error())
	}
	*to = raw
}

// header is an object with names in any case. A value is a string or an array of
// strings; a bare number such as "Retry-After": 5 counts as it is spelt.
func (m *members) header(name string, to *http.Header) {
	var fields map[string]json.RawMessage
	if !null(m.raw[name]) && json.Unmarshal(m.raw[name], &fields) != nil {
		m.fail(name, "an object is expected")
	}
	*to = make(http.Header)
	// Sorted: of two spellings of one name the same must always come first.
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		values := []json.RawMessage{fields[field]}
		if fields[field][0] == '[' {
			_ = json.Unmarshal(fields[field], &values) // an array, as the first byte says
		}
		for _, raw := range values {
			v, ok := scalar(raw)
			if ok {
				to.Add(field, v)
			} else if !null(raw) {
				m.fail(name, fmt.Sprintf("%.40q is neither a string nor an array of strings", field))
			}
		}
	}
}

// scalar is a string, or a number or boolean as it is spelt. Anything else is
// none.
func scalar(raw json.RawMessage) (string, bool) {
	var s string
	switch {
	case null(raw), raw[0] == '{', raw[0] == '[':
		return "", false
	case json.Unmarshal(raw, &s) == nil:
		return s, true
	}
	return string(raw), true
}
