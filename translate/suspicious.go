// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import "strings"

// This file is a hot path: nearly all texts of upstreams hold no secret, and to find that
// out with regular expressions, and with a search for each of twenty words, takes longer
// than everything else that is done about an error. It looks for all of them in one pass.
//
// Its limit: it knows only what a secret cannot be without, such as three letters of a
// word. A suspicion costs the long way; without one, the long way would change nothing. A
// fuzz test holds the two together.

// hints are what secrets betray themselves by: a query, a parameter or a user name in an
// address, a stack trace, or three letters out of each word of [secretPatterns] and
// [secretMembers], such as are rare in other words. The bytes begin the runes beyond ASCII
// that are an i, a k or an s to those who ignore case.
var hints = [...]string{
	"?", "@", "=", "\n", "\\", "\xc4", "\xc5", "\xe2",
	"bug", "uth", "kie", "ear", "bas", "ses", "oke", "ecr", "ssw", "sse", "sig", "key", "jwt", "tia",
}

// Each byte tells of which hints it can be the first, second and last letter: one bit for
// each hint of three letters, and one, single, for those of one.
var firstLetter, secondLetter, lastLetter = lettersOf(hints[:])

const single = 1 << 15

func lettersOf(hints []string) (first, second, last [256]uint16) {
	bit := uint16(1)
	for _, hint := range hints {
		if len(hint) == 1 {
			last[hint[0]] |= single
			continue
		}
		if strings.Trim(hint, "0123456789abcdef") == "" || bit == single {
			panic("translate: the hint " + hint + " is one too many, or looks like a number")
		}
		for i, letters := range []*[256]uint16{&first, &second, &last} {
			letters[hint[i]] |= bit
			letters[hint[i]-'a'+'A'] |= bit
		}
		bit <<= 1
	}
	return first, second, last
}

// suspicious tells whether there may be a secret in a text, or in JSON. Separators within a
// word do not hide it. It steps over hexadecimal digits in front, as of ids and hashes, for
// every hint has a letter that is none, and back by two, which may be the hint's first ones.
func suspicious(s string) bool {
	i := 0
	for i < len(s) && hexDigit[s[i]] {
		i++
	}
	first, both := uint16(0), uint16(single)
	for i = max(i-2, 0); i < len(s); i++ {
		c := s[i]
		if c == '_' || c == '-' {
			continue
		}
		if both&lastLetter[c] != 0 {
			return true
		}
		both = first&secondLetter[c] | single
		first = firstLetter[c]
	}
	return false
}
