// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import "strings"

// This file is a hot path: it reads Box's bodies in one go with scan.go, context_info
// included, because encoding/json takes many times as long for the commonest errors.
//
// Its limit: a context_info is one conflict, or a list of errors, and nothing else. Any
// other is odd: it is stepped over here, and box_context.go reads it with encoding/json
// once somebody asks. A fuzz test holds the two together.

// scan reads a body that is not odd.
func (b *boxBody) scan(text string) bool {
	b.object, b.scanned = true, true
	return scanObject(text, func(name string, at int) int {
		end := odd
		if name == boxNames[memberContextInfo] {
			end = b.scanContext(text, at)
		}
		if end < 0 {
			end = scanValue(text, at, 0)
		}
		if end >= 0 {
			b.set(name, text[at:end])
		}
		return end
	})
}

// scanContext reads a context_info that is one conflict, or a list of errors, and nothing
// else. Any other is odd.
func (b *boxBody) scanContext(text string, at int) int {
	b.errors = nil
	if end := b.conflict.scan(text, at); end >= 0 {
		return end
	}
	list := new(fieldErrors)
	end := list.scan(text, at)
	if end >= 0 {
		b.errors = list
	}
	return end
}

// scan reads a context_info that is one conflict, in an array or not, or empty, and returns
// the index behind it. Any other is odd.
func (c *conflict) scan(text string, at int) int {
	*c = conflict{}
	end := scanMembers(text, at, func(name string, at int) int {
		if name != "conflicts" || c.only {
			return odd
		}
		c.only = true
		return c.scanConflicts(text, at)
	})
	switch {
	case end < 0:
		*c = conflict{}
	case strings.IndexByte(text[at:end], '\\') >= 0:
		unescape(c.item[:])
		unescape(c.version[:])
	}
	return end
}

// unescape takes the escapes out of texts that were taken.
func unescape(members []string) {
	for i, taken := range members {
		if strings.HasPrefix(taken, `"`) {
			members[i] = `"` + scannedText(taken) + `"`
		}
	}
}

func (c *conflict) scanConflicts(text string, at int) int {
	if c.inArray = at < len(text) && text[at] == '['; !c.inArray {
		return c.scanItem(text, at)
	}
	return scanElements(text, at, func(at int) int {
		if c.hasItem {
			return odd // there are several
		}
		return c.scanItem(text, at)
	})
}

func (c *conflict) scanItem(text string, at int) int {
	members, known := 0, true
	end := scanMembers(text, at, func(name string, at int) int {
		members++
		if name == fileVersion {
			known, c.versioned = known && !c.versioned, true
			return c.scanVersion(text, at, &known)
		}
		m, ok := itemMember(name)
		if known = ok && known; !ok && (strings.EqualFold(name, "type") || strings.EqualFold(name, "id")) {
			return odd // encoding/json takes it for the same name
		}
		end := scanValue(text, at, 0)
		if !ok || end < 0 {
			return end
		}
		known = take(&c.item[m], text[at:end]) && known
		return end
	})
	c.hasItem = members > 0 || c.inArray
	c.lossless = known && c.item[itemType] != "" && c.item[itemID] != ""
	return end
}

// scanVersion reads a file_version, and makes known false where the schema has no field for
// something in it.
func (c *conflict) scanVersion(text string, at int, known *bool) int {
	if at == len(text) || text[at] != '{' {
		*known = false
		return scanValue(text, at, 0)
	}
	end := scanMembers(text, at, func(name string, at int) int {
		end := scanValue(text, at, 0)
		m, ok := versionMember(name)
		*known = ok && end >= 0 && take(&c.version[m], text[at:end]) && *known
		return end
	})
	*known = *known && c.version[versionType] == `"`+fileVersion+`"`
	return end
}

// take keeps the value of a member as it is spelt, and reports whether it is a text, and the
// first one.
func take(member *string, value string) bool {
	first := *member == "" && value[0] == '"'
	*member = value
	return first
}

func (f *fieldErrors) scan(text string, at int) int {
	f.whole = true
	return scanMembers(text, at, func(name string, at int) int {
		if name != "errors" || f.found {
			return odd
		}
		f.found = true
		return scanElements(text, at, func(at int) int { return f.scanOne(text, at) })
	})
}

func (f *fieldErrors) scanOne(text string, at int) int {
	var e struct{ reason, name, message string } // as they are spelt
	end := scanMembers(text, at, func(name string, at int) int {
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
		end := scanValue(text, at, 0)
		if end < 0 || !take(member, text[at:end]) {
			return odd
		}
		return end
	})
	if end >= 0 && len(f.list) <= maxViolations { // one more than are told: then there are too many
		f.whole = f.whole && e.reason != "" && e.name != "" && e.message != ""
		f.list = append(f.list, boxFieldError{scannedText(e.reason), scannedText(e.name), scannedText(e.message)})
	}
	return end
}

// unquoted is a text that was taken and has no escapes, or "".
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
