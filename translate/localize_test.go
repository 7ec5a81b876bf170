// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A person who reads Japanese gets Japanese, and nobody gets a language that they
// did not ask for.
func TestLanguages(t *testing.T) {
	t.Parallel()
	e := mustError(t, translate.Box.Translate(translate.Answer{Method: "GET", Status: 429, Body: code("rate_limit_exceeded")}))
	tests := []struct{ situation, accept, want string }{
		{"Japanese", "ja", "ja"},
		{"Japanese of Japan", "ja-JP", "ja"},
		{"the better liked", "en;q=0.3, ja;q=0.9", "ja"},
		{"English of Britain", "en-GB,en;q=0.9", "en"},
		{"neither, but Japanese in second place", "fr, ja;q=0.5", "ja"},
		{"neither", "fr-CH, de", ""},
		{"none", "", ""},
		{"not a list", "\x00;;q=x", ""},
		{"a flood", strings.Repeat("ja-", 1000), ""},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			locale, text := e.WithLanguage(tt.accept).LocalizedMessage()
			if locale != tt.want || (text != "") != (tt.want != "") {
				t.Errorf("WithLanguage(%q) = %q %q, want %q", tt.accept, locale, text, tt.want)
			}
		})
	}
	if locale, _ := e.LocalizedMessage(); locale != "" {
		t.Error("the original has a text now")
	}
	if m := detail[*errdetails.LocalizedMessage](t, e.WithLanguage("ja")); m.GetLocale() != "ja" {
		t.Errorf("LocalizedMessage = %v", m)
	}
}

// The text has to fit what happened: that of the code where the code means what the
// catalogue says, else that of the status.
func TestTexts(t *testing.T) {
	t.Parallel()
	text := func(translator *translate.Translator, status int, body []byte) string {
		_, s := mustError(t, translator.Translate(translate.Answer{Method: "GET", Status: status, Body: body})).WithLanguage("en").LocalizedMessage()
		return s
	}
	of404 := text(translate.HTTP, 404, nil)
	tests := []struct {
		situation string
		got       string
		same      string
	}{
		{"Box without a code", text(translate.Box, 404, nil), of404},
		{"a code that nobody knows", text(translate.Box, 404, code("brand_new")), of404},
		{"a code under another status", text(translate.Box, 404, code("unauthorized")), of404},
		{"Box under another domain", text(translate.Box.With(translate.WithDomain("x.example.com")), 409, code("item_name_in_use")), text(translate.Box, 409, code("item_name_in_use"))},
		{"conflicts without a code", text(translate.Box, 409, []byte(`{"context_info":{"conflicts":{"type":"file","id":"1"}}}`)), text(translate.Box, 409, code("item_name_in_use"))},
		{"an upstream of the user's own", text(inventory, 404, nil), of404},
	}
	for _, tt := range tests {
		if tt.got == "" || tt.got != tt.same {
			t.Errorf("%s: %q, want %q", tt.situation, tt.got, tt.same)
		}
	}
	if got := text(translate.Box, 409, code("item_name_in_use")); got == text(translate.HTTP, 409, nil) {
		t.Errorf("a known code has the text of its status: %q", got)
	}
	if got := text(translate.HTTP, 460, nil); got != "" {
		t.Errorf("a status without a text has %q", got)
	}
}

// Whatever happens below, the person at the screen is told in words.
func TestEveryFailureHasATextInBothLanguages(t *testing.T) {
	t.Parallel()
	for n, name := range boxgrpcv1.Failure_name {
		if n == 0 {
			continue
		}
		e := failure(t, boxgrpcv1.Failure(n))
		_, en := e.WithLanguage("en").LocalizedMessage()
		_, ja := e.WithLanguage("ja").LocalizedMessage()
		if en == "" || ja == "" || en == ja {
			t.Errorf("%s: %q, %q", name, en, ja)
		}
	}
}

// failure is an error with this reason, read from a status as a caller does.
func failure(t *testing.T, f boxgrpcv1.Failure) *translate.Error {
	t.Helper()
	st := mustError(t, translate.HTTP.TransportError(nil, context.Canceled)).GRPCStatus().Proto()
	info := &errdetails.ErrorInfo{}
	if err := st.GetDetails()[0].UnmarshalTo(info); err != nil {
		t.Fatal(err)
	}
	info.Reason = strings.TrimPrefix(f.String(), "FAILURE_")
	if err := st.GetDetails()[0].MarshalFrom(info); err != nil {
		t.Fatal(err)
	}
	e, ok := translate.FromError(statusError(st))
	if !ok {
		t.Fatalf("%v is not read back", f)
	}
	return e
}
