// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

func info(reason string, metadata ...string) *errdetails.ErrorInfo {
	m := make(map[string]string)
	for i := 0; i < len(metadata); i += 2 {
		m[metadata[i]] = metadata[i+1]
	}
	return &errdetails.ErrorInfo{Reason: reason, Domain: "api.box.com", Metadata: m}
}

func told(members ...boxgrpcv1.BoxError_Member) []boxgrpcv1.BoxError_Member { return members }

// Callers in every language act on these details alone: each fact is there, in the
// detail that is meant for it, and once.
func TestDetails(t *testing.T) {
	t.Parallel()
	conflict := `{"conflicts":[{"type":"folder","id":"11","name":"Q3"}]}`
	tests := []struct {
		situation string
		answer    translate.Answer
		message   string
		want      []proto.Message
	}{
		{
			"ordinary client error with a wait",
			translate.Answer{Method: "GET", Status: 429, Header: header("Retry-After", "1.5", "Box-Request-Id", "h1"), Body: []byte(`{"type":"error","status":429,"code":"rate_limit_exceeded","help_url":"https://h","message":"slow down","request_id":"b1"}`)},
			"slow down",
			[]proto.Message{
				info("RATE_LIMIT_EXCEEDED", "httpStatus", "429", "outcome", "NOT_APPLIED", "headerRequestId", "h1"),
				&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: 1, Nanos: 500_000_000}},
				&errdetails.RequestInfo{RequestId: "b1"},
				&errdetails.Help{Links: []*errdetails.Help_Link{{Url: "https://h"}}},
			},
		},
		{
			"name conflict",
			translate.Answer{Method: "POST", Status: 409, Body: []byte(`{"type":"error","status":409,"code":"item_name_in_use","context_info":` + conflict + `,"message":"taken"}`)},
			"taken",
			[]proto.Message{
				info("ITEM_NAME_IN_USE", "httpStatus", "409", "outcome", "NOT_APPLIED"),
				&errdetails.ResourceInfo{ResourceType: "folder", ResourceName: "11"},
				&boxgrpcv1.BoxError{
					Shape:    boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR,
					Told:     told(boxgrpcv1.BoxError_MEMBER_TYPE, boxgrpcv1.BoxError_MEMBER_STATUS, boxgrpcv1.BoxError_MEMBER_CODE, boxgrpcv1.BoxError_MEMBER_MESSAGE),
					Conflict: &boxgrpcv1.BoxError_Conflict{InArray: true, Name: new("Q3")},
				},
			},
		},
		{
			"upload conflict is an object",
			translate.Answer{Method: "POST", Status: 409, Body: []byte(`{"code":"item_name_in_use","context_info":{"conflicts":{"type":"file","id":12}}}`)},
			"the upstream answered HTTP 409: ITEM_NAME_IN_USE",
			[]proto.Message{
				info("ITEM_NAME_IN_USE", "httpStatus", "409", "outcome", "NOT_APPLIED"),
				&errdetails.ResourceInfo{ResourceType: "file", ResourceName: "12"},
				&boxgrpcv1.BoxError{
					Shape:       boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR,
					Told:        told(boxgrpcv1.BoxError_MEMBER_CODE),
					ContextInfo: []byte(`{"conflicts":{"type":"file","id":12}}`),
				},
			},
		},
		{
			"field errors are told by BadRequest alone",
			translate.Answer{Method: "POST", Status: 400, Body: []byte(`{"code":"bad_request","context_info":{"errors":[{"reason":"invalid_parameter","name":"limit","message":"not a number"}]}}`)},
			"the upstream answered HTTP 400: BAD_REQUEST",
			[]proto.Message{
				info("BAD_REQUEST", "httpStatus", "400", "outcome", "NOT_APPLIED"),
				&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "limit", Description: "not a number", Reason: "INVALID_PARAMETER"}}},
				&boxgrpcv1.BoxError{
					Shape: boxgrpcv1.BoxError_SHAPE_CLIENT_ERROR,
					Told:  told(boxgrpcv1.BoxError_MEMBER_CODE, boxgrpcv1.BoxError_MEMBER_CONTEXT_INFO),
				},
			},
		},
		{
			"field, precondition and quota come from the rule",
			translate.Answer{Method: "PUT", Status: 400, Body: []byte(`{"error":"cannot_make_collaborated_subfolder_private","error_description":"whose?"}`)},
			"whose?",
			[]proto.Message{
				info("CANNOT_MAKE_COLLABORATED_SUBFOLDER_PRIVATE", "httpStatus", "400", "outcome", "NOT_APPLIED"),
				&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "owned_by.id"}}},
				&errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{{Type: "COLLABORATION"}}},
				&boxgrpcv1.BoxError{
					Shape: boxgrpcv1.BoxError_SHAPE_OAUTH2_ERROR,
					Told:  told(boxgrpcv1.BoxError_MEMBER_ERROR, boxgrpcv1.BoxError_MEMBER_ERROR_DESCRIPTION),
				},
			},
		},
		{
			"full account, wait that must not be obeyed",
			translate.Answer{Method: "POST", Status: 403, Header: header("Retry-After", "30"), Body: []byte(`{"code":"storage_limit_exceeded","message":"full","request_id":"m1"}`)},
			"full",
			[]proto.Message{
				info("STORAGE_LIMIT_EXCEEDED", "httpStatus", "403", "outcome", "NOT_APPLIED", "retryAfter", "30s"),
				&errdetails.RequestInfo{RequestId: "m1"},
				&errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{Subject: "account:storage"}}},
				&boxgrpcv1.BoxError{
					Shape: boxgrpcv1.BoxError_SHAPE_METADATA_ERROR,
					Told:  told(boxgrpcv1.BoxError_MEMBER_CODE, boxgrpcv1.BoxError_MEMBER_MESSAGE, boxgrpcv1.BoxError_MEMBER_REQUEST_ID),
				},
			},
		},
		{
			"one code with many causes",
			translate.Answer{Method: "POST", Status: 400, Body: []byte(`{"error":"invalid_grant","error_description":"Please check the 'jti' claim."}`)},
			"Please check the 'jti' claim.",
			[]proto.Message{
				info("INVALID_GRANT", "httpStatus", "400", "outcome", "NOT_APPLIED", "cause", "assertion_reused"),
				&boxgrpcv1.BoxError{
					Shape: boxgrpcv1.BoxError_SHAPE_OAUTH2_ERROR,
					Told:  told(boxgrpcv1.BoxError_MEMBER_ERROR, boxgrpcv1.BoxError_MEMBER_ERROR_DESCRIPTION),
				},
			},
		},
		{
			"empty 401",
			translate.Answer{Method: "GET", Status: 401, Header: header("WWW-Authenticate", `Bearer realm="Service", error="invalid_token"`, "Box-Request-Id", "h2")},
			"the upstream answered HTTP 401: INVALID_TOKEN",
			[]proto.Message{
				info("INVALID_TOKEN", "httpStatus", "401", "outcome", "NOT_APPLIED"),
				&errdetails.RequestInfo{RequestId: "h2"},
				&boxgrpcv1.BoxError{Shape: boxgrpcv1.BoxError_SHAPE_NONE, Told: told(boxgrpcv1.BoxError_MEMBER_CHALLENGE_ERROR)},
			},
		},
		{
			"gateway page",
			translate.Answer{Method: "GET", Status: 502, Body: []byte("<html>secret page</html>")},
			"the upstream answered HTTP 502 Bad Gateway",
			[]proto.Message{
				info("HTTP_502", "httpStatus", "502", "outcome", "NOT_APPLIED"),
				&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: 1}},
				&boxgrpcv1.BoxError{Shape: boxgrpcv1.BoxError_SHAPE_NONE},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			st := mustError(t, translate.Box.Translate(tt.answer)).GRPCStatus()
			var got []proto.Message
			for _, d := range st.Details() {
				got = append(got, d.(proto.Message))
			}
			if diff := cmp.Diff(tt.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
			if st.Message() != tt.message {
				t.Errorf("message = %q, want %q", st.Message(), tt.message)
			}
		})
	}
}

// What one code can mean is told apart by Box's words only, and they differ from
// page to page.
func TestCauses(t *testing.T) {
	t.Parallel()
	tests := []struct{ code, message, want string }{
		{"invalid_grant", "Current date/time MUST be before the expiration date/time listed in the 'exp' claim", "assertion_expired"},
		{"invalid_grant", "Please check the 'exp' claim. The 'exp' value exceeds the maximum value", "assertion_lifetime"},
		{"invalid_grant", "Current date/time MUST be after or equal to the not-before date/time  listed in the 'nbf' or 'iat' claim", "assertion_not_yet_valid"},
		{"invalid_grant", "Refresh token has expired", "refresh_token"},
		{"invalid_grant", "The authorization code has expired", "authorization_code"},
		{"invalid_grant", "Grant credentials are invalid", "client_credentials"},
		{"invalid_request", "Cannot obtain user token based on the enterprise configuration for your app", "configuration"},
		{"forbidden_by_policy", "Access denied – Blocked by Shield Malware Detection Rule", "malware"},
		{"forbidden_by_policy", "Access denied by Shield policy", "access_policy"},
		{"forbidden", "Blocked by Shield", ""},
	}
	for _, tt := range tests {
		body := []byte(`{"error":"` + tt.code + `","error_description":"` + tt.message + `"}`)
		e := mustError(t, translate.Box.Translate(translate.Answer{Method: "POST", Status: 400, Body: body}))
		if got := e.Metadata()["cause"]; got != tt.want {
			t.Errorf("cause of %s %q = %q, want %q", tt.code, tt.message, got, tt.want)
		}
	}
}

// The common errors must stay small: each byte costs every failed call, and large
// errors lose their code at the next proxy.
func TestSizes(t *testing.T) {
	t.Parallel()
	const help = `"help_url":"https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/"`
	body429 := `{"type":"error","status":429,"code":"rate_limit_exceeded",` + help + `,"message":"Request rate limit exceeded, please try again later","request_id":"abcdef123456"}`
	e := mustError(t, translate.Box.Translate(translate.Answer{Method: "GET", Status: 429, Header: header("Retry-After", "2"), Body: []byte(body429)}))
	if got := proto.Size(e.GRPCStatus().Proto()); got > 450 {
		t.Errorf("a 429 takes %d bytes, want at most 450", got)
	}
	if strings.Contains(string(e.Body()), "truncated") || e.Metadata()["truncated"] != "" {
		t.Error("nothing had to be cut")
	}
}
