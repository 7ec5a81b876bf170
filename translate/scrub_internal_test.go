// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strings"
	"testing"
)

// A secret that an upstream puts into its error must not reach a caller, and texts
// without one must stay as they are.
func TestScrubText(t *testing.T) {
	t.Parallel()
	tests := []struct{ situation, text, want string }{
		{"signed download", "see https://dl.example.com/f/1?sig=SECRET&e=9.", "see https://dl.example.com/f/1."},
		{"quotes in the query", `cannot read https://h/d?fn='a'&sig="SECRET"&x=<SECRET>`, "cannot read https://h/d>"},
		{"quoted address", `read "https://h/d?sig=SECRET", then "https://h/e"`, `read "https://h/d", then "https://h/e"`},
		{"address without a scheme", "dl.example.com/x?sig=SECRET", "dl.example.com/x"},
		{"other schemes", "ftp://u:SECRET@h/x?sig=SECRET s3://b/k?X=SECRET", "ftp://h/x s3://b/k"},
		{"JSON in a string", `https:\/\/a.b\/c?sig=SECRET`, `https:\/\/a.b\/c`},
		{"bare query", "?code=SECRET&state=SECRET", ""},
		{"session in the path", "https://h/a;jsessionid=SECRET", "https://h/a"},
		{"header in a text", "Authorization: Bearer SECRETabc\nnext", "Authorization: [removed]\nnext"},
		{"cookie in a text", "Set-Cookie: sid=SECRET; Path=/", "Set-Cookie: [removed]"},
		{"token without digits", "Bearer SECRETabcdef is old", "Bearer [removed] is old"},
		{"session of a storage system", "Session SECRET123 expired", "Session [removed] expired"},
		{"JSON of a token", `{"access_token":"SECRET1"}`, `{"access_token":"[removed]"}`},
		{"named with a colon", "access_token: SECRET", "access_token: [removed]"},
		{"key of an API", "api_key=SECRET", "api_key=[removed]"},
		{"signature", "X-Amz-Signature=SECRET", "X-Amz-Signature=[removed]"},
		{"debugMessage", "failed, debugMessage: SECRET at x.java", "failed, [removed]"},
		{"stack trace", "boom\n\tat com.example.SECRET(A.java:1)\n\tat b.C(D.java:2)\nend", "boom[removed]\nend"},
		{"reason behind a colon", "invalid token: expired. Session expired", "invalid token: expired. Session expired"},
		{"path with a query", `moved to "/files/1?sig=SECRET", or /a/b?x=SECRET`, `moved to "/files/1", or /a/b`},
		{"a question", "why/when? and/or? /tmp", "why/when? and/or? /tmp"},
		{"user in the address", "https://me:SECRET@example.com/a", "https://example.com/a"},
		{"token in the fragment", "https://example.com/cb#access_token=SECRET", "https://example.com/cb"},
		{"bearer token", "sent Bearer abc123SECRET", "sent Bearer [removed]"},
		{"named token", "refused (access_token=SECRET)", "refused (access_token=[removed]"},
		{"anchor", "http://developers.box.com/docs/#errors", "http://developers.box.com/docs/#errors"},
		{"words that only sound so", "Basic authentication is required, bearer of news", "Basic authentication is required, bearer of news"},
		{"a long s behind a letter", "x\u017fession SECRET1, session", "x[removed], session"},
		{"not UTF-8", "a\xffb", "a\uFFFDb"},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			if got := scrubText(tt.text); got != tt.want {
				t.Errorf("scrubText(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestScrubJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ situation, raw, want string }{
		{"nothing to hide stays as it is spelt", `{"id": 9007199254740993, "n":1.0e+18}`, `{"id": 9007199254740993, "n":1.0e+18}`},
		{"secret member", `{"a":[{"Access-Token":"SECRET","id":9007199254740993}]}`, `{"a":[{"id":9007199254740993}]}`},
		{"signed address", `["https://a/b?sig=SECRET"]`, `["https://a/b"]`},
		{"not JSON", `{"a":`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			got, changed := scrubber{}.json([]byte(tt.raw))
			if string(got) != tt.want || changed != (tt.raw != tt.want) {
				t.Errorf("json(%s) = %s, %v, want %s", tt.raw, got, changed, tt.want)
			}
			if strings.Contains(string(got), "SECRET") {
				t.Error("the secret is still there")
			}
		})
	}
}
