// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

const (
	pageWidth = 100 // columns
	maxName   = 40  // of them for a name
	maxRow    = 6   // lines: enough for all but a flood
)

// A page is rows of a name and a text, for a terminal.
type page struct {
	rows [][2]string
}

// row adds a row, unless there is nothing to say.
func (p *page) row(name, text string) {
	if text != "" {
		p.rows = append(p.rows, [2]string{cut(printable(name), maxName), printable(text)})
	}
}

// String aligns the texts and breaks them into lines.
func (p *page) String() string {
	indent := 0
	for _, r := range p.rows {
		indent = max(indent, utf8.RuneCountInString(r[0])+2)
	}
	var b strings.Builder
	for _, r := range p.rows {
		name := r[0]
		columns := pageWidth - indent
		for _, line := range wrap(cut(r[1], maxRow*columns*9/10), columns) {
			fmt.Fprintf(&b, "%-*s%s\n", indent, name, line)
			name = ""
		}
	}
	return b.String()
}

// wrap breaks a text into lines.
func wrap(text string, columns int) []string {
	var list []string
	rest := []rune(text)
	for {
		n := fitting(rest, columns)
		if n == len(rest) {
			break
		}
		n = breakAt(rest, n)
		list = append(list, strings.TrimRight(string(rest[:n]), " "))
		rest = rest[n:]
	}
	return append(list, string(rest))
}

// fitting is how many characters fit into so many columns. The wide ones of East Asia
// take two (Unicode annex 11).
func fitting(text []rune, columns int) int {
	for i, r := range text {
		columns--
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			columns--
		}
		if columns < 0 {
			return i
		}
	}
	return len(text)
}

// breakAt prefers a space or comma in the second half of the line, then the start
// of a JSON value, which may be an address that somebody wants to copy.
func breakAt(text []rune, most int) int {
	for i := most; i > most/2; i-- {
		if text[i-1] == ' ' || text[i-1] == ',' {
			return i
		}
	}
	for i := most; i > 1; i-- {
		if text[i-1] == ':' && text[i-2] == '"' {
			return i
		}
	}
	return max(most, 1)
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// printable keeps control characters of strangers away from the terminal, and
// characters that cannot be seen or turn the direction of writing.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
