// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strings"
)

// A challenge is one entry of WWW-Authenticate (RFC 9110 section 11.6.1). Nothing
// of it leaves the service but the error code of RFC 6750 section 3.
type challenge struct {
	scheme, realm, err string
}

// parseChallenges reads all challenges of all field lines. What it cannot read it
// skips.
func parseChallenges(lines []string) []challenge {
	var list []challenge
	for _, line := range lines {
		for _, item := range splitUnquoted(line, ',') {
			scheme, rest, spaced := strings.Cut(strings.TrimSpace(item), " ")
			if !strings.Contains(scheme, "=") && scheme != "" && !strings.HasPrefix(strings.TrimSpace(rest), "=") {
				list = append(list, challenge{scheme: scheme})
				if item = rest; !spaced {
					continue
				}
			}
			if len(list) > 0 {
				list[len(list)-1].set(item)
			}
		}
	}
	return list
}

func (c *challenge) set(param string) {
	name, value, _ := strings.Cut(param, "=")
	value = unquote(strings.TrimSpace(value))
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "realm":
		c.realm = value
	case "error":
		c.err = value
	}
}

// challengeError is the first error code among the challenges. RFC 6750 section 3
// limits its characters; anything else is not repeated to callers.
func challengeError(list []challenge) string {
	for _, c := range list {
		if c.err != "" && len(c.err) <= maxReason && strings.Trim(c.err, errorChars) == "" {
			return c.err
		}
	}
	return ""
}

const errorChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:/ "

// foreignTo tells whether there are challenges and none of them is a bearer
// challenge of the realm: then a proxy wants to know who we are.
func foreignTo(realm string, list []challenge) bool {
	for _, c := range list {
		if strings.EqualFold(c.scheme, "Bearer") && (c.realm == "" || strings.EqualFold(c.realm, realm)) {
			return false
		}
	}
	return len(list) > 0
}

// splitUnquoted splits at a separator outside quoted strings.
func splitUnquoted(s string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// unquote reads a token or a quoted string.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
