// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A body that is read only when somebody looks must say then what it says at once.
func TestDetailsOfACodeUnderASettledStatus(t *testing.T) {
	t.Parallel()
	own := translate.Box.With(translate.WithRule("own_detail", &boxgrpcv1.Rule{Field: "folder"}))
	e := mustError(t, own.Translate(translate.Answer{Status: 429, Body: code("own_detail")}))
	if got := detail[*errdetails.BadRequest](t, e).GetFieldViolations(); len(got) != 1 || got[0].GetField() != "folder" {
		t.Errorf("violations = %v, want one of folder", got)
	}
}

// Handlers log an error while an interceptor sends it: all of them must see the same.
func TestManyLookAtOneError(t *testing.T) {
	t.Parallel()
	answer := translate.Answer{Method: "POST", Status: 429, Body: []byte(personal)}
	first := mustError(t, translate.Box.Translate(answer))
	want, body := first.GRPCStatus().Proto(), string(first.Body())
	for range 100 {
		e := mustError(t, translate.Box.Translate(answer))
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				if i%2 == 0 && e.Reason() != first.Reason() || !proto.Equal(e.GRPCStatus().Proto(), want) || string(e.Body()) != body {
					t.Errorf("somebody saw %v %s, want %v", e.GRPCStatus(), e.Body(), want)
				}
			})
		}
		all.Wait()
	}
}

// Somebody else's 401 is INTERNAL; Box's own is for the caller to mend.
func TestWhose401ItIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation, body string
		header          []string
		want            codes.Code
	}{
		{"a proxy's", "", nil, codes.Internal},
		{"with a document", `{"message":"m"}`, nil, codes.Unauthenticated},
		{"with Box's id", "", []string{"Box-Request-Id", "r"}, codes.Unauthenticated},
	}
	for _, tt := range tests {
		h := header(append(tt.header, "WWW-Authenticate", "Negotiate")...)
		e := mustError(t, translate.Box.Translate(translate.Answer{Status: 401, Header: h, Body: []byte(tt.body)}))
		if e.Code() != tt.want {
			t.Errorf("%s: %v, want %v", tt.situation, e.Code(), tt.want)
		}
	}
}

// The commonest document is not sent. One that only resembles it has to be.
func TestAMemberMoreThanTheOrdinaryDocument(t *testing.T) {
	t.Parallel()
	body := `{"code":"conflict","error":"x","help_url":"https://h/a","message":"m","request_id":"r","status":409,"type":"error"}`
	e := mustError(t, translate.Box.Translate(translate.Answer{Status: 409, Body: []byte(body)}))
	if got := string(e.Body()); got != body {
		t.Errorf("Body = %s, want %s", got, body)
	}
}

// Names of parameters are case-insensitive (RFC 9110 section 5.6.6): a body in Latin-1
// must not reach people as garbage.
func TestCharsetInAnyCase(t *testing.T) {
	t.Parallel()
	h := header("Content-Type", "application/json; CharSet=ISO-8859-1")
	e := mustError(t, translate.Box.Translate(translate.Answer{Status: 404, Header: h, Body: []byte("{\"message\":\"caf\xe9\"}")}))
	if e.Error() != "café" {
		t.Errorf("Error = %q, want café", e.Error())
	}
}
