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

// The hints of three letters are looked for all at once, in a word with a bit for each hint and
// each of its places. The bit is 0 where the last bytes are the hint's letters up to that place.
const (
	triples  = 14
	missed   = (1<<triples - 1) << (2 * triples) // the third letters
	single   = 1 << 63                           // the byte is a hint by itself
	beyond   = 1 << 62                           // it is beyond ASCII
	noLetter = 1<<(3*triples) - 1

	separator = 0 // after which all bits stay as they are
)

// letters are the bits that a byte sets to 1, or a separator, in words of either case.
var letters = lettersOf(hints[:])

func lettersOf(hints []string) (letters [256]uint64) {
	for c := range letters {
		letters[c] = noLetter
		if c >= utf8.RuneSelf {
			letters[c] |= beyond
		}
		if c < ' ' || c == 0x7f {
			letters[c] |= single
		}
	}
	bit := uint64(1)
	for _, hint := range hints {
		if len(hint) == 1 {
			letters[hint[0]] |= single
			continue
		}
		if strings.Trim(hint, "0123456789abcdef") == "" || bit == 1<<triples {
			panic("translate: the hint " + hint + " is one too many, or looks like a number")
		}
		for i := range len(hint) {
			letters[hint[i]] &^= bit << (i * triples)
			letters[hint[i]-'a'+'A'] &^= bit << (i * triples)
		}
		bit <<= 1
	}
	letters['_'], letters['-'] = separator, separator
	return letters
}

// suspicious tells whether there may be a secret in a text, or in JSON, or else whether it is
// plain: printable ASCII. Separators within a word do not hide it. It steps over hexadecimal digits
// in front, as of ids and hashes, for every hint has a letter that is none, and back by two,
// which may be the hint's first ones.
func suspicious(s string) (yes, plain bool) {
	state := ^uint64(0)
	always, ever := state, uint64(0) // the bits of all states, and those of any letter
	for i := max(hexDigits(s)-2, 0); i < len(s); i++ {
		letter := letters[s[i]]
		if letter == separator {
			continue
		}
		state = state<<triples | letter
		always &= state
		ever |= letter
	}
	yes = always&missed != missed || ever&single != 0
	return yes, !yes && ever&beyond == 0
}

// hexDigits counts those that a text begins with: eight at a time, in lower case as ids and
// hashes have them. To each byte it adds what is missing from a character to 128. Then the highest
// bit tells bytes from that character on from those before it, and no byte beyond ASCII looks like
// a digit. Such a byte can carry into the next one, but the eight are no digits already.
func hexDigits(s string) (n int) {
	for ; n <= len(s)-8; n += 8 {
		w := eight(s[n : n+8])
		digit := (w + ones*(128-'0')) &^ (w + ones*(127-'9'))
		letter := (w + ones*(128-'a')) &^ (w + ones*(127-'f'))
		if (digit|letter)&highest != highest {
			break
		}
	}
	for n < len(s) && hexDigit[s[n]] {
		n++
	}
	return n
}
