// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

var update = flag.Bool("update", false, "write testdata/text from what the program prints")

// trailerOf is what a caller finds in grpc-status-details-bin.
func trailerOf(t *testing.T, st *spb.Status) string {
	t.Helper()
	raw, err := proto.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawStdEncoding.EncodeToString(raw)
}

// foreign is a status that boxgrpc did not make, with details of all sorts.
func foreign(t *testing.T) *spb.Status {
	t.Helper()
	info, err := anypb.New(&errdetails.ErrorInfo{Reason: "NO_STOCK", Domain: "shop.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return &spb.Status{Code: int32(codes.NotFound), Message: "none left", Details: []*anypb.Any{
		info,
		{TypeUrl: "type.googleapis.com/shop.v1.Shelf", Value: []byte("abc")},
		{TypeUrl: "type.googleapis.com/google.rpc.Help", Value: []byte("\xff")},
		{TypeUrl: "\x1b]0;" + strings.Repeat("x", 100)},
	}}
}

// Without it a page that somebody reads in an emergency changes unseen.
func TestText(t *testing.T) {
	t.Parallel()
	const conflict = "HTTP/2 409\ncontent-type: application/json\nbox-request-id: edge7\n\n" +
		`{"type":"error","status":409,"code":"item_name_in_use","message":"Another folder has this name",` +
		`"context_info":{"conflicts":[{"type":"folder","id":"12345678901234567890","name":"Plans"}]},` +
		`"help_url":"https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/",` +
		`"request_id":"9jwin9mblzt5pb1z"}`
	masked := translate.Box.With(translate.WithServiceCredentials()).Translate(translate.Answer{Status: 401})
	e, _ := translate.FromError(masked)
	limited, _ := translate.FromError(translate.Box.Translate(translate.Answer{Status: 429, Header: http.Header{"Retry-After": {"30"}}}))
	tests := map[string]struct {
		in   string
		args []string
	}{
		"success":                    {"HTTP/2 201\nbox-request-id: edge7\n\n{}", []string{"-method", "POST"}},
		"name-in-use":                {conflict, []string{"-method", "POST"}},
		"rate-limit":                 {"HTTP/2 429\nretry-after: 90\n\n", []string{"-method", "POST"}},
		"busy-on-a-read":             {"HTTP/2 503\n\n", nil},
		"busy-on-a-write":            {"HTTP/2 503\nretry-after: 3600\n\n", []string{"-method", "POST"}},
		"html-page":                  {"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\n\r\n<html>Bad Gateway</html>", []string{"-upstream", "http"}},
		"hostile-message":            {"HTTP/2 400\n\n" + `{"code":"b.a.d","message":"\u001b[2J\u202e\u0085` + strings.Repeat("very long ", 80) + `"}`, nil},
		"trailer-retry-taken":        {"", []string{"-status-details-bin", trailerOf(t, limited.WithoutRetry().GRPCStatus().Proto())}},
		"trailer-service-credential": {"", []string{"-status-details-bin", trailerOf(t, e.ForCaller().GRPCStatus().Proto())}},
		"trailer-foreign":            {"", []string{"-status-details-bin", trailerOf(t, foreign(t))}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exit, out, errOut := boxgrpc(t, tt.in, append([]string{"explain"}, tt.args...)...)
			if exit != 0 || errOut != "" {
				t.Fatalf("exit status %d, %s", exit, errOut)
			}
			wantPage(t, out)
			golden := filepath.Join("testdata", "text", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(out), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out); diff != "" {
				t.Errorf("run go test -update if this is meant (-want +got):\n%s", diff)
			}
		})
	}
}

// wantPage checks what holds for every page: it fits, and nothing in it moves the
// cursor.
func wantPage(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > pageWidth {
			t.Errorf("%d columns: %q", utf8.RuneCountInString(line), line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("characters that cannot be seen: %q", line)
		}
	}
}

// Without it long lines are broken by the terminal, in the middle of words and of
// addresses that somebody wants to copy.
func TestWrap(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []string
	}{
		"nothing":               {"", []string{""}},
		"a full line":           {"0123456789", []string{"0123456789"}},
		"one character more":    {"01234567890", []string{"0123456789", "0"}},
		"at a space":            {"012345 789012", []string{"012345", "789012"}},
		"a space in the margin": {"012345678 01", []string{"012345678", "01"}},
		"at a comma":            {"0123456,89012", []string{"0123456,", "89012"}},
		"at a JSON value":       {`{"a":"1234567"}`, []string{`{"a":`, `"1234567"}`}},
		"in characters":         {"äöüäöüäöüäö", []string{"äöüäöüäöüä", "ö"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, wrap(tt.text, 10)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Without it the page tells somebody to repeat what must not be repeated, or not
// to repeat what may be, for one of the answers that nobody thought of.
func TestAdviceAgreesWithTheVerdict(t *testing.T) {
	t.Parallel()
	entries, err := entriesOf("")
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range entries {
		for _, a := range answersFor(t, raw) {
			wantAdvice(t, a, answerRecord(translate.Box, a, ""))
			wantAdvice(t, a, answerRecord(translate.HTTP, a, ""))
			if e, ok := translate.FromError(translate.Box.Translate(a)); ok {
				st := e.WithoutRetry().GRPCStatus()
				remote, _ := translate.FromError(st.Err())
				wantAdvice(t, a, newRecord(st, remote))
			}
		}
	}
}

// wantAdvice checks the words against the facts on the same page.
func wantAdvice(t *testing.T, a translate.Answer, r record) {
	t.Helper()
	advice := r.advice()
	says := func(words string) bool { return strings.Contains(advice, words) }
	if says("Send the same request again") != r.Retry.Allowed {
		t.Errorf("%s %d %s, retry allowed %v: %s", a.Method, a.Status, a.Body, r.Retry.Allowed, advice)
	}
	if says("It may have been carried out") != (r.Outcome == "UNKNOWN" && !r.Retry.Allowed) {
		t.Errorf("%s %d %s, outcome %s: %s", a.Method, a.Status, a.Body, r.Outcome, advice)
	}
	if says("does no harm") != (r.Outcome == "UNKNOWN" && r.Retry.Allowed) {
		t.Errorf("%s %d %s, outcome %s, retry allowed %v: %s", a.Method, a.Status, a.Body, r.Outcome, r.Retry.Allowed, advice)
	}
	if says("success") != (r.GRPCCode == "OK") {
		t.Errorf("%s %d %s, code %s: %s", a.Method, a.Status, a.Body, r.GRPCCode, advice)
	}
	if !says(".") {
		t.Errorf("%s %d %s: no advice for %s", a.Method, a.Status, a.Body, r.GRPCCode)
	}
}

// Without it a detail of a kind that comes later is shown as an empty line.
func TestWordsForWhatIsNotSeenToday(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[boxgrpcv1.Outcome]string{
		boxgrpcv1.Outcome_OUTCOME_PARTIAL: "Some of it was carried out: look what is missing.",
		boxgrpcv1.Outcome_OUTCOME_APPLIED: "It was carried out: do not do it twice.",
	} {
		info, err := anypb.New(&errdetails.ErrorInfo{Reason: "X_Y", Domain: "d", Metadata: map[string]string{"outcome": outcomeName(outcome)}})
		if err != nil {
			t.Fatal(err)
		}
		st := status.FromProto(&spb.Status{Code: int32(codes.DataLoss), Details: []*anypb.Any{info}})
		e, _ := translate.FromError(st.Err())
		page := newRecord(st, e).text()
		if !strings.Contains(strings.Join(strings.Fields(page), " "), "Do not send it again unchanged. "+want) || !strings.Contains(page, outcomeName(outcome)+": ") {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// Without it somebody who waits as long as the page says comes too early.
func TestWaitsAreRoundedUp(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		29984366949: "29.985s", time.Microsecond: "1ms", 2 * time.Minute: "2m", 0: "0s",
	} {
		if got := waitText(d); got != want {
			t.Errorf("%d ns is %s, want %s", d, got, want)
		}
	}
}
