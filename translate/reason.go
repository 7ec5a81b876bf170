// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strconv"
	"strings"
)

// maxReason is the limit of AIP-193 for ErrorInfo.reason.
const maxReason = 63

// toReason turns an error code into an ErrorInfo.reason, [A-Z][A-Z0-9_]+[A-Z0-9]
// by AIP-193, or "" where nothing legal is left.
func toReason(code string) string {
	var b strings.Builder
	gap := false
	for i := 0; i < len(code) && b.Len() < maxReason; i++ {
		c := code[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			gap = true
			continue
		}
		if gap && b.Len() > 0 && b.Len() < maxReason {
			b.WriteByte('_')
		}
		gap = false
		if b.Len() < maxReason {
			b.WriteByte(c)
		}
	}
	reason := strings.TrimRight(b.String(), "_")
	if len(reason) < 3 || reason[0] < 'A' {
		return ""
	}
	return reason
}

// statusReason is the reason of an answer without a usable code.
func statusReason(status int) string {
	if status < 100 || status > 599 || status/100 == 2 {
		return "UPSTREAM_FAILED"
	}
	return "HTTP_" + decimal(status)
}

func decimal(n int) string { return strconv.Itoa(n) }

func parseDecimal(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}
