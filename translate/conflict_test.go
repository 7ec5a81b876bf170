// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Who wants to know which item is in the way need not parse JSON, however it is spelt, and
// what the schema has no field for is not lost.
func TestConflicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation, context string
		typed              bool
	}{
		{"as Box writes it", `{"conflicts":[{"type":"folder","id":"33","name":"x"}]}`, true},
		{"upload", `{"conflicts":{"type":"file","id":"33","name":"x","etag":"1","sequence_id":"0","sha1":"ab","file_version":{"type":"file_version","id":"4","sha1":"ab"}}}`, true},
		{"a version that is not the current one", `{"conflicts":{"type":"file","id":"33","name":"x","sha1":"ab","file_version":{"type":"file_version","id":"4","sha1":"cd"}}}`, true},
		{"a hash of the version only", `{"conflicts":{"type":"file","id":"33","name":"x","file_version":{"type":"file_version","sha1":"ab"}}}`, true},
		{"a hash of the file only", `{"conflicts":{"type":"file","id":"33","name":"x","sha1":"ab","file_version":{"type":"file_version"}}}`, true},
		{"an empty hash of the file only", `{"conflicts":{"type":"file","id":"33","name":"x","sha1":"","file_version":{"type":"file_version"}}}`, true},
		{"empty hashes", `{"conflicts":{"type":"file","id":"33","name":"x","sha1":"","file_version":{"type":"file_version","sha1":""}}}`, true},
		{"with spaces", `{ "conflicts": [ {"type": "folder", "id": "33", "name": "x"} ] }`, true},
		{"with a member that nobody knows", `{"conflicts":[{"type":"folder","id":"33","name":"x","hub":true}]}`, false},
		{"without a type", `{"conflicts":[{"id":"33","name":"x"}]}`, false},
		{"two", `{"conflicts":[{"type":"folder","id":"33","name":"x"},{"type":"file","id":"34"}]}`, false},
		{"beside something else", `{"conflicts":[{"type":"folder","id":"33","name":"x"}],"y":1}`, false},
		{"a secret in the name", `{"conflicts":[{"type":"folder","id":"33","name":"https://h/a?sig=1"}]}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			e := mustError(t, translate.Box.Translate(translate.Answer{Method: "POST", Status: 409, Body: []byte(`{"code":"item_name_in_use","context_info":` + tt.context + `}`)}))
			b := detail[*boxgrpcv1.BoxError](t, e)
			if typed := b.GetConflict().GetName() == "x"; typed != tt.typed || typed == (len(b.GetContextInfo()) > 0) {
				t.Errorf("conflict %v, context_info %s", b.GetConflict(), b.GetContextInfo())
			}
			var want, got any
			body := struct {
				Context json.RawMessage `json:"context_info"`
			}{}
			if err := json.Unmarshal(e.Body(), &body); err != nil {
				t.Fatal(err)
			}
			_, _ = json.Unmarshal([]byte(tt.context), &want), json.Unmarshal(body.Context, &got)
			if same := equalJSON(want, got); same == (tt.situation == "a secret in the name") {
				t.Errorf("context_info came back as %s", body.Context)
			}
		})
	}
}

// A hash is the longest part of a conflict and nothing makes it shorter on the wire. That of
// the file and that of its current version are the same: who sends it twice pays for it in
// every 409.
func TestAHashIsSentOnce(t *testing.T) {
	t.Parallel()
	const hash = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	body := `{"code":"item_name_in_use","context_info":{"conflicts":{"type":"file","id":"33","name":"x","sha1":"` + hash +
		`","file_version":{"type":"file_version","id":"4","sha1":"` + hash + `"}}}}`
	e := mustError(t, translate.Box.Translate(translate.Answer{Method: "POST", Status: 409, Body: []byte(body)}))
	wire, err := proto.Marshal(e.GRPCStatus().Proto())
	if err != nil || bytes.Count(wire, []byte(hash)) != 1 {
		t.Errorf("the hash is there %d times (%v), want once", bytes.Count(wire, []byte(hash)), err)
	}
	want := &boxgrpcv1.BoxError_Conflict{
		Name: new("x"), Sha1: new(hash), FileVersion: &boxgrpcv1.BoxError_FileVersion{Id: new("4"), SameSha1: true},
	}
	if got := detail[*boxgrpcv1.BoxError](t, e).GetConflict(); !proto.Equal(got, want) {
		t.Errorf("conflict = %v, want %v", got, want)
	}
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
