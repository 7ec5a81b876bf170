// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
)

// unlinked is a detail of a type that this binary does not know.
var unlinked = &anypb.Any{TypeUrl: "type.googleapis.com/acme.v1.Unlinked", Value: []byte{8, 1}}

// grpc-gateway answers 500 "failed to marshal error message" where it does not know a
// detail: a new detail in the service turns every 404 into an outage.
func TestADetailThatIsNotLinked(t *testing.T) {
	t.Parallel()
	info := &errdetails.ErrorInfo{Reason: "GONE", Domain: "acme.example"}
	svc := failing{err: foreign(t, codes.NotFound, "gone", unlinked, info, unlinked)}
	address := inFrontOf(t, svc, gateway.Errors())
	for _, accept := range []string{"", gateway.MediaTypeJSON, gateway.MediaTypeStatus} {
		a := get(t, address+"/v1/files/7", "Accept", accept)
		same(t, "status", a.status, http.StatusNotFound)
		same(t, "body", a.json(t), object(t, `{"code":5,"message":"gone","details":[
			{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"GONE","domain":"acme.example","metadata":{}}]}`))
	}
	a := get(t, address+"/v1/files/7", "Accept", gateway.MediaTypeProblem)
	same(t, "status", a.status, http.StatusNotFound)
	same(t, "reason", a.json(t)["reason"], any("GONE"))
}

// A message that is no UTF-8 cannot be written as JSON; the code must come through all
// the same.
func TestAMessageThatIsNoText(t *testing.T) {
	t.Parallel()
	svc := failing{err: foreign(t, codes.NotFound, "gone \xff away")}
	address := inFrontOf(t, svc, gateway.Errors())
	for accept, member := range map[string]string{gateway.MediaTypeJSON: "message", gateway.MediaTypeProblem: "detail"} {
		a := get(t, address+"/v1/files/7", "Accept", accept)
		same(t, "status", a.status, http.StatusNotFound)
		if text, _ := a.json(t)[member].(string); !strings.HasPrefix(text, "gone ") {
			t.Errorf("%s = %q", member, text)
		}
	}
}

// A person with a form needs to see which field is at fault, and a program what kind of
// problem it is, without knowing google.rpc.
func TestAProblem(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t, gateway.WithUpstreamStatus())
	fault := boxtest.Error(412, "precondition_failed", "The file has changed.")
	box.Script("GET /files/{id}", fault)
	a := get(t, address+"/v1/files/7", "Accept", gateway.MediaTypeProblem)
	same(t, "Content-Type", a.header.Get("Content-Type"), gateway.MediaTypeProblem)
	want := object(t, `{"type":"about:blank","title":"Precondition Failed","status":412,"detail":"The file has changed.",
		"code":"ABORTED","domain":"api.box.com","reason":"PRECONDITION_FAILED","outcome":"NOT_APPLIED"}`)
	boxs := object(t, fault.Body)
	want["requestId"], want["help"] = boxs["request_id"], boxs["help_url"]
	same(t, "problem", a.json(t), want)
}

// The same of errors that are the service's own.
func TestAProblemOfTheServiceItself(t *testing.T) {
	t.Parallel()
	bad := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "file_id", Description: "not a number"}}}
	text := &errdetails.LocalizedMessage{Locale: "fr", Message: "Numéro ?"}
	for _, tt := range []struct {
		code    codes.Code
		details []proto.Message
		want    string
	}{
		{codes.InvalidArgument, []proto.Message{bad, text}, `{"type":"about:blank","title":"Bad Request","status":400,
			"code":"INVALID_ARGUMENT","detail":"Numéro ?","message":"no","errors":[{"field":"file_id","detail":"not a number"}]}`},
		{codes.Canceled, nil, `{"type":"about:blank","title":"CANCELLED","status":499,"code":"CANCELLED","detail":"no"}`},
	} {
		svc := failing{err: foreign(t, tt.code, "no", tt.details...)}
		a := get(t, inFrontOf(t, svc, gateway.Errors())+"/v1/files/7", "Accept", gateway.MediaTypeProblem)
		same(t, "problem", a.json(t), object(t, tt.want))
	}
}

// A mux that speaks Protobuf gets google.rpc.Status as Protobuf, whatever the details.
func TestAMarshalerOfTheMuxsOwn(t *testing.T) {
	t.Parallel()
	svc := failing{err: foreign(t, codes.NotFound, "gone", unlinked)}
	address := inFrontOf(t, svc, gateway.Errors(), runtime.WithMarshalerOption("application/octet-stream", &runtime.ProtoMarshaller{}))
	a := get(t, address+"/v1/files/7", "Accept", "application/octet-stream")
	same(t, "Content-Type", a.header.Get("Content-Type"), "application/octet-stream")
	if !strings.Contains(a.body, "acme.v1.Unlinked") {
		t.Errorf("the detail is lost, although Protobuf can carry it: %q", a.body)
	}
	a = get(t, address+"/v1/files/7", "Accept", "application/octet-stream", "Accept", gateway.MediaTypeStatus)
	same(t, "Content-Type", a.header.Get("Content-Type"), gateway.MediaTypeStatus)
	same(t, "message", a.json(t)["message"], any("gone"))
}

// A message that is no UTF-8 does not fit into Protobuf either.
func TestAMarshalerOfTheMuxsOwnAndAMessageThatIsNoText(t *testing.T) {
	t.Parallel()
	svc := failing{err: foreign(t, codes.NotFound, "gone \xff away")}
	address := inFrontOf(t, svc, gateway.Errors(), runtime.WithMarshalerOption("application/octet-stream", &runtime.ProtoMarshaller{}))
	a := get(t, address+"/v1/files/7", "Accept", "application/octet-stream")
	st := &spb.Status{}
	if err := proto.Unmarshal([]byte(a.body), st); err != nil || st.GetCode() != 5 {
		t.Errorf("%v in %q", err, a.body)
	}
}

// A marshaler that cannot write a status at all does not make a 500 of a 404, and what is
// written instead is called by its name.
func TestAMarshalerThatFails(t *testing.T) {
	t.Parallel()
	svc := failing{err: foreign(t, codes.NotFound, "gone")}
	a := get(t, inFrontOf(t, svc, gateway.Errors(), runtime.WithMarshalerOption(runtime.MIMEWildcard, &broken{}))+"/v1/files/7")
	same(t, "status", a.status, http.StatusNotFound)
	same(t, "Content-Type", a.header.Get("Content-Type"), gateway.MediaTypeJSON)
	same(t, "body", a.json(t), object(t, `{"code":5,"message":"gone","details":[]}`))
}

type broken struct{ runtime.ProtoMarshaller }

func (broken) Marshal(any) ([]byte, error) { return nil, errors.New("no") }

// Of two details of one type the first counts, as everywhere in boxgrpc.
func TestTwoDetailsOfOneType(t *testing.T) {
	t.Parallel()
	svc := failing{err: foreign(t, codes.NotFound, "gone", &errdetails.ErrorInfo{Reason: "FIRST"}, &errdetails.ErrorInfo{Reason: "SECOND"})}
	a := get(t, inFrontOf(t, svc, gateway.Errors())+"/v1/files/7", "Accept", gateway.MediaTypeProblem)
	same(t, "reason", a.json(t)["reason"], any("FIRST"))
}
