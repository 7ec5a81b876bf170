// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"encoding/json"
	"strings"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// This file is a hot path: it reads Box's bodies in one go with scan.go, context_info
// included, because encoding/json takes many times as long for the commonest errors.
//
// Its limit: a context_info is one conflict, or a list of errors, and nothing else. Any
// other is odd: it is stepped over here, and box_context.go reads it with encoding/json
// once somebody asks. A fuzz test holds the two together.

// The members that are looked for, in Box's order.
var (
	bodyMembers = []member{
		bodyMember(memberType), bodyMember(memberStatus), bodyMember(memberCode), bodyMember(memberContextInfo),
		bodyMember(memberHelpURL), bodyMember(memberMessage), bodyMember(memberRequestID),
		bodyMember(memberError), bodyMember(memberErrorDescription), // OAuth 2
	}
	itemMembers = []member{
		{`"type":`, itemType}, {`"id":`, itemID}, {`"file_version":`, itemVersion}, {`"sequence_id":`, itemSequenceID},
		{`"etag":`, itemETag}, {`"sha1":`, itemSHA1}, {`"name":`, itemName},
	}
	versionMembers = []member{{`"type":`, versionType}, {`"id":`, versionID}, {`"sha1":`, versionSHA1}}
	errorMembers   = []member{{`"reason":`, errorReason}, {`"name":`, errorName}, {`"message":`, errorMessage}}
)

func bodyMember(m boxgrpcv1.BoxError_Member) member {
	return member{`"` + boxNames[m] + `":`, int(m)}
}

// scan reads a body that is not odd.
func (b *boxBody) scan(text string) bool {
	b.object, b.scanned, b.plain = true, true, strings.IndexByte(text, '\\') < 0
	return scanObject(text, bodyMembers, func(field int, name string, at int) int {
		end := odd
		if field == int(memberContextInfo) {
			end = b.scanContext(text, at)
		}
		if end < 0 {
			end = scanValue(text, at, 0)
		}
		switch {
		case end < 0:
		case field == none:
			b.setOther(name, text[at:end])
		default:
			b.known[field] = text[at:end]
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
	end := scanMembers(text, at, nil, func(_ int, name string, at int) int {
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

func unescape(texts []string) {
	for i, text := range texts {
		if strings.IndexByte(text, '\\') >= 0 {
			texts[i] = scannedText(`"` + text + `"`)
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
	end := scanMembers(text, at, itemMembers, func(field int, name string, at int) int {
		members++
		switch {
		case field == itemVersion:
			known, c.versioned = known && !c.versioned, true
			return c.scanVersion(text, at, &known)
		case field == none && (strings.EqualFold(name, "type") || strings.EqualFold(name, "id")):
			return odd // encoding/json takes it for the same name
		}
		end := scanValue(text, at, 0)
		known = field != none && end >= 0 && take(c.item[:], &c.itemHas, field, text[at:end]) && known
		return end
	})
	c.hasItem = members > 0 || c.inArray
	c.lossless = known && c.itemHas.has(itemType) && c.itemHas.has(itemID)
	return end
}

// scanVersion reads a file_version, and makes known false where the schema has no field for
// something in it.
func (c *conflict) scanVersion(text string, at int, known *bool) int {
	if at == len(text) || text[at] != '{' {
		*known = false
		return scanValue(text, at, 0)
	}
	end := scanMembers(text, at, versionMembers, func(field int, _ string, at int) int {
		end := scanValue(text, at, 0)
		*known = field != none && end >= 0 && take(c.version[:], &c.versionHas, field, text[at:end]) && *known
		return end
	})
	*known = *known && c.version[versionType] == fileVersion
	return end
}

// take keeps the value of a member, and reports whether it is a text, and the first one.
// Escapes stay in it.
func take(texts []string, has *set, field int, value string) bool {
	first := !has.has(field)
	has.add(field)
	if value[0] != '"' {
		texts[field] = text(json.RawMessage(value))
		return false
	}
	texts[field] = value[1 : len(value)-1]
	return first
}

func (f *fieldErrors) scan(text string, at int) int {
	f.whole = true
	return scanMembers(text, at, nil, func(_ int, name string, at int) int {
		if name != "errors" || f.found {
			return odd
		}
		f.found = true
		return scanElements(text, at, func(at int) int { return f.scanOne(text, at) })
	})
}

func (f *fieldErrors) scanOne(text string, at int) int {
	var e [errorMessage + 1]string
	var has set
	end := scanMembers(text, at, errorMembers, func(field int, _ string, at int) int {
		if field == none {
			return odd
		}
		end := scanValue(text, at, 0)
		if end < 0 || !take(e[:], &has, field, text[at:end]) {
			return odd
		}
		return end
	})
	if end >= 0 && len(f.list) <= maxViolations { // one more than are told: then there are too many
		f.whole = f.whole && has == 1<<len(e)-1
		unescape(e[:])
		f.list = append(f.list, boxFieldError{e[errorReason], e[errorName], e[errorMessage]})
	}
	return end
}
