// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

// This file is a hot path: nearly all texts of upstreams hold no secret, and to find that
// out with regular expressions, and with a search for each of twenty words, takes longer
// than everything else that is done about an error. It looks for all of them in one pass.
//
// Its limit: it knows only what a secret cannot be without, such as the beginnings of
// words. A suspicion costs the long way; without one, the long way would change nothing. A
// fuzz test holds the two together.

// hints are what secrets betray themselves by: a part of an address behind its path, a user
// name in it, a stack trace, or the first letters of a word of [secretPatterns] and
// [secretMembers]. The last three begin the runes beyond ASCII that are an i, a k or an s
// to those who ignore case.
var hints = [...]string{
	"?", "@", ";", "#", "\n", "\\", "\xc4", "\xc5", "\xe2",
	"debu", "auth", "cook", "bear", "basi", "sess", "toke", "secr", "passw", "asse", "sign", "key", "jwt", "cred",
}

// A hint takes as many bits of a word as it has letters. State holds those letters that
// are reached: one for each beginning of a hint that ends at the last letter read (the
// Shift-And method of Baeza-Yates and Gonnet).
var (
	hintLetters [256]uint64 // the bits of a letter, in all hints
	hintStarts  uint64
	hintEnds    uint64
)

func init() {
	bit := 0
	for _, hint := range hints {
		hintStarts |= 1 << bit
		for i := range len(hint) {
			hintLetters[hint[i]] |= 1 << bit
			if c := hint[i]; 'a' <= c && c <= 'z' {
				hintLetters[c-'a'+'A'] |= 1 << bit
			}
			bit++
		}
		hintEnds |= 1 << (bit - 1)
	}
	if bit > 64 {
		panic("translate: the hints have more letters than a word has bits")
	}
}

// suspicious tells whether there may be a secret in a text, or in JSON. Separators within
// a word do not hide it.
func suspicious(s string) bool {
	var state uint64
	for i := range len(s) {
		if s[i] == '_' || s[i] == '-' {
			continue
		}
		state = (state<<1 | hintStarts) & hintLetters[s[i]]
		if state&hintEnds != 0 {
			return true
		}
	}
	return false
}
