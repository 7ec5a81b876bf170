// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Box's document is written by hand and read by generated code, in every language: what the
// one writes must be what the other would, or a caller loses a member.
func TestBoxErrorIsWrittenAsTheGeneratedCodeWould(t *testing.T) {
	t.Parallel()
	bodies := []string{
		``, `<html>`, `{}`, `{"error":"e","error_description":""}`, `{"code":"Odd Code","message":"m","request_id":"` + strings.Repeat("r", 300) + `"}`,
		`{"type":"warning","status":"409","code":1,"message":null,"help_url":{},"context_info":{"a":[1]},"more":true}`,
		`{"type":"","code":"x","error":"Y","message":"a","error_description":"b","context_info":{"conflicts":{"type":"file","id":"1","sha1":"","name":"n"}}}`,
	}
	for _, b := range boxBodies {
		bodies = append(bodies, b.body)
	}
	seen := make(map[string]bool)
	for _, body := range bodies {
		for _, box := range []*translate.Translator{translate.Box, translate.Box.With(translate.WithRawBody(), translate.WithDomain("own"))} {
			a := translate.Answer{Method: "GET", Status: 409, Body: []byte(body), Header: http.Header{"Www-Authenticate": {`Bearer error="Odd"`}}}
			for _, d := range mustError(t, box.Translate(a)).GRPCStatus().Proto().GetDetails() {
				var e boxgrpcv1.BoxError
				if !d.MessageIs(&e) {
					continue
				}
				if err := d.UnmarshalTo(&e); err != nil {
					t.Fatalf("%s: %v", body, err)
				}
				again, err := proto.MarshalOptions{Deterministic: true}.Marshal(&e)
				if err != nil || !bytes.Equal(again, d.GetValue()) {
					t.Errorf("%s: written %x, the generated code writes %x, %v", body, d.GetValue(), again, err)
				}
				for _, f := range fieldsOf(&e) {
					seen[f] = true
				}
			}
		}
	}
	if want := (&boxgrpcv1.BoxError{}).ProtoReflect().Descriptor().Fields().Len(); len(seen) != want {
		t.Errorf("%d fields of BoxError are written here, of %d: %v", len(seen), want, seen)
	}
}

// fieldsOf are the names of the fields that are set.
func fieldsOf(m proto.Message) (names []string) {
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		names = append(names, string(f.Name()))
		return true
	})
	return names
}
