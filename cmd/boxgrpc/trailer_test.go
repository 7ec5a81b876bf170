// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/translate"
)

var ignoreUnexported = cmpopts.IgnoreUnexported(record{})

// fromTrailer is the record of a trailer that must be readable.
func fromTrailer(t *testing.T, text string) record {
	t.Helper()
	status, out, errOut := boxgrpc(t, "not read", "explain", "-o", "json", "-status-details-bin", text)
	if status != 0 || errOut != "" {
		t.Fatalf("exit status %d, %s", status, errOut)
	}
	var r record
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

// Without it a trailer has to be converted by hand before it can be read: gRPC
// libraries print it in different ways.
func TestTrailerInAnySpelling(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/2 429\nRetry-After: 7\n\n" + `{"code":"rate_limit_exceeded","message":"¿¾ÿ slow down","request_id":"r"}`
	a, err := readAnswer(strings.NewReader(answer))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := translate.FromError(translate.Box.Translate(a))
	if !ok {
		t.Fatal("no error")
	}
	raw, err := proto.Marshal(e.GRPCStatus().Proto())
	if err != nil {
		t.Fatal(err)
	}
	standard, url := base64.StdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw)
	if standard == url || standard[len(standard)-1] != '=' {
		t.Fatal("the example does not tell the spellings apart")
	}
	want := explained(t, answer)
	for name, text := range map[string]string{
		"standard, padded":   standard,
		"standard, unpadded": base64.RawStdEncoding.EncodeToString(raw),
		"URL, padded":        url,
		"URL, unpadded":      base64.RawURLEncoding.EncodeToString(raw),
		"with its name":      "grpc-status-details-bin: " + standard,
		"with its name, URL": "Grpc-Status-Details-Bin:" + url,
		"over several lines": " " + standard[:40] + "\r\n\t" + standard[40:] + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, fromTrailer(t, text), ignoreUnexported); diff != "" {
				t.Errorf("the caller's side differs from the service's (-want +got):\n%s", diff)
			}
		})
	}
}

// Without it a status of somebody else passes for a verdict of boxgrpc, or loses
// what it does say.
func TestTrailerThatIsNotOurs(t *testing.T) {
	t.Parallel()
	want := record{
		GRPCCode: "NOT_FOUND", Message: "none left", Reason: "NO_STOCK", Domain: "shop.example.com",
		Metadata: map[string]string{}, Retry: retryRecord{Class: "never"}, StatusBytes: proto.Size(foreign(t)),
		Details: []string{"google.rpc.ErrorInfo", "shop.v1.Shelf", "google.rpc.Help", typeName(foreign(t).GetDetails()[3].GetTypeUrl())},
	}
	if diff := cmp.Diff(want, fromTrailer(t, trailerOf(t, foreign(t))), ignoreUnexported); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without it an odd code is shown as another one.
func TestTrailerCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[int32]string{0: "OK", 1: "CANCELLED", 16: "UNAUTHENTICATED", 17: "17", 99: "99", -1: "-1"} {
		r := fromTrailer(t, trailerOf(t, &spb.Status{Code: code, Message: "m"}))
		if r.GRPCCode != want || r.Message != "m" {
			t.Errorf("code %d is shown as %s %q, want %s", code, r.GRPCCode, r.Message, want)
		}
	}
	if r := fromTrailer(t, "CAA="); r.Outcome != "APPLIED" || r.Retry.Class != "never" || r.Retry.Allowed {
		t.Errorf("OK is shown as %+v", r)
	}
}

// Without it a caller that takes after_ms for the wait comes back too early.
func TestTrailerWaitIsRoundedUp(t *testing.T) {
	t.Parallel()
	e, _ := translate.FromError(translate.Box.Translate(translate.Answer{Status: 503}))
	r := fromTrailer(t, trailerOf(t, e.WithRetryDelay(1500*time.Microsecond).GRPCStatus().Proto()))
	if r.Retry.AfterMS == nil || *r.Retry.AfterMS != 2 || r.Retry.Class != "always" || !r.Retry.Allowed {
		t.Errorf("retry after 1.5 ms is shown as %+v", r.Retry)
	}
}

// Without it what was cut off in copying is explained as if it were whole.
func TestTrailerThatIsNone(t *testing.T) {
	t.Parallel()
	whole := trailerOf(t, foreign(t))
	tests := map[string]struct{ text, want string }{
		"empty":                  {"", "nothing is in it"},
		"spaces":                 {" \n", "nothing is in it"},
		"name only":              {"grpc-status-details-bin:", "nothing is in it"},
		"not base64":             {"%%%", "not base64"},
		"padding in the middle":  {"CA==gSBW5vcGUu", "not base64"},
		"one character too many": {"CAgSBW5vcGUuA", "not base64"},
		"cut off":                {whole[:len(whole)/2], "no google.rpc.Status"},
		"text":                   {base64.StdEncoding.EncodeToString([]byte("hello world")), "no google.rpc.Status"},
		"another message":        {"IgNhYmM", "no google.rpc.Status"}, // field 4
		"message not UTF-8":      {base64.StdEncoding.EncodeToString([]byte("\x08\x05\x12\x01\xff")), "no google.rpc.Status"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMistake(t, "", tt.want, "explain", "-status-details-bin", tt.text)
		})
	}
}
