// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strings"
	"unicode/utf8"
)

// This file is a hot path: nearly all texts of upstreams hold no secret, and to find that
// out with regular expressions, and with a search for each of twenty words, takes longer
// than everything else that is done about an error. It looks for all of them in one pass.
//
// Its limit: it knows only what a secret cannot be without, such as three letters of a
// word. A suspicion costs the long way; without one, the long way would change nothing. A
// fuzz test holds the two together.

// hints are what secrets betray themselves by: a query, a parameter or a user name in an
// address, or three letters out of each word of [secretPatterns] and [secretMembers], such
// as are rare in other words. The bytes begin the runes beyond ASCII that are an i, a k or
// an s to those who ignore case. Control characters are hints as well: stack traces have
// them, and ids must not.
var hints = [...]string{
	"?", "@", "=", "\\", "\xc4", "\xc5", "\xe2",
	"bug", "uth", "kie", "ear", "bas", "ses", "oke", "ecr", "ssw", "sse", "sig", "key", "jwt", "tia",
}

// The hints are looked for all at once, in a word with three bits for each of them: that
// its first letter was the last byte, that its first two were the last bytes, and that it
// was found. Those of one byte share one bit. These bits say where a hint begins, and where
// it is found.
const (
	single = 1 << (3 * 14) // behind 14 hints of three letters
	begins = (single-1)/7 | single
	found  = (single-1)/7<<2 | single
)

// letters are the bits that can stay after a byte, in words of either case. After a
// separator all stay as they are.
var letters = lettersOf(hints[:])

const separator = ^uint64(0)

func lettersOf(hints []string) (letters [256]uint64) {
	for c := range byte(' ') {
		letters[c] = single
	}
	letters[0x7f], letters['_'], letters['-'] = single, separator, separator
	bit := uint64(1)
	for _, hint := range hints {
		if len(hint) == 1 {
			letters[hint[0]] |= single
			continue
		}
		if strings.Trim(hint, "0123456789abcdef") == "" || bit == single {
			panic("translate: the hint " + hint + " is one too many, or looks like a number")
		}
		for i := range len(hint) {
			letters[hint[i]] |= bit << i
			letters[hint[i]-'a'+'A'] |= bit << i
		}
		bit <<= 3
	}
	return letters
}

// suspicious tells whether there may be a secret in a text, or in JSON, or else whether it is
// plain: printable ASCII. Separators within a word do not hide it. It steps over hexadecimal digits
// in front, as of ids and hashes, for every hint has a letter that is none, and back by two,
// which may be the hint's first ones.
func suspicious(s string) (yes, plain bool) {
	i := 0
	for i < len(s) && hexDigit[s[i]] {
		i++
	}
	state, all := uint64(0), byte(0)
	for i = max(i-2, 0); i < len(s); i++ {
		all |= s[i]
		letter := letters[s[i]]
		if letter == separator {
			continue
		}
		if state = (2*state + begins) & letter; state&found != 0 {
			return true, false
		}
	}
	return false, all < utf8.RuneSelf
}
