// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	"github.com/boxgrpc/boxgrpc/translate"
)

func japanese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana) })
}

// A Japanese user behind the gateway reads Japanese, in whatever form the front end asks
// for the error.
func TestAJapaneseUser(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t)
	for _, accept := range []string{"", "*/*", gateway.MediaTypeJSON, gateway.MediaTypeProblem, gateway.MediaTypeStatus} {
		box.Script("GET /files/{id}", boxtest.Error(404, "not_found", "Not Found"))
		a := get(t, address+"/v1/files/7", "Accept", accept, "Accept-Language", "fr", "Accept-Language", "ja-JP;q=0.9, en;q=0.8")
		if !japanese(a.body) {
			t.Errorf("Accept %q: no Japanese in %s", accept, a.body)
		}
		same(t, "Content-Language", a.header["Content-Language"], []string{"ja"})
		same(t, "Vary", a.header["Vary"], []string{"Accept, Accept-Language"})
	}
}

// Beside the text the document is the one that Box sent.
func TestAJapaneseUserOfBoxsDocument(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t)
	fault := boxtest.Error(404, "not_found", "Not Found")
	box.Script("GET /files/{id}", fault)
	got := get(t, address+"/v1/files/7", "Accept-Language", "ja").json(t)
	localized, _ := got["localized_message"].(map[string]any)
	same(t, "locale", localized["locale"], any("ja"))
	if text, _ := localized["message"].(string); !japanese(text) {
		t.Errorf("message = %q", text)
	}
	delete(got, "localized_message")
	same(t, "the rest", got, object(t, fault.Body))
}

// What Box itself calls localized_message is Box's, and an empty document stays JSON.
func TestOddDocumentsOfBox(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t)
	fault := boxtest.Fault{Status: 404, Body: `{"localized_message": "Box's own"}`}
	box.Script("GET /files/{id}", fault, boxtest.Fault{Status: 404, Body: " {} "})
	same(t, "body", get(t, address+"/v1/files/7", "Accept-Language", "ja").json(t), object(t, fault.Body))
	a := get(t, address+"/v1/files/7", "Accept-Language", "ja")
	if !japanese(a.body) {
		t.Errorf("no Japanese in %s", a.body)
	}
	a.json(t)
}

// The service is told the language under the name that it looks for, so that its own
// texts are in it too.
func TestTheServiceIsToldTheLanguage(t *testing.T) {
	t.Parallel()
	svc := &languageOf{}
	address := inFrontOf(t, svc, gateway.Errors())
	for sent, want := range map[string][]string{
		"":               nil,
		"fr, ja;q=0.5":   {"fr, ja;q=0.5"},
		"ja\xe3\x81\x82": nil, // gRPC could not carry it, and would fail the call
		"en\x80":         nil,
	} {
		same(t, "status for "+sent, get(t, address+"/v1/files/7", "Accept-Language", sent).status, 200)
		same(t, "metadata for "+sent, svc.got, want)
	}
}

// A service that speaks a language of its own is not talked over.
func TestATextOfTheServicesOwn(t *testing.T) {
	t.Parallel()
	e, _ := translate.FromError(translate.Box.Translate(translate.Answer{Status: 404}))
	st := e.WithLanguage("en").GRPCStatus()
	svc := failing{err: st.Err()}
	a := get(t, inFrontOf(t, svc, gateway.Errors())+"/v1/files/7", "Accept-Language", "ja", "Accept", gateway.MediaTypeProblem)
	same(t, "Content-Language", a.header["Content-Language"], []string{"en"})

	svc = failing{err: foreign(t, codes.NotFound, "gone", &errdetails.LocalizedMessage{Locale: "x\r\nSet-Cookie: a=b", Message: "weg"})}
	a = get(t, inFrontOf(t, svc, gateway.Errors())+"/v1/files/7", "Accept", gateway.MediaTypeProblem)
	same(t, "Content-Language", a.header["Content-Language"], []string(nil))
	same(t, "detail", a.json(t)["detail"], any("weg"))
}

// Who has only the error handler, and metadata of its own making, gets the text from the
// gateway.
func TestTheGatewaySpeaksWhereTheServiceDoesNot(t *testing.T) {
	t.Parallel()
	svc := failing{err: translate.Box.Translate(translate.Answer{Method: "GET", Status: 404})}
	address := inFrontOf(t, svc, runtime.WithErrorHandler(gateway.ErrorHandler()))
	a := get(t, address+"/v1/files/7", "Accept-Language", "ja", "Accept", gateway.MediaTypeStatus)
	if !japanese(a.body) {
		t.Errorf("no Japanese in %s", a.body)
	}
	if a = get(t, address+"/v1/files/7", "Accept-Language", "fr", "Accept", gateway.MediaTypeStatus); strings.Contains(a.body, "LocalizedMessage") {
		t.Errorf("a text that nobody asked for: %s", a.body)
	}
}
