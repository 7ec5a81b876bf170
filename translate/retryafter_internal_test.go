// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"
)

// A wait that is read too short makes callers come too early, and one that
// overflows makes them come at once.
func TestRetryAfterVectors(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../conformance/vectors/retry_after.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); n++ {
		var v struct {
			Name       string    `json:"name"`
			Now        time.Time `json:"now"`
			RetryAfter []string  `json:"retry_after"`
			Date, Age  string
			WaitMS     *int64 `json:"wait_ms"`
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{"Retry-After": v.RetryAfter}
			for name, value := range map[string]string{"Date": v.Date, "Age": v.Age} {
				if value != "" {
					h.Set(name, value)
				}
			}
			got, ok := parseRetryAfter(h, v.Now)
			if ok != (v.WaitMS != nil) {
				t.Fatalf("parseRetryAfter(%q) = %v, %v, want a wait: %v", v.RetryAfter, got, ok, v.WaitMS != nil)
			}
			if ok && got != time.Duration(*v.WaitMS)*time.Millisecond {
				t.Errorf("parseRetryAfter(%q) = %v, want %d ms", v.RetryAfter, got, *v.WaitMS)
			}
		})
	}
	if n != 48 {
		t.Errorf("%d vectors, want 48", n)
	}
}

// Blanks around a value are none of it (RFC 9110 section 5.5), though net/http takes them
// away; an answer that somebody else has read may have them.
func TestRetryAfterWithBlanksAround(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
	for _, value := range []string{" 120", "120\t", " Sat, 21 Nov 2026 19:02:00 GMT\t"} {
		if got, ok := parseRetryAfter(http.Header{"Retry-After": {value}}, now); !ok || got != 2*time.Minute {
			t.Errorf("%q: got %v, %v", value, got, ok)
		}
	}
}

// What only looks like a number is no wait: nobody may come back by it.
func TestRetryAfterWithSignsNextToDigits(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "1:", "/1", "-1", "+1", "1e2", "1 2", "٣"} {
		if got, ok := parseRetryAfter(http.Header{"Retry-After": {value}}, time.Time{}); ok {
			t.Errorf("%q: got %v", value, got)
		}
	}
}

// Whatever a stranger writes there, nobody may wait for a negative time, less than
// asked, or for ever.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"120", "1.0005", "9223372036854775807", "120, 60", "Sat, 21 Nov 2026 19:02:00 GMT", "Saturday, 21-Nov-26 19:02:00 GMT", "Sat Nov 21 19:00:60 2026"} {
		f.Add(s, "Sat, 21 Nov 2026 19:00:00 GMT", "60")
	}
	now := time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, retryAfter, date, age string) {
		h := http.Header{"Retry-After": {retryAfter}, "Date": {date}, "Age": {age}}
		d, ok := parseRetryAfter(h, now)
		if d < 0 || d > maxRetryAfter || !ok && d != 0 {
			t.Errorf("parseRetryAfter(%q) = %v, %v", retryAfter, d, ok)
		}
		longer, _ := parseRetryAfter(http.Header{"Retry-After": {retryAfter, "7"}, "Date": {date}, "Age": {age}}, now)
		if longer < d || longer < 7*time.Second {
			t.Errorf("a second line of 7 s gives %v after %v: less than asked", longer, d)
		}
	})
}
