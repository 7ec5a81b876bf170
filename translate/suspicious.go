// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

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
// each hint of three letters, and one, alone, for those of one.
var firstLetter, secondLetter, lastLetter [256]uint16

const alone = 1 << 15

func init() {
	bit := uint16(1)
	for _, hint := range hints {
		if len(hint) == 1 {
			lastLetter[hint[0]] |= alone
			continue
		}
		for i, letters := range []*[256]uint16{&firstLetter, &secondLetter, &lastLetter} {
			letters[hint[i]] |= bit
			letters[hint[i]-'a'+'A'] |= bit
		}
		bit <<= 1
	}
	if bit > alone {
		panic("translate: there are more hints than bits")
	}
	for _, c := range "0123456789abcdefABCDEF" {
		hexDigit[c] = true
	}
}

// hexDigit are the bytes of numbers and hashes. There is more in every hint.
var hexDigit [256]bool

// suspicious tells whether there may be a secret in a text, or in JSON. Separators within a
// word do not hide it.
func suspicious(s string) bool {
	i := 0
	for i < len(s) && hexDigit[s[i]] {
		i++
	}
	first, both := uint16(0), uint16(alone)
	for i = max(i-2, 0); i < len(s); i++ {
		c := s[i]
		if c == '_' || c == '-' {
			continue
		}
		if both&lastLetter[c] != 0 {
			return true
		}
		both = first&secondLetter[c] | alone
		first = firstLetter[c]
	}
	return false
}
