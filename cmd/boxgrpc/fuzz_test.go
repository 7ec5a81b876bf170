// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Without it an answer that nobody thought of ends in a panic, in a status that no
// peer takes, or in an error that is shown as a success. Input: lines or one
// answer, of either upstream, to a GET or a POST.
func FuzzExplain(f *testing.F) {
	for _, in := range []string{
		"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n" + trashed,
		"HTTP/2 302\nlocation: a\n\nHTTP/2 429\nretry-after: 5\nbox-request-id: r\n\n{}",
		"HTTP/2 502\ncontent-type: text/html; charset=utf-16\n\n\xff\xfe<\x00",
		"HTTP/1.1 401 No\nWWW-Authenticate: Bearer realm=\"Service\",\n  error=\"invalid_token\"\n\n",
		"HTTP/2 409\n\n" + `{"code":"x","context_info":{"conflicts":{"type":"file","id":12345678901234567890},"errors":[{"name":"\u001b"}]}}`,
	} {
		f.Add([]byte(in), false, false, false)
	}
	for _, in := range []string{
		`{"id":"1","status":404,"headers":{"Retry-After":["1",2]},"body":"{\"code\":\"not_found\"}"}` + "\n\n" + `{"status":503}`,
		`{"status":4294967498,"body":"{\"code\":\"accepted\"}"}`,
		`{"status":507,"upstream":"http","body_base64":"H4sI"}`,
		"{}\r\n[]\r\nnull",
	} {
		f.Add([]byte(in), true, false, true)
	}
	f.Fuzz(func(t *testing.T, in []byte, lines, http, post bool) {
		flags := []string{"-upstream", map[bool]string{false: "box", true: "http"}[http]}
		if post {
			flags = append(flags, "-method", "POST")
		}
		if lines {
			checkLines(t, in, flags)
		} else {
			checkAnswer(t, in, flags)
		}
	})
}

func checkLines(t *testing.T, in []byte, flags []string) {
	t.Helper()
	var asked [][]byte
	for text := range bytes.SplitSeq(in, []byte("\n")) {
		if len(bytes.TrimSpace(text)) > 0 {
			asked = append(asked, text)
		}
	}
	answers, status := explainedLines(t, string(in), flags...)
	if len(answers) != len(asked) {
		t.Fatalf("%d lines for %d", len(answers), len(asked))
	}
	failed := slices.ContainsFunc(answers, func(l outLine) bool { return l.Error != "" })
	if failed != (status == 1) || status > 1 {
		t.Errorf("exit status %d, a line that could not be read: %v", status, failed)
	}
	for i, l := range answers {
		if l.Error == "" {
			var sent map[string]json.RawMessage
			if err := json.Unmarshal(asked[i], &sent); err != nil {
				t.Fatalf("%q was read, but is no object: %v", asked[i], err)
			}
			checkRecord(t, l.record, statusNumber(sent["status"]))
		}
	}
}

func checkAnswer(t *testing.T, in []byte, flags []string) {
	t.Helper()
	args := append([]string{"explain"}, flags...)
	status, page, _ := boxgrpc(t, string(in), args...)
	if status != 0 {
		wantMistake(t, string(in), "", args...)
		return
	}
	wantPage(t, page)
	a, err := readAnswer(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	checkRecord(t, explained(t, string(in), flags...), a.Status)
}

func checkRecord(t *testing.T, r record, httpStatus int) {
	t.Helper()
	if r.HeaderListBytes > 4096 {
		t.Errorf("%d bytes of header", r.HeaderListBytes)
	}
	if httpStatus >= 400 && r.GRPCCode == "OK" {
		t.Errorf("HTTP %d is shown as OK", httpStatus)
	}
	if slices.Contains(r.Details, "google.rpc.RetryInfo") != r.Retry.Allowed || r.Retry.AfterMS != nil && !r.Retry.Allowed {
		t.Errorf("retry %+v with the details %v", r.Retry, r.Details)
	}
	if (r.GRPCCode == "OK") != (len(r.Details) == 0) {
		t.Errorf("%s with the details %v", r.GRPCCode, r.Details)
	}
}

// Without it a trailer from anywhere, which is what this flag is for, can take the
// program down or the terminal over.
func FuzzTrailer(f *testing.F) {
	f.Add([]byte("\x08\x08\x12\x05nope."))
	f.Add([]byte("\x08\x05\x1a\x2c\n(type.googleapis.com/google.rpc.ErrorInfo\x12\x00"))
	f.Add([]byte("\x08\x05\x1a\x2c\n(type.googleapis.com/google.rpc.RetryInfo\x12\x00"))
	f.Add([]byte("\x08\x05\x1a\x2e\n(type.googleapis.com/boxgrpc.v1.BoxError \x12\x02\x52\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		args := []string{"explain", "-status-details-bin", base64.URLEncoding.EncodeToString(raw)}
		status, page, _ := boxgrpc(t, "", args...)
		if status != 0 {
			wantMistake(t, "", "-status-details-bin: ", args...)
			return
		}
		wantPage(t, page)
		if _, out, _ := boxgrpc(t, "", append(args, "-o", "json")...); !json.Valid([]byte(out)) || strings.Count(out, "\n") != 1 {
			t.Errorf("not one line of JSON: %s", out)
		}
	})
}
