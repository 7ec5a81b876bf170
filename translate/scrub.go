// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// What must never leave the service, wherever an upstream puts it: queries and user
// names of addresses (signed addresses are credentials), tokens and passwords that
// are introduced as such, copied headers, and stack traces. A text is no grammar, so
// this takes out rather too much than too little where one of these words stands.

// maxText bounds the work on one text. More than that is cut off before a caller
// sees it anyway.
const maxText = 16 << 10

// A secretPattern is tried only on texts with one of its words, in lower case.
type secretPattern struct {
	words   []string
	pattern *regexp.Regexp
	clean   func(p *regexp.Regexp, match string) string
}

var secretPatterns = []secretPattern{
	{[]string{":/", `:\`}, regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:(?:\\*/){2}\S+`), cleanAddress},
	{[]string{"?"}, regexp.MustCompile(`[^\s"'<>?]*\?\S*=\S*`), cleanAddress},
	{[]string{"debug"}, regexp.MustCompile(`(?is)\\*["'<]?debug[-_ ]?message.*`), remove},
	{[]string{"authorization", "cookie", "authenticate"}, regexp.MustCompile(`(?i)((?:authorization|cookie|www-authenticate|proxy-authenticate)\\*["']?\s*[:=])[^\n]*`), keepFirst},
	{[]string{"bearer", "basic", "session"}, regexp.MustCompile(`(?i)\b((?:bearer|basic|session)\s+)([A-Za-z0-9._~+/=-]+)`), keepName},
	{secretWords, regexp.MustCompile(`(?i)((?:token|secret|password|passwd|assertion|signature|api[-_ ]?key|session[-_ ]?id|jwt)\\*["']?\s*[:=>]\s*\\*["']?)([^\s"'&,;<>\\]+)`), keepName},
	{[]string{"\n"}, regexp.MustCompile(`(?:\r?\n[ \t]+at [^\n]+)+`), remove},
}

var secretWords = []string{"token", "secret", "passw", "assertion", "signature", "key", "session", "jwt"}

// scrubText takes secrets out of a text and makes it valid UTF-8.
func scrubText(s string) string {
	if len(s) <= maxText {
		if may, plain := suspicious(s); plain || !may && utf8.ValidString(s) {
			return s
		}
	}
	return scrubThoroughly(s)
}

func scrubThoroughly(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxText)], "\uFFFD")
	lower := strings.ToLower(s)
	for _, p := range secretPatterns {
		for _, word := range p.words {
			if strings.Contains(lower, word) {
				s = p.pattern.ReplaceAllStringFunc(s, func(m string) string { return p.clean(p.pattern, m) })
				break
			}
		}
	}
	return s
}

func remove(*regexp.Regexp, string) string { return "[removed]" }

func keepFirst(p *regexp.Regexp, match string) string {
	return p.FindStringSubmatch(match)[1] + " [removed]"
}

// keepName takes a value out behind its name, unless a colon or a blank leads to what
// looks like a word: "invalid token: expired" says something.
func keepName(p *regexp.Regexp, match string) string {
	m := p.FindStringSubmatch(match)
	if m == nil {
		return "[removed]" // the boundary in front of a long s is none without the letter before it
	}
	if !strings.ContainsAny(m[1], "=>\"'") && plainWord(m[2]) {
		return match
	}
	return m[1] + "[removed]"
}

// plainWord tells a word of a sentence from a secret: letters, of which only the
// first is a capital.
func plainWord(s string) bool {
	s = strings.TrimRight(s, ".-")
	for i := range len(s) {
		lower := 'a' <= s[i] && s[i] <= 'z' || s[i] == '-' && i > 0
		if !lower && (i > 0 || s[i] < 'A' || s[i] > 'Z') {
			return false
		}
	}
	return true
}

var (
	userInfo  = regexp.MustCompile(`^([^/]*/\\*/)[^/\s]*@`)
	parameter = regexp.MustCompile(`[?;#][^?;#]*=.*|\?.*`)
	closing   = regexp.MustCompile(`["'.,;:)>\]}]+$`)
)

// cleanAddress cuts the query, parameters and a fragment that carry values, and the
// user name, from an address or a path. Quotes and stops behind it stay.
func cleanAddress(_ *regexp.Regexp, address string) string {
	end := closing.FindString(address)
	address = strings.TrimSuffix(address, end)
	return parameter.ReplaceAllString(userInfo.ReplaceAllString(address, "$1"), "") + end
}

// secretText looks for secrets that a member of the same name hides, of which only
// the last is looked at elsewhere.
func secretText(raw []byte) bool {
	for text := strings.ToValidUTF8(string(raw), "\uFFFD"); text != ""; {
		part := text[:min(len(text), maxText)]
		if scrubText(part) != strings.ToValidUTF8(part, "\uFFFD") {
			return true
		}
		text = text[len(part):]
	}
	return false
}

// separators are what people put between the words of a name.
var separators = strings.NewReplacer("_", "", "-", "")

// secretMember tells by its name whether a JSON member is a secret.
func secretMember(name string) bool {
	name = strings.ToLower(separators.Replace(name))
	for _, end := range secretMembers {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// secretMembers are the ends of such names, in lower case and without separators.
var secretMembers = []string{
	"token", "secret", "password", "passwd", "assertion", "jwt", "apikey", "privatekey", "credentials",
	"authorization", "cookie", "wwwauthenticate", "sessionid", "debugmessage",
}
