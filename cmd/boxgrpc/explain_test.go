// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

const trashed = `{"type":"error","status":404,"code":"trashed","message":"It is in the trash","request_id":"rq1"}`

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Without it somebody who pastes what curl shows gets the verdict on another
// answer than the one that matters, or on half of it.
func TestWhatCurlPrints(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   string
		want string // code and reason
	}{
		"HTTP/1.1 with carriage returns":    {"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n" + trashed, "FAILED_PRECONDITION TRASHED"},
		"line feeds only":                   {"HTTP/1.1 404 Not Found\nServer: x\n\n" + trashed, "FAILED_PRECONDITION TRASHED"},
		"HTTP/2 without a reason phrase":    {"HTTP/2 404 \r\nserver: x\r\n\r\n" + trashed, "FAILED_PRECONDITION TRASHED"},
		"HTTP/3 without the space either":   {"HTTP/3 404\r\nserver: x\r\n\r\n" + trashed, "FAILED_PRECONDITION TRASHED"},
		"no header":                         {"HTTP/2 404\n\n" + trashed, "FAILED_PRECONDITION TRASHED"},
		"no body":                           {"HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n\r\n", "UNAVAILABLE HTTP_502"},
		"head only, as with -I":             {"HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n", "UNAVAILABLE HTTP_502"},
		"head cut off":                      {"HTTP/1.1 502 Bad Gateway\r\nServer: x", "UNAVAILABLE HTTP_502"},
		"status line only":                  {"HTTP/2 502", "UNAVAILABLE HTTP_502"},
		"empty lines before":                {"\r\n\nHTTP/2 502\n\n", "UNAVAILABLE HTTP_502"},
		"body of empty lines":               {"HTTP/2 502\n\n\n\n", "UNAVAILABLE HTTP_502"},
		"status that is none":               {"HTTP/1.1 99999999999999999999 ?\n\n", "UNKNOWN UPSTREAM_FAILED"},
		"gzip that nobody inflated":         {"HTTP/2 404\ncontent-encoding: gzip\n\n" + zipped(t, trashed), "FAILED_PRECONDITION TRASHED"},
		"binary":                            {"HTTP/2 404\n\n\x00\xff\x1b\x8b", "NOT_FOUND HTTP_404"},
		"folded header":                     {"HTTP/1.1 401 No\nWWW-Authenticate: Bearer realm=\"Service\",\n  error=\"invalid_token\"\n\n", "UNAUTHENTICATED INVALID_TOKEN"},
		"redirect followed, as with -L":     {"HTTP/2 302\nlocation: https://a\ncontent-type: text/html\ncontent-length: 99\n\nHTTP/2 404\n\n" + trashed, "FAILED_PRECONDITION TRASHED"},
		"100 Continue before an upload":     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Too Large\r\n\r\n", "INVALID_ARGUMENT HTTP_413"},
		"103 Early Hints":                   {"HTTP/2 103\nlink: <a>\n\nHTTP/2 502\n\n", "UNAVAILABLE HTTP_502"},
		"101 on the way to HTTP/2":          {"HTTP/1.1 101 Switching Protocols\nUpgrade: h2c\n\nHTTP/2 502\n\n", "UNAVAILABLE HTTP_502"},
		"through a proxy":                   {"HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 502\r\n\r\n", "UNAVAILABLE HTTP_502"},
		"proxy that challenged first":       {"HTTP/1.1 407 No\nProxy-Authenticate: NTLM\nContent-Length: 12\n\nHTTP/1.1 200 Connection established\n\nHTTP/2 502\n\n", "UNAVAILABLE HTTP_502"},
		"server that challenged first":      {"HTTP/1.1 401 No\nContent-Type: text/html\n\nHTTP/1.1 502 Bad\n\n", "UNAVAILABLE HTTP_502"},
		"first attempt empty, with --retry": {"HTTP/1.1 503 Busy\nContent-Length: 0\n\nHTTP/1.1 404 No\n\n" + trashed, "FAILED_PRECONDITION TRASHED"},
		"body that begins like an answer":   {"HTTP/1.1 502 Bad\nContent-Type: text/plain\n\nHTTP/1.1 404 Not Found\nsorry", "UNAVAILABLE HTTP_502"},
		"the same, of that very length":     {"HTTP/1.1 401 No\nContent-Length: 23\n\nHTTP/1.1 404 Not Found\n", "UNAUTHENTICATED HTTP_401"},
		"body that only speaks of HTTP":     {"HTTP/1.1 426 No\n\nHTTP/1.1 is too old", "INTERNAL HTTP_426"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := explained(t, tt.in)
			if got := r.GRPCCode + " " + r.Reason; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Without it the wait is too short, or the request id that support asks for is not
// found.
func TestHeadersOfAnAnswer(t *testing.T) {
	t.Parallel()
	r := explained(t, "HTTP/1.1 429 Slow\nRETRY-AFTER: 3\nbox-request-id: a:b\nRetry-After: 9\n\n")
	if r.Retry.AfterMS == nil || *r.Retry.AfterMS != 9000 {
		t.Errorf("after_ms = %v, want 9000: the longest of repeated lines", r.Retry.AfterMS)
	}
	if r.RequestID != "a:b" {
		t.Errorf("request id %q, want a:b", r.RequestID)
	}
	if r := explained(t, "HTTP/2 200\nBox-Request-Id: abc\n\n{}"); r.RequestID != "abc" || r.GRPCCode != "OK" || r.Outcome != "APPLIED" {
		t.Errorf("a success gives %q %q %q, want abc OK APPLIED", r.RequestID, r.GRPCCode, r.Outcome)
	}
}

// Without it a file that is no answer is taken for one, or floods the terminal.
func TestInputThatIsNoAnswer(t *testing.T) {
	t.Parallel()
	const noAnswer, noHead = "no HTTP answer", "header cannot be read"
	tests := map[string]struct{ in, want string }{
		"nothing":                   {"", noAnswer},
		"empty lines":               {"\r\n\r\n", noAnswer},
		"curl without -i":           {trashed, noAnswer},
		"binary":                    {"\x00\x01\x02", noAnswer},
		"status that is no number":  {"HTTP/2 4o4\n\n", noAnswer},
		"no empty line before body": {"HTTP/2 404\nserver: x\nNot here\n", noHead},
		"binary head":               {"HTTP/2 404\n" + strings.Repeat("\x1b[2J", 9999) + "\n\n", noHead},
		"last of two is unreadable": {"HTTP/2 302\nlocation: a\n\nHTTP/2 404\nNot here\n\n", noHead},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMistake(t, tt.in, tt.want, "explain")
		})
	}
}

// Without it habits of other programs end in a puzzling answer.
func TestWhereTheAnswerComesFrom(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/2 503\n\n"
	file := inFile(t, answer)
	want := explained(t, answer, "-method", "POST")
	if want.Retry.Allowed {
		t.Fatal("a POST must not be sent again after 503")
	}
	for name, args := range map[string][]string{
		"file":                       {"explain", "-o", "json", "-method", "POST", file},
		"flags after the file":       {"explain", file, "-method", "POST", "-o=json"},
		"flags around the file":      {"explain", "-o", "json", file, "--method", "POST"},
		"file after a double dash":   {"explain", "-o", "json", "-method", "POST", "--", file},
		"a dash for standard input":  {"explain", "-o", "json", "-method", "POST", "-"},
		"method in lower case":       {"explain", "-o", "json", "-method", "post"},
		"method that nobody knows":   {"explain", "-o", "json", "-method", "BREW"},
		"method that is not told":    {"explain", "-o", "json", "-method", ""},
		"the upstream that is usual": {"explain", "-o", "json", "-method", "POST", "-upstream", "box"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errOut := boxgrpc(t, answer, args...)
			if status != 0 || !strings.Contains(out, `"class":"if_idempotent"`) || !strings.Contains(out, `"allowed":false`) {
				t.Errorf("exit status %d, %s%s", status, out, errOut)
			}
		})
	}
	if !explained(t, answer, "-method", "get").Retry.Allowed {
		t.Error("-method get is not taken for GET")
	}
	if r := explained(t, "HTTP/2 404\n\n"+trashed, "-upstream", "http"); r.Reason != "HTTP_404" || r.Domain != "http" || r.ErrorCode != "" {
		t.Errorf("upstream http reads the body: %s %s %q", r.Reason, r.Domain, r.ErrorCode)
	}
}
