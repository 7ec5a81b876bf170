// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"strconv"
	"strings"
)

// maxReason is the limit of AIP-193 for ErrorInfo.reason.
const maxReason = 63

// toReason turns an error code into an ErrorInfo.reason, [A-Z][A-Z0-9_]+[A-Z0-9]
// by AIP-193, or "" where nothing legal is left.
func toReason(code string) string {
	var room [maxReason]byte
	b := room[:0]
	gap := false
	for i := 0; i < len(code) && len(b) < maxReason; i++ {
		c := code[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			gap = true
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, '_')
		}
		gap = false
		if len(b) < maxReason {
			b = append(b, c)
		}
	}
	b = bytes.TrimRight(b, "_")
	if len(b) < 3 || b[0] < 'A' {
		return ""
	}
	return string(b)
}

// statusReason is the reason of an answer without a usable code.
func statusReason(status int) string {
	if status < 100 || status > 599 || status/100 == 2 {
		return "UPSTREAM_FAILED"
	}
	return "HTTP_" + decimal(status)
}

// decimal does not allocate for HTTP statuses.
func decimal(n int) string {
	if n < 100 || n > 999 {
		return strconv.Itoa(n)
	}
	return threeDigits[3*(n-100):][:3]
}

// threeDigits are the numbers from 100 to 999, one behind the other.
var threeDigits = func() string {
	var b strings.Builder
	for n := 100; n <= 999; n++ {
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}()

func parseDecimal(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}
