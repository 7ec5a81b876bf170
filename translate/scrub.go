// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/url"
	"regexp"
	"strings"
)

// What must never leave the service, wherever an upstream puts it: secrets by the
// name of their JSON member, queries and user names of URLs (signed addresses are
// credentials), and tokens that a text introduces as such.

// secretMembers are JSON members by name, in lower case and without _ and -.
var secretMembers = map[string]bool{
	"accesstoken": true, "refreshtoken": true, "idtoken": true, "token": true,
	"clientsecret": true, "assertion": true, "clientassertion": true, "password": true,
	"authorization": true, "cookie": true, "setcookie": true, "wwwauthenticate": true,
	"debugmessage": true, "sessionid": true, "icsessionid": true,
}

// separators are what people put between the words of a name.
var separators = strings.NewReplacer("_", "", "-", "")

func secretMember(name string) bool {
	return secretMembers[strings.ToLower(separators.Replace(name))]
}

var (
	urlPattern    = regexp.MustCompile(`(?i)https?://[^\s"'<>\\]+`)
	pathPattern   = regexp.MustCompile(`(^|[\s"'(])(/[^\s"'<>?]+)\?[^\s"'<>]+`)
	bearerPattern = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]*[0-9][A-Za-z0-9._~+/=-]*`)
	namedPattern  = regexp.MustCompile(`(?i)\b(\w*(?:token|secret|password|assertion))=[^\s&"']+`)
)

// scrubText takes secrets out of a text and makes it valid UTF-8.
func scrubText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.Contains(s, "://") {
		s = urlPattern.ReplaceAllStringFunc(s, scrubURL)
	}
	if strings.Contains(s, "?") {
		s = pathPattern.ReplaceAllString(s, "$1$2")
	}
	if strings.Contains(s, "=") {
		s = namedPattern.ReplaceAllString(s, "$1=[removed]")
	}
	if containsFold(s, "bearer ") || containsFold(s, "basic ") {
		s = bearerPattern.ReplaceAllString(s, "$1 [removed]")
	}
	return s
}

// containsFold looks for a word in letters of either case, so that the slow pattern
// runs only where it can match. Any white space counts as a blank.
func containsFold(s, word string) bool {
	last := len(word) - 1
	for i := 0; i+last < len(s); i++ {
		if strings.EqualFold(s[i:i+last], word[:last]) && (s[i+last] <= ' ') {
			return true
		}
	}
	return false
}

// secretText looks for secrets that a member of the same name hides, of which only
// the last is looked at elsewhere.
func secretText(raw []byte) bool {
	text := strings.ToValidUTF8(string(raw), "\uFFFD")
	return scrubText(text) != text
}

// scrubURL cuts the query, the user name, and a fragment that carries values.
func scrubURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		s, _, _ = strings.Cut(s, "?")
		return s
	}
	if u.RawQuery == "" && !u.ForceQuery && u.User == nil && !strings.Contains(u.Fragment, "=") {
		return s
	}
	u.RawQuery, u.ForceQuery, u.User = "", false, nil
	if strings.Contains(u.Fragment, "=") {
		u.Fragment, u.RawFragment = "", ""
	}
	return u.String()
}
