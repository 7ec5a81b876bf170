// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// This file is a hot path. Failed requests pay for reading their body whether or not
// anybody is shown it, and encoding/json takes many times as long and allocates. These
// functions go over a JSON text and give out parts of it as they stand there.
//
// Their limit: plain texts. Where something needs a second thought, such as an escape in a
// name, a number that is no positive integer, deep nesting or an error, the text is odd,
// which a negative index says, and the caller reads it again with encoding/json. What is not
// odd they read as encoding/json does: a fuzz test holds the two together.

// odd stands for the index behind what cannot be read here.
const odd = -1

// maxNesting is far more than upstreams send.
const maxNesting = 16

// A member is one that an object is read for: its name with quotes and colon, as nearly
// everybody spells it, and the field that it goes into.
type member struct {
	spelt string
	field int
}

func (m member) name() string { return m.spelt[1 : len(m.spelt)-len(`":`)] }

// none is the field of all other members.
const none = -1

// scanObject reads the object that a text is: see scanMembers. It returns false where the
// text is odd or no object; then some members may have been given out already.
func scanObject(text string, known []member, values []string, other func(field int, name string, at int) (end int)) bool {
	i := scanMembers(text, space(text, 0), known, values, other)
	return i >= 0 && space(text, i) == len(text)
}

// scanJSON tells whether a text is JSON and not odd.
func scanJSON(text string) bool {
	i := scanValue(text, space(text, 0), 0)
	return i >= 0 && space(text, i) == len(text)
}

// scanMembers reads an object from its brace on and returns the index behind it. Known
// members are listed in the order in which they nearly always come: then their names are
// compared, and not read. The first string for a field goes into values as it is spelt, if
// there is room for it. All other values are read by a function that returns the index
// behind them.
func scanMembers(text string, i int, known []member, values []string, other func(field int, name string, at int) (end int)) int {
	if i == len(text) || text[i] != '{' {
		return odd
	}
	i = space(text, i+1)
	if i < len(text) && text[i] == '}' {
		return i + 1
	}
	for turn := 0; ; turn++ {
		field, name := none, ""
		if turn < len(known) && strings.HasPrefix(text[i:], known[turn].spelt) {
			field, name = known[turn].field, known[turn].name()
			i += len(known[turn].spelt)
		} else if name, i = scanName(text, i); i < 0 {
			return odd
		} else if k := slices.IndexFunc(known, func(m member) bool { return m.name() == name }); k >= 0 {
			field, turn = known[k].field, k
		}
		at := space(text, i)
		if field != none && field < len(values) && values[field] == "" && at < len(text) && text[at] == '"' {
			if i = scanString(text, at, true); i >= 0 {
				values[field] = text[at:i]
			}
		} else {
			i = other(field, name, at)
		}
		if i < 0 {
			return odd
		}
		if i = space(text, i); i == len(text) {
			return odd
		}
		switch text[i] {
		case '}':
			return i + 1
		case ',':
			i = space(text, i+1)
		default:
			return odd
		}
	}
}

// scanName reads a name and its colon, and returns the index behind that.
func scanName(text string, i int) (name string, end int) {
	start := i + 1
	if i = scanString(text, i, false); i < 0 {
		return "", odd
	}
	colon := space(text, i)
	if colon == len(text) || text[colon] != ':' {
		return "", odd
	}
	return text[start : i-1], colon + 1
}

// scanElements reads an array from its bracket on and returns the index behind it. Each
// element is read by a function that returns the index behind it.
func scanElements(text string, i int, element func(at int) (end int)) int {
	if i == len(text) || text[i] != '[' {
		return odd
	}
	i = space(text, i+1)
	if i < len(text) && text[i] == ']' {
		return i + 1
	}
	for {
		if i = element(i); i < 0 {
			return odd
		}
		if i = space(text, i); i == len(text) {
			return odd
		}
		switch text[i] {
		case ']':
			return i + 1
		case ',':
			i = space(text, i+1)
		default:
			return odd
		}
	}
}

// scanValue steps over the value at i, whatever it is.
func scanValue(text string, i, depth int) int {
	if i == len(text) || depth == maxNesting {
		return odd
	}
	switch c := text[i]; {
	case c == '"':
		return scanString(text, i, true)
	case c == '{':
		return scanMembers(text, i, nil, nil, func(_ int, _ string, at int) int { return scanValue(text, at, depth+1) })
	case c == '[':
		return scanElements(text, i, func(at int) int { return scanValue(text, at, depth+1) })
	case '1' <= c && c <= '9':
		for i < len(text) && '0' <= text[i] && text[i] <= '9' {
			i++
		}
		return i
	}
	for _, word := range [...]string{"null", "true", "false"} {
		if strings.HasPrefix(text[i:], word) {
			return i + len(word)
		}
	}
	return odd
}

// scanString returns the index behind the closing quote of the string at i, which may have
// escapes or not. It looks at eight bytes at a time for the first special one, from which it
// goes on rune by rune: a byte is below n where a subtraction of n borrows from its highest
// bit. After an exclusive or with c, the byte c is below 1; after one with 2, a quote is
// below '!', as control characters are, and no other is. A byte beyond ASCII has its highest
// bit before, and keeps it in one of the two or both. What is borrowed can mark later bytes,
// and none before.
func scanString(text string, i int, escapes bool) int {
	if i == len(text) || text[i] != '"' {
		return odd
	}
	s, n := text[i+1:], 0
	for ; n <= len(s)-8; n += 8 { // in such words that no bounds are checked within
		w := eight(s[n : n+8])
		quote, slash := (w^ones*2)-ones*'!', (w^ones*'\\')-ones
		if special := (quote | slash) & highest; special != 0 {
			n += bits.TrailingZeros64(special) / 8
			break
		}
	}
	if n < len(s) && s[n] == '"' {
		return i + 1 + n + 1
	}
	return scanRunes(text, i+1+n, escapes)
}

// scanRunes is scanString from within a string.
func scanRunes(text string, i int, escapes bool) int {
	for i < len(text) && text[i] != '"' {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\\' && escapes:
			n = scanEscape(text[i+1:])
		case r == '\\', r < ' ', r == utf8.RuneError && n == 1:
			n = 0
		}
		if n == 0 {
			return odd
		}
		i += n
	}
	if i == len(text) {
		return odd
	}
	return i + 1
}

// scanEscape returns the length of the escape of which these are the bytes behind its
// backslash, or 0 (RFC 8259 section 7).
func scanEscape(text string) int {
	switch {
	case text == "":
		return 0
	case strings.IndexByte(`"\/bfnrt`, text[0]) >= 0:
		return len(`\n`)
	case text[0] == 'u' && len(text) > 4 && hexDigit[text[1]] && hexDigit[text[2]] && hexDigit[text[3]] && hexDigit[text[4]]:
		return len(`\u0000`)
	}
	return 0
}

// hexDigit are the digits of \u escapes, and of numbers and hashes.
var hexDigit = func() (is [256]bool) {
	for _, c := range "0123456789abcdefABCDEF" {
		is[c] = true
	}
	return is
}()

// The lowest and the highest bit of each of eight bytes.
const ones, highest = 0x0101010101010101, 0x8080808080808080

// eight bytes are a number, the first one its lowest. The compiler makes one load of it.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// blanks of JSON (RFC 8259 section 2).
const blanks = " \n\r\t"

// space skips blanks, of which there are nearly always none.
func space(text string, i int) int {
	if i < len(text) && text[i] <= ' ' {
		return blanksEnd(text, i)
	}
	return i
}

func blanksEnd(text string, i int) int {
	for i < len(text) && strings.IndexByte(blanks, text[i]) >= 0 {
		i++
	}
	return i
}
