// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/boxgrpc/boxgrpc/translate"
)

const personal = `{"type":"error","code":"item_name_in_use","message":"Anna's file","request_id":"req-1","context_info":{` +
	`"conflicts":[{"type":"file","id":"4711","name":"Anna.pdf","owner":{"login":"anna@example.com"}}],"tos_id":261346614,` +
	`"errors":[{"name":"limit","message":"Anna again","reason":"x"}]},"note":"for Anna"}`

// A service that must not show names keeps them in, wherever Box puts them.
func TestRedaction(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := make(map[string][]string)
	redacting := translate.Box.With(translate.WithRawBody(), translate.WithRedaction(func(kind, text string) string {
		mu.Lock()
		defer mu.Unlock()
		seen[kind] = append(seen[kind], text)
		return "<" + kind + ">"
	}))
	e := mustError(t, redacting.Translate(translate.Answer{Method: "POST", Status: 409, Body: []byte(personal)}))
	st := prototext.Format(e.GRPCStatus().Proto()) + e.Error() + string(e.Body())
	for _, secret := range []string{"Anna", "4711", "anna@", "261346614"} {
		if strings.Contains(st, secret) {
			t.Errorf("%q is still in %s", secret, st)
		}
	}
	if e.Reason() != "ITEM_NAME_IN_USE" || e.RequestID() != "req-1" || e.ErrorCode() != "item_name_in_use" || e.Error() != "<text>" {
		t.Errorf("%s %s %s %q: more than names, ids and texts was changed", e.Reason(), e.RequestID(), e.ErrorCode(), e)
	}
	for kind, want := range map[string]string{"name": "Anna.pdf", "id": "4711", "text": "for Anna"} {
		if !slices.Contains(seen[kind], want) {
			t.Errorf("kind %s: %q, want %q among them", kind, seen[kind], want)
		}
	}
}

// A rule of the service that breaks must not break the error.
func TestRedactionThatPanics(t *testing.T) {
	t.Parallel()
	broken := translate.Box.With(translate.WithRedaction(func(string, string) string { panic("no") }))
	e := mustError(t, broken.Translate(translate.Answer{Method: "POST", Status: 409, Body: []byte(personal)}))
	if e.Reason() != "ITEM_NAME_IN_USE" || strings.Contains(prototext.Format(e.GRPCStatus().Proto()), "Anna") {
		t.Errorf("status = %v", e.GRPCStatus())
	}
	odd := translate.Box.With(translate.WithRedaction(func(string, string) string { return "a\xff" }))
	if e := mustError(t, odd.Translate(translate.Answer{Method: "POST", Status: 409, Body: []byte(personal)})); len(e.GRPCStatus().Details()) < 4 {
		t.Errorf("bytes that are no UTF-8 cost details: %v", e.GRPCStatus())
	}
}

// What is left of a message without its secret is said once, as every fact is.
func TestACleanedMessageIsSentOnce(t *testing.T) {
	t.Parallel()
	body := `{"type":"error","status":404,"code":"not_found","message":"sent Bearer SECRET1 in vain"}`
	st := answered(t, 404, body).GRPCStatus().Proto()
	if text := prototext.Format(st); strings.Count(text, "in vain") != 1 || strings.Contains(text, "SECRET1") {
		t.Errorf("got %s", text)
	}
}

// A signed address is a credential, in whichever member it stands.
func TestSecretsLeaveInNoMember(t *testing.T) {
	t.Parallel()
	const secret = `"https://dl.example.com/f?sig=SECRET1"`
	for _, member := range []string{"type", "code", "message", "help_url", "request_id", "error", "error_description", "context_info", "more"} {
		st := answered(t, 409, `{"`+member+`":`+secret+`}`).GRPCStatus().Proto()
		if text := prototext.Format(st); strings.Contains(text, "SECRET1") {
			t.Errorf("%s: the secret is still in %s", member, text)
		}
	}
	for _, member := range []string{"type", "id", "name", "etag", "sequence_id", "sha1"} {
		st := answered(t, 409, `{"code":"item_name_in_use","context_info":{"conflicts":[{"type":"file","id":"1","`+member+`":`+secret+`}]}}`).GRPCStatus().Proto()
		if text := prototext.Format(st); strings.Contains(text, "SECRET1") {
			t.Errorf("%s of a conflict: the secret is still in %s", member, text)
		}
	}
}

// Blanks are no message and no code: callers would be shown nothing, and support find nothing.
func TestBlankMembersSayNothing(t *testing.T) {
	t.Parallel()
	e := answered(t, 404, `{"code":" ","error":"not_found","message":"\t","error_description":"\u00a0"}`)
	if e.ErrorCode() != "not_found" || strings.TrimSpace(e.Error()) == "" {
		t.Errorf("code %q, message %q", e.ErrorCode(), e.Error())
	}
	for _, id := range []string{"a\x7fb", "a\tb", "é", " "} {
		if got := translate.Box.RequestID(http.Header{"Box-Request-Id": {id}}); strings.TrimSpace(got) != "" {
			t.Errorf("the request id %q became %q", id, got)
		}
	}
}

// answered is Box's error with this body.
func answered(t *testing.T, status int, body string) *translate.Error {
	t.Helper()
	return mustError(t, translate.Box.Translate(translate.Answer{Method: "GET", Status: status, Body: []byte(body)}))
}

// The document of a user's own upstream is cleaned like ours.
func TestDocumentOfTheUsersOwnIsCleaned(t *testing.T) {
	t.Parallel()
	detail, err := structpb.NewStruct(map[string]any{"text": "see https://a/b?sig=SECRET1"})
	if err != nil {
		t.Fatal(err)
	}
	value := structpb.NewStringValue("Bearer SECRET1")
	for _, m := range []translate.Document{{Detail: value}, {Detail: detail}, {Detail: structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{value}})}} {
		own := translate.New(translate.Upstream{Domain: "own.example.com", Decode: func(translate.Answer) translate.Document { return m }})
		if st := mustError(t, own.Translate(translate.Answer{Status: 500})).GRPCStatus(); strings.Contains(prototext.Format(st.Proto()), "SECRET1") {
			t.Errorf("the secret is still in %v", st.Proto())
		}
	}
	if raw, err := json.Marshal(detail.AsMap()); err != nil || !strings.Contains(string(raw), "SECRET1") {
		t.Errorf("the user's own message changed: %s, %v", raw, err)
	}
}
