// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// largest is a body in which everything is as long as it can be.
func largest(n int) []byte {
	entries := make([]map[string]string, 16)
	for i := range entries {
		entries[i] = map[string]string{"name": strings.Repeat("n", n), "message": strings.Repeat("é", n), "reason": strings.Repeat("r", n)}
	}
	body, err := json.Marshal(map[string]any{
		"type": strings.Repeat("t", n), "code": "rate_limit_exceeded", "error": strings.Repeat("e", n),
		"message": strings.Repeat("界%", n), "help_url": "https://h/" + strings.Repeat("u", n), "request_id": "id-1",
		"error_description": strings.Repeat("d", n), "other": strings.Repeat("o", n),
		"context_info": map[string]any{"errors": entries, "conflicts": map[string]string{"type": strings.Repeat("c", min(n, 256)), "id": strings.Repeat("i", min(n, 256))}},
	})
	if err != nil {
		panic(err)
	}
	return body
}

// An error that is larger than a peer's header limit reaches callers as another
// code, or ends all calls on the connection.
func TestCutsKeepWhatMatters(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{2048, 4096, 8192} {
		translator := translate.Box.With(translate.WithMaxHeaderBytes(limit), translate.WithRawBody(), translate.WithDomain(strings.Repeat("d", 128)))
		for _, n := range []int{1, 10, 40, 100, 150, 200, 400, 700} {
			a := translate.Answer{Method: "GET", Status: 429, Body: largest(n), Header: header("Retry-After", "7", "Box-Request-Id", strings.Repeat("h", 256))}
			e := mustError(t, translator.Translate(a))
			if got := e.HeaderBytes(); got > limit {
				t.Errorf("limit %d, n %d: HeaderBytes = %d", limit, n, got)
			}
			wait, _ := e.RetryDelay()
			retry := detail[*errdetails.RetryInfo](t, e)
			if e.Code() != codes.ResourceExhausted || e.Reason() != "RATE_LIMIT_EXCEEDED" || e.RequestID() != "id-1" ||
				wait != 7*time.Second || retry.GetRetryDelay().AsDuration() != wait {
				t.Errorf("limit %d, n %d: %v %s %q %v %v: a cut took too much", limit, n, e.Code(), e.Reason(), e.RequestID(), wait, retry)
			}
			if !utf8.ValidString(e.Error()) || e.Error() == "" {
				t.Errorf("limit %d, n %d: message %q", limit, n, e.Error())
			}
			if cut := len(e.Body()) != len(a.Body); cut != (e.Metadata()["truncated"] == "true") {
				t.Errorf("limit %d, n %d: %d of %d bytes of body, truncated = %q", limit, n, len(e.Body()), len(a.Body), e.Metadata()["truncated"])
			}
		}
	}
}

// A decoder of the user's own that puts whole texts where ids belong must not push
// the code out of the header: metadata is never cut.
func TestMetadataOfADecoderStaysSmall(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("m", 256)
	own := translate.New(translate.Upstream{
		Domain: strings.Repeat("d", 128), RequestIDHeader: "X-Id",
		Decode: func(translate.Answer) translate.Document {
			return translate.Document{Code: long, Message: long, RequestID: long, Metadata: map[string]string{
				"cause": long, "messageId": long, "ssb": long, "detailCode": long, "innerStatus": long,
			}}
		},
	}, translate.WithMaxHeaderBytes(2048))
	e := mustError(t, own.Translate(translate.Answer{Method: "GET", Status: 503, Header: header("X-Id", strings.Repeat("h", 256))}))
	if got := e.HeaderBytes(); got > 2048 {
		t.Errorf("HeaderBytes = %d, want at most 2048", got)
	}
}

// What helps a person most is cut last.
func TestOrderOfCuts(t *testing.T) {
	t.Parallel()
	at := func(size int) *translate.Error {
		body := `{"code":"bad_request","help_url":"https://h/` + strings.Repeat("u", 300) + `","message":"` + strings.Repeat("m", size) +
			`","context_info":{"errors":[{"name":"limit","message":"` + strings.Repeat("v", 300) + `","reason":"invalid"}],"x":"` + strings.Repeat("x", 300) + `"}}`
		return mustError(t, translate.Box.Translate(translate.Answer{Method: "GET", Status: 400, Body: []byte(body)}))
	}
	seen := make(map[string]bool)
	for size := 100; size < 3000; size += 50 {
		e := at(size)
		context := len(e.Body()) > 0 && strings.Contains(string(e.Body()), "xxx")
		help := detail[*errdetails.Help](t, e) != nil
		violations := detail[*errdetails.BadRequest](t, e) != nil
		whole := len(e.Error()) == size
		if context && !help || help && !violations || violations && !whole {
			t.Errorf("message of %d: context %v, help %v, violations %v, message %v: wrong order", size, context, help, violations, whole)
		}
		if !whole && len(e.Error()) < 900 {
			t.Errorf("message of %d: only %d bytes are left of it, although more fit", size, len(e.Error()))
		}
		seen[strings.Join([]string{strconv.FormatBool(context), strconv.FormatBool(help), strconv.FormatBool(violations), strconv.FormatBool(whole)}, " ")] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d stages seen, want 5: %v", len(seen), seen)
	}
}

// Whatever a stranger answers: no panic, no success, a legal reason, and a status
// that reaches the caller.
func FuzzTranslate(f *testing.F) {
	for _, b := range boxBodies {
		f.Add("POST", 409, "3", `Bearer realm="Service", error="invalid_token"`, "application/json", []byte(b.body), false)
	}
	f.Add("GET", 401, "", `NTLM, Basic realm="x`, "text/html; charset=shift_jis", []byte("<html>\x83\x41"), true)
	f.Add("PUT", -1, "-5", `"`, ";", largest(300), true)
	hostile := translate.Box.With(translate.WithRawBody(), translate.WithDomain(strings.Repeat("d", 128)))
	f.Fuzz(func(t *testing.T, method string, status int, retryAfter, challenge, contentType string, body []byte, raw bool) {
		translator := translate.Box
		if raw {
			translator = hostile
		}
		err := translator.Translate(translate.Answer{
			Method: method, Status: status, Body: body,
			Header: header("Retry-After", retryAfter, "WWW-Authenticate", challenge, "Content-Type", contentType, "Box-Request-Id", challenge),
		})
		if err == nil {
			if status >= 400 || status < 200 {
				t.Fatalf("HTTP %d is a success", status)
			}
			return
		}
		checkError(t, mustError(t, err))
	})
}

func checkError(t *testing.T, e *translate.Error) {
	t.Helper()
	id := e.RequestID() // before anything is built
	st := e.GRPCStatus()
	if _ = e.Reason(); e.RequestID() != id {
		t.Errorf("request id %q, and %q once the error was built", id, e.RequestID())
	}
	switch {
	case st.Code() == codes.OK || st.Code() > codes.Unauthenticated:
		t.Errorf("code %v", st.Code())
	case len(e.Reason()) > 63 || !legalReason.MatchString(e.Reason()):
		t.Errorf("reason %q", e.Reason())
	case e.HeaderBytes() > 4096:
		t.Errorf("%d bytes of header", e.HeaderBytes())
	case !utf8.ValidString(e.Error()):
		t.Errorf("message %q", e.Error())
	}
	if n := e.WithLanguage("ja").HeaderBytes(); n > 4096 {
		t.Errorf("%d bytes of header in Japanese", n)
	}
	retry := detail[*errdetails.RetryInfo](t, e)
	wait, ok := e.RetryDelay()
	if ok != (retry != nil) || wait != retry.GetRetryDelay().AsDuration() || wait < 0 {
		t.Errorf("RetryDelay = %v, %v, but RetryInfo %v", wait, ok, retry)
	}
	if hint, hinted := e.RetryAfter(); hinted && ok && wait < hint {
		t.Errorf("told %v, the upstream asked for %v", wait, hint)
	}
	if class := e.RetryClass(); class == boxgrpcv1.Retry_RETRY_UNSPECIFIED || class == never && ok {
		t.Errorf("class %v, retry allowed %v", class, ok)
	}
	got, found := translate.FromError(st.Err())
	if !found {
		t.Fatal("FromError does not know the status again")
	}
	if e.Metadata()["truncated"] != "" {
		return
	}
	if got.ErrorCode() != e.ErrorCode() && harmless.MatchString(e.ErrorCode()) && !strings.Contains(strings.ToLower(e.ErrorCode()), "debug") || string(got.Body()) != string(e.Body()) {
		t.Errorf("in the caller: code %q, body %s, want %q, %s", got.ErrorCode(), got.Body(), e.ErrorCode(), e.Body())
	}
}

// harmless are codes that can hold no secret. Others do not cross the wire as they
// were sent.
var harmless = regexp.MustCompile(`^[A-Za-z0-9_]*$`)
