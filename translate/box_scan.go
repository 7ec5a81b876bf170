// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
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
	b.object, b.scanned, b.verbatim = true, true, !escaped(text)
	return scanObject(text, bodyMembers, b.known[:], func(field int, name string, at int) int {
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
	end := scanMembers(text, at, nil, nil, func(_ int, name string, at int) int {
		if name != "conflicts" || c.only {
			return odd
		}
		c.only = true
		return c.scanConflicts(text, at)
	})
	if end < 0 {
		*c = conflict{}
		return odd
	}
	verbatim := !escaped(text[at:end])
	c.inItem, c.inVersion = readTexts(c.item[:], verbatim), readTexts(c.version[:], verbatim)
	return end
}

// readTexts makes texts of values, and returns which of them there are.
func readTexts(values []string, verbatim bool) (there set) {
	for i, raw := range values {
		if raw != "" {
			there.add(i)
			values[i] = scannedText(raw, verbatim)
		}
	}
	return there
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
	known, others := true, false
	end := scanMembers(text, at, itemMembers, c.item[:], func(field int, name string, at int) int {
		others = true
		switch {
		case field == itemVersion:
			known, c.versioned = known && !c.versioned, true
			return c.scanVersion(text, at, &known)
		case field == none && (strings.EqualFold(name, "type") || strings.EqualFold(name, "id")):
			return odd // encoding/json takes it for the same name
		}
		known = false // it is no text, the second one, or not in the schema
		end := scanValue(text, at, 0)
		if field != none && end >= 0 {
			c.item[field] = text[at:end]
		}
		return end
	})
	c.hasItem = others || c.inArray || c.item != [len(c.item)]string{}
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
	end := scanMembers(text, at, versionMembers, c.version[:], func(_ int, _ string, at int) int {
		*known = false
		return scanValue(text, at, 0)
	})
	*known = *known && c.version[versionType] == `"`+fileVersion+`"`
	return end
}

func (f *fieldErrors) scan(text string, at int) int {
	f.whole = true
	return scanMembers(text, at, nil, nil, func(_ int, name string, at int) int {
		if name != "errors" || f.found {
			return odd
		}
		f.found = true
		return scanElements(text, at, func(at int) int { return f.scanOne(text, at) })
	})
}

func (f *fieldErrors) scanOne(text string, at int) int {
	var e [errorMessage + 1]string
	end := scanMembers(text, at, errorMembers, e[:], func(int, string, int) int { return odd })
	if end >= 0 && len(f.list) <= maxViolations { // one more than are told: then there are too many
		all := readTexts(e[:], false) == 1<<len(e)-1
		f.whole = f.whole && all
		f.list = append(f.list, boxFieldError{e[errorReason], e[errorName], e[errorMessage]})
	}
	return end
}
