// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter is where parsing saturates. It is no policy: what is too long to
// wait is decided by those who wait.
const maxRetryAfter = 365 * 24 * time.Hour

// parseRetryAfter reads Retry-After (RFC 9110 section 10.2.3). It returns false
// where no valid wait is named. Of several valid field lines the longest counts,
// because a retry too early is the worse mistake. The zero time stands for the present,
// which is looked up only where a date asks for it.
func parseRetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	var longest time.Duration
	found := false
	for _, line := range h["Retry-After"] {
		d, ok := parseWait(line, h, now)
		if ok {
			longest, found = max(longest, d), true
		}
	}
	return longest, found
}

func parseWait(line string, h http.Header, now time.Time) (time.Duration, bool) {
	if d, ok := parseSeconds(line); ok {
		return d, true
	}
	if now.IsZero() {
		now = time.Now()
	}
	base := now
	if date, ok := parseHTTPDate(h.Get("Date"), now); ok {
		base = date // the upstream's clock, so that skew cancels out
	}
	at, ok := parseHTTPDate(strings.Trim(line, " \t"), now)
	if !ok {
		return 0, false
	}
	d := at.Sub(base)
	if age, ok := parseSeconds(h.Get("Age")); ok {
		d -= age // a cache kept the answer for that long (RFC 9111 section 5.1)
	}
	return min(max(d, 0), maxRetryAfter), true
}

// parseSeconds reads delay-seconds: digits, leniently with a fraction (rounded up
// to the millisecond) and several joined by commas (the longest counts). A number
// beyond the limit is still a legal wait: it saturates.
func parseSeconds(s string) (time.Duration, bool) {
	if d, ok := fewSeconds(s); ok {
		return d, true
	}
	var longest time.Duration
	for part := range strings.SplitSeq(s, ",") {
		whole, fraction, dotted := strings.Cut(strings.Trim(part, " \t"), ".")
		if !digits(whole) || dotted && !digits(fraction) {
			return 0, false
		}
		longest = max(longest, min(seconds(whole)+roundUp(fraction), maxRetryAfter))
	}
	return longest, true
}

// fewSeconds reads up to six digits, which nearly every wait has.
func fewSeconds(s string) (time.Duration, bool) {
	if s == "" || len(s) > 6 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 {
			return 0, false
		}
		n = 10*n + int(digit)
	}
	return time.Duration(n) * time.Second, true
}

func seconds(whole string) time.Duration {
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(maxRetryAfter/time.Second) {
		return maxRetryAfter
	}
	return time.Duration(n) * time.Second
}

// roundUp turns the digits after the point into whole milliseconds.
func roundUp(fraction string) time.Duration {
	padded := (fraction + "000")[:3]
	ms, _ := strconv.Atoi(padded)
	if len(fraction) > 3 && strings.Trim(fraction[3:], "0") != "" {
		ms++
	}
	return time.Duration(ms) * time.Millisecond
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// parseHTTPDate reads the three forms of HTTP-date (RFC 9110 section 5.6.7). They
// are case-sensitive and in GMT only; the name of the day is not checked.
func parseHTTPDate(s string, now time.Time) (time.Time, bool) {
	s, leap := leapSecond(s)
	for _, layout := range []string{http.TimeFormat, rfc850GMT, time.ANSIC} {
		t, err := time.Parse(layout, s)
		if err != nil || withoutDay(t.Format(layout)) != withoutDay(s) {
			continue // package time reads letters of either case
		}
		if layout == rfc850GMT {
			t = rollYear(t, now)
		}
		return t.Add(leap), true
	}
	return time.Time{}, false
}

// rfc850GMT is time.RFC850 with the only zone that HTTP knows.
const rfc850GMT = "Monday, 02-Jan-06 15:04:05 GMT"

func withoutDay(s string) string {
	_, rest, _ := strings.Cut(s, " ")
	return rest
}

// leapSecond lets ":60" through, which the grammar allows and package time does
// not.
func leapSecond(s string) (string, time.Duration) {
	if i := strings.Index(s, ":60 "); i > 0 {
		return s[:i] + ":59 " + s[i+4:], time.Second
	}
	return s, 0
}

// rollYear reads a two-digit year: one that seems more than 50 years ahead is the
// most recent year in the past with the same digits (RFC 9110 section 5.6.7).
func rollYear(t, now time.Time) time.Time {
	century := now.Year() / 100 * 100
	t = t.AddDate(century+t.Year()%100-t.Year(), 0, 0)
	switch {
	case t.After(now.AddDate(50, 0, 0)):
		return t.AddDate(-100, 0, 0)
	case t.Before(now.AddDate(-50, 0, 0)):
		return t.AddDate(100, 0, 0)
	}
	return t
}
