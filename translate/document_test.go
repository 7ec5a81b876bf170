// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/translate"
)

// boxBodies are bodies of all shapes, with the error code that stands in them.
var boxBodies = []struct{ situation, body, code string }{
	{"client error", `{"type":"error","status":409,"code":"conflict","help_url":"http:\/\/developers.box.com\/docs\/#errors","message":"exists","request_id":"a1"}`, "conflict"},
	{"unknown members, nulls, numbers", `{"type":null,"status":"409","code":"conflict","context_info":null,"n":9007199254740993,"f":1.0e+18,"o":{"a":[]}}`, "conflict"},
	{"status that is not the answer's", `{"type":"error","status":400,"code":"conflict"}`, "conflict"},
	{"conflicts as an array", `{"code":"item_name_in_use","context_info":{"conflicts":[{"type":"folder","id":"1","etag":"0"}]}}`, "item_name_in_use"},
	{"conflicts without a code", `{"context_info":{"conflicts":{"type":"file","id":"1"}},"message":""}`, ""},
	{"field errors", `{"code":"conflict","context_info":{"errors":[{"reason":"invalid_parameter","name":"tag","message":"x"},{"reason":"missing_parameter","name":"b","message":""}]}}`, "conflict"},
	{"field errors with more members", `{"code":"conflict","context_info":{"errors":[{"reason":"Odd Reason","name":"tag","message":"x","x":1}]}}`, "conflict"},
	{"numbers in the context", `{"code":"terms_of_service_required","context_info":{"tos_id":9007199254740993}}`, "terms_of_service_required"},
	{"OAuth 2", `{"error":"invalid_grant","error_description":"Invalid refresh token"}`, "invalid_grant"},
	{"mixed", `{"status":409,"error":"Forbidden","error_description":"No","request_id":"b2","message":"Other"}`, "Forbidden"},
	{"both codes", `{"code":"Conflict","error":"invalid_grant"}`, "Conflict"},
	{"empty code beside an OAuth 2 one", `{"code":"","error":"invalid_grant"}`, "invalid_grant"},
	{"reason phrase as code", `{"code":"Internal Server Error"}`, "Internal Server Error"},
	{"number as code", `{"code":17,"request_id":18}`, "17"},
	{"code of another alphabet", `{"code":"エラー","message":"だめ"}`, "エラー"},
	{"metadata error", `{"message":"differs","code":"failed_json_patch_application","request_id":"m3"}`, "failed_json_patch_application"},
	{"no member", `{}`, ""},
	{"foreign JSON", `{"foo":"bar","message":"hello"}`, ""},
	{"odd texts", `{"code":"conflict","message":"a\u2013b \u0000 <&> \n","help_url":"","request_id":""}`, "conflict"},
	{"long texts that fit", `{"code":"conflict","message":"` + strings.Repeat("m", 700) + `","type":"` + strings.Repeat("t", 200) + `"}`, "conflict"},
}

// A caller that speaks Box's own language must get what Box said, whole.
func TestBoxJSONSurvives(t *testing.T) {
	t.Parallel()
	for _, tt := range boxBodies {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			for _, translator := range []*translate.Translator{translate.Box, translate.Box.With(translate.WithDomain("other.example.com"))} {
				sent := mustError(t, translator.Translate(translate.Answer{Method: "POST", Status: 409, Body: []byte(tt.body)}))
				got, ok := translate.FromError(status.FromProto(sent.GRPCStatus().Proto()).Err())
				if !ok {
					t.Fatal("FromError found nothing in the status")
				}
				if diff := cmp.Diff(jsonValue(t, []byte(tt.body)), jsonValue(t, got.Body())); diff != "" {
					t.Errorf("Body (-want +got):\n%s", diff)
				}
				if sent.ErrorCode() != tt.code || got.ErrorCode() != tt.code {
					t.Errorf("ErrorCode = %q, and %q in the caller, want %q", sent.ErrorCode(), got.ErrorCode(), tt.code)
				}
			}
		})
	}
}

// With raw bodies on, not a byte is different.
func TestRawBody(t *testing.T) {
	t.Parallel()
	raw := translate.Box.With(translate.WithRawBody())
	for _, tt := range boxBodies {
		e := mustError(t, raw.Translate(translate.Answer{Status: 409, Body: []byte(tt.body)}))
		if string(e.Body()) != tt.body {
			t.Errorf("%s: Body = %s, want %s", tt.situation, e.Body(), tt.body)
		}
	}
	for _, secret := range []string{
		`{"code":"conflict","access_token":"SECRET"}`,
		`{"code":"Bearer 5ECRET","code":"conflict"}`,
	} {
		e := mustError(t, raw.Translate(translate.Answer{Status: 409, Body: []byte(secret)}))
		if diff := cmp.Diff(jsonValue(t, []byte(`{"code":"conflict"}`)), jsonValue(t, e.Body())); diff != "" {
			t.Errorf("a body with a secret must not go out raw (-want +got):\n%s", diff)
		}
		if strings.Contains(string(e.Body()), "ECRET") { // the first of two members of one name is no part of the value
			t.Errorf("the secret goes out in %s", e.Body())
		}
	}
	if e := mustError(t, raw.Translate(translate.Answer{Status: 409, Body: []byte("<html>internal page")})); e.Body() != nil {
		t.Errorf("a page is no document of the upstream's, got %s", e.Body())
	}
	if e := mustError(t, raw.Translate(translate.Answer{Status: 409, Body: gzipped(t, boxBodies[0].body)})); string(e.Body()) != boxBodies[0].body {
		t.Errorf("Body of a gzip body = %q", e.Body())
	}
}

// Whatever a proxy did to the body, the code in it still counts if it can be read,
// and the status if not.
func TestBodiesOnTheWay(t *testing.T) {
	t.Parallel()
	const plain = `{"code":"item_name_in_use","message":"vergeben für Ö"}`
	tests := []struct {
		situation, contentType string
		body                   []byte
		wantReason             string
	}{
		{"byte order mark", "application/json", []byte("\xef\xbb\xbf" + plain), "ITEM_NAME_IN_USE"},
		{"type that lies", "text/html", []byte(plain), "ITEM_NAME_IN_USE"},
		{"gzip that nobody inflated", "application/json", gzipped(t, plain), "ITEM_NAME_IN_USE"},
		{"gzip that breaks off", "application/json", gzipped(t, plain)[:20], "HTTP_409"},
		{"UTF-16", "application/json", utf16In(binary.LittleEndian, plain), "ITEM_NAME_IN_USE"},
		{"UTF-16, big-endian", "application/json", utf16In(binary.BigEndian, plain), "ITEM_NAME_IN_USE"},
		{"half a mark", "application/json", []byte("\x1f"), "HTTP_409"},
		{"Latin-1", "application/json; charset=iso-8859-1", []byte(strings.ReplaceAll(strings.ReplaceAll(plain, "ü", "\xfc"), "Ö", "\xd6")), "ITEM_NAME_IN_USE"},
		{"Latin-1 that claims UTF-8", "application/json; charset=utf-8", []byte(strings.ReplaceAll(plain, "ü", "\xfc")), "ITEM_NAME_IN_USE"},
		{"charset that nobody knows", "application/json; charset=x-klingon", []byte(plain), "ITEM_NAME_IN_USE"},
		{"cut off", "application/json", []byte(plain[:30]), "HTTP_409"},
		{"two documents", "application/json", []byte(plain + plain), "HTTP_409"},
		{"array", "application/json", []byte("[" + plain + "]"), "HTTP_409"},
		{"string", "application/json", []byte(`"item_name_in_use"`), "HTTP_409"},
		{"deeply nested", "application/json", []byte(`{"code":"item_name_in_use","context_info":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"), "HTTP_409"},
		{"more than is read", "application/json", []byte(`{"code":"item_name_in_use","x":"` + strings.Repeat("x", 70<<10) + `"}`), "HTTP_409"},
		{"zeros", "", make([]byte, 100), "HTTP_409"},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			e := mustError(t, translate.Box.Translate(translate.Answer{Status: 409, Header: header("Content-Type", tt.contentType), Body: tt.body}))
			if e.Reason() != tt.wantReason {
				t.Errorf("Reason = %s, want %s", e.Reason(), tt.wantReason)
			}
		})
	}
}

func jsonValue(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s is no JSON: %v", raw, err)
	}
	return v
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func utf16In(order binary.AppendByteOrder, text string) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}
