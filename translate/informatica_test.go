// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// fault is a fault of a process as the documentation shows it: the prefix is not
// declared.
func fault(code, reason, details string) []byte {
	return []byte("<sf:faultResponse><sf:code>" + code + "</sf:code> <sf:reason>" + reason +
		"</sf:reason> <sf:details>" + details + "</sf:details></sf:faultResponse>")
}

func informatica(method string, status int, body []byte, headers ...string) translate.Answer {
	return translate.Answer{Method: method, Status: status, Body: body, Header: header(headers...)}
}

// A process that fails two systems away must not send callers after their own
// login, and must not be run twice because somebody behind it was busy.
func TestInformatica(t *testing.T) {
	t.Parallel()
	login := []byte(`{"code":"UI_10000","description":"User name or password is not valid.","statusCode":"403","@type":"error"}`)
	login3 := []byte(`{"error":{"code":"IDS_085","message":"User name or password is not valid.","requestId":"r","details":null}}`)
	tests := []struct {
		situation string
		answer    translate.Answer
		want      want
		inner     string
	}{
		{"what the process asked for is not there", informatica("POST", 500, fault("HTTP_404", "Not Found", "")),
			want{codes.NotFound, "HTTP_404", never, -1, unknown}, "404"},
		{"the system behind is busy", informatica("POST", 500, fault("HTTP_503", "", "")),
			want{codes.Unavailable, "HTTP_503", ifIdempotent, -1, unknown}, "503"},
		{"the system behind is busy, reading", informatica("GET", 500, fault("HTTP_503", "", "")),
			want{codes.Unavailable, "HTTP_503", ifIdempotent, time.Second, notApplied}, "503"},
		{"the system behind limits the rate: earlier steps may have run", informatica("POST", 500, fault("HTTP_429", "", ""), "Retry-After", "7"),
			want{codes.ResourceExhausted, "HTTP_429", ifIdempotent, -1, unknown}, "429"},
		{"a conflict behind, with Retry-After", informatica("POST", 500, fault("HTTP_409", "", ""), "Retry-After", "7"),
			want{codes.Aborted, "HTTP_409", never, -1, unknown}, "409"},
		{"the connection's credentials failed", informatica("GET", 500, fault("HTTP_401", "", "")),
			want{codes.FailedPrecondition, "HTTP_401", never, -1, notApplied}, "401"},
		{"the connection's user is not allowed", informatica("POST", 500, fault("HTTP_403", "", "")),
			want{codes.FailedPrecondition, "HTTP_403", never, -1, unknown}, "403"},
		{"a proxy behind wants credentials", informatica("POST", 500, fault("HTTP_407", "", "")),
			want{codes.FailedPrecondition, "HTTP_407", never, -1, unknown}, "407"},
		{"a failure behind", informatica("POST", 500, fault("HTTP_500", "", "")),
			want{codes.Internal, "HTTP_500", ifIdempotent, -1, unknown}, "500"},
		{"a redirect behind cannot make a success", informatica("POST", 500, fault("HTTP_302", "", "")),
			want{codes.Internal, "HTTP_302", ifIdempotent, -1, unknown}, "302"},
		{"a success behind cannot make a success", informatica("POST", 500, fault("HTTP_200", "", "")),
			want{codes.Internal, "HTTP_200", ifIdempotent, -1, unknown}, "200"},
		{"the platform refuses: the outer status counts", informatica("POST", 401, fault("HTTP_404", "", "")),
			want{codes.Unauthenticated, "HTTP_404", never, -1, notApplied}, ""},
		{"the outer status counts, whatever is behind", informatica("POST", 403, fault("HTTP_401", "", "")),
			want{codes.PermissionDenied, "HTTP_401", never, -1, notApplied}, ""},
		{"a gateway in front", informatica("POST", 502, fault("HTTP_404", "", "")),
			want{codes.Unavailable, "HTTP_404", ifIdempotent, -1, unknown}, ""},
		{"no such status", informatica("POST", 500, fault("HTTP_999", "", "")),
			want{codes.Internal, "HTTP_999", ifIdempotent, -1, unknown}, ""},
		{"too small for a status", informatica("POST", 500, fault("HTTP_099", "", "")),
			want{codes.Internal, "HTTP_099", ifIdempotent, -1, unknown}, ""},
		{"no number", informatica("POST", 500, fault("HTTP_", "", "")),
			want{codes.Internal, "HTTP", ifIdempotent, -1, unknown}, ""},
		{"a letter for a digit", informatica("POST", 500, fault("HTTP_4O4", "", "")),
			want{codes.Internal, "HTTP_4O4", ifIdempotent, -1, unknown}, ""},
		{"more digits", informatica("POST", 500, fault("HTTP_4040", "", "")),
			want{codes.Internal, "HTTP_4040", ifIdempotent, -1, unknown}, ""},
		{"codes match exactly", informatica("POST", 500, fault("http_404", "", "")),
			want{codes.Internal, "HTTP_404", ifIdempotent, -1, unknown}, ""},
		{"a connector that is set up wrongly", informatica("GET", 500, fault("SERVICE_CONNECTOR_ERROR", "BINDING_URL_ERROR", "")),
			want{codes.Internal, "SERVICE_CONNECTOR_ERROR", never, -1, notApplied}, ""},
		{"a connector that lost the answer", informatica("POST", 500, fault("SERVICE_CONNECTOR_ERROR", "OUTPUT_PARAMETERS_ERROR", "x")),
			want{codes.Internal, "SERVICE_CONNECTOR_ERROR", never, -1, applied}, ""},
		{"a connector that did not believe the answer", informatica("POST", 500, fault("SERVICE_CONNECTOR_ERROR", "PROCESS_RESPONSE_AUTHENTICATION_ERROR", "")),
			want{codes.Internal, "SERVICE_CONNECTOR_ERROR", never, -1, applied}, ""},
		{"a connector that never called", informatica("POST", 500, fault("SERVICE_CONNECTOR_ERROR", "AUTHENTICATION_ERROR", "")),
			want{codes.Internal, "SERVICE_CONNECTOR_ERROR", never, -1, unknown}, ""},
		{"a reason of the author's, spelt like one of the connector's", informatica("POST", 500, fault("OTHER", "OUTPUT_PARAMETERS_ERROR", "")),
			want{codes.Internal, "OTHER", ifIdempotent, -1, unknown}, ""},
		{"wrong password, version 2", informatica("POST", 403, login), want{codes.Unauthenticated, "UI_10000", never, -1, notApplied}, ""},
		{"wrong password, as somebody saw it", informatica("POST", 400, login), want{codes.Unauthenticated, "UI_10000", never, -1, notApplied}, ""},
		{"wrong password, version 3", informatica("POST", 401, login3), want{codes.Unauthenticated, "IDS_085", never, -1, notApplied}, ""},
		{"a login code where it is not documented", informatica("POST", 500, login3), want{codes.Internal, "IDS_085", ifIdempotent, -1, unknown}, ""},
		{"a code that the author typed", informatica("POST", 500, fault("500", "Test", "")), want{codes.Internal, "HTTP_500", ifIdempotent, -1, unknown}, ""},
		{"a Japanese code", informatica("POST", 500, fault("エラー", "", "")), want{codes.Internal, "HTTP_500", ifIdempotent, -1, unknown}, ""},
		{"an empty code", informatica("POST", 500, fault("", "Test", "")), want{codes.Internal, "HTTP_500", ifIdempotent, -1, unknown}, ""},
		{"a limit of the platform's own", informatica("POST", 429, nil, "Retry-After", "7"), want{codes.ResourceExhausted, "HTTP_429", always, 7 * time.Second, notApplied}, ""},
		{"PUT runs a process too", informatica("PUT", 503, nil, "Retry-After", "7"), want{codes.Unavailable, "HTTP_503", ifIdempotent, -1, unknown}, ""},
		{"so does DELETE", informatica("DELETE", 500, nil), want{codes.Internal, "HTTP_500", ifIdempotent, -1, unknown}, ""},
		{"HEAD only reads", informatica("HEAD", 503, nil), want{codes.Unavailable, "HTTP_503", ifIdempotent, time.Second, notApplied}, ""},
		{"a status outside the documented table", informatica("POST", 421, nil), want{codes.Unavailable, "HTTP_421", always, time.Second, notApplied}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			e := mustError(t, translate.Informatica.Translate(tt.answer))
			wait, ok := e.RetryDelay()
			if !ok {
				wait = -1
			}
			if got := (want{e.Code(), e.Reason(), e.RetryClass(), wait, e.Outcome()}); got != tt.want {
				t.Errorf("Translate = %+v, want %+v", got, tt.want)
			}
			if got := e.Metadata()["innerStatus"]; got != tt.inner {
				t.Errorf("innerStatus = %q, want %q", got, tt.inner)
			}
			if p := detail[*errdetails.PreconditionFailure](t, e); e.Code() == codes.FailedPrecondition && p.GetViolations()[0].GetType() != "CONNECTION" {
				t.Errorf("PreconditionFailure = %v, want CONNECTION", p)
			}
		})
	}
}

// invokeStatuses are the 58 statuses that Informatica documents for its invoke
// step.
var invokeStatuses = map[codes.Code][]int{
	codes.OK:                 {200, 201, 202, 203, 204, 205, 206, 207, 208, 226},
	codes.Unknown:            {100, 101, 102, 300, 301, 302, 303, 305, 306, 307, 308},
	codes.FailedPrecondition: {304, 402, 412, 423, 424},
	codes.InvalidArgument:    {400, 413, 414, 415, 422, 428},
	codes.Unauthenticated:    {401},
	codes.PermissionDenied:   {403},
	codes.NotFound:           {404, 410},
	codes.Unimplemented:      {405, 501},
	codes.Internal:           {406, 407, 411, 417, 426, 431, 500, 505, 506, 508, 510, 511},
	codes.Unavailable:        {408, 502, 503, 504},
	codes.Aborted:            {409},
	codes.OutOfRange:         {416},
	codes.ResourceExhausted:  {429, 507},
}

// Most failures of a proxy or an engine come without a body, and callers depend
// on the status alone.
func TestInformaticaStatuses(t *testing.T) {
	t.Parallel()
	n := 0
	for code, statuses := range invokeStatuses {
		for _, status := range statuses {
			n++
			err := translate.Informatica.Translate(informatica("POST", status, nil))
			if code == codes.OK {
				if err != nil {
					t.Errorf("HTTP %d = %v, want nil", status, err)
				}
				continue
			}
			e := mustError(t, err)
			if e.Code() != code || e.ErrorCode() != "" || e.Domain() != "informatica.com/application-integration" {
				t.Errorf("HTTP %d = %v, code %q, domain %s; want %v", status, e.Code(), e.ErrorCode(), e.Domain(), code)
			}
			value := boxgrpcv1.HttpStatus(status).Descriptor().Values().ByNumber(boxgrpcv1.HttpStatus(status).Number())
			if !ruleOf(value).GetInformatica() {
				t.Errorf("HTTP %d is not marked in the schema", status)
			}
		}
	}
	if n != 58 {
		t.Errorf("%d statuses, want 58", n)
	}
}

func ruleOf(v protoreflect.EnumValueDescriptor) *boxgrpcv1.Rule {
	rule, _ := proto.GetExtension(v.Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule)
	return rule
}
