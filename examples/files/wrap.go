// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	eastasian "golang.org/x/text/width"
)

// wrap breaks a text at its spaces, and a word that is too long, as a sentence in
// Japanese is, anywhere.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
		for columns(line) > width {
			n := prefix(line, width)
			lines, line = append(lines, line[:n]), line[n:]
		}
	}
	return append(lines, line)
}

// prefix is how many bytes of a text fit.
func prefix(text string, width int) int {
	for i, r := range text {
		if width -= columns(string(r)); width < 0 {
			return i
		}
	}
	return len(text)
}

// columns is the room that a text takes on a terminal: two for the wide characters
// of East Asia (Unicode annex 11).
func columns(text string) int {
	n := 0
	for _, r := range text {
		n++
		if k := eastasian.LookupRune(r).Kind(); k == eastasian.EastAsianWide || k == eastasian.EastAsianFullwidth {
			n++
		}
	}
	return n
}
