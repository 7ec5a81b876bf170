// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"encoding/json"
	"errors"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	inventoryv1 "github.com/boxgrpc/boxgrpc/examples/gen/inventory/v1"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// inventory is all that a user writes for an upstream with codes of its own: the
// annotated enum, and where in the body the code stands.
var inventory = translate.New(translate.Upstream{
	Codes:           inventoryv1.InventoryCode(0).Descriptor(),
	RequestIDHeader: "X-Trace",
	Decode: func(a translate.Answer) translate.Document {
		var body struct{ Fault, Text string }
		_ = json.Unmarshal(a.Body, &body)
		return translate.Document{Code: body.Fault, Message: body.Text}
	},
})

// Users add an upstream without a line in this package.
func TestUpstreamOfTheUsersOwn(t *testing.T) {
	t.Parallel()
	err := inventory.Translate(translate.Answer{
		Method: "POST", Status: 503, Header: header("X-Trace", "t-1"),
		Body: []byte(`{"fault":"STK-17","text":"counting"}`),
	})
	e := mustError(t, err)
	if e.Code() != codes.Unavailable || e.Reason() != "STK_17" || e.Domain() != "inventory.example.com" ||
		e.ErrorCode() != "STK-17" || e.RequestID() != "t-1" || e.Error() != "counting" {
		t.Errorf("Translate = %v %s %s %s %s %q", e.Code(), e.Reason(), e.Domain(), e.ErrorCode(), e.RequestID(), e)
	}
	if _, ok := e.RetryDelay(); !ok {
		t.Error("STOCKTAKING says ALWAYS, so a POST may be sent again")
	}
	out := mustError(t, inventory.Translate(translate.Answer{Method: "POST", Status: 409, Body: []byte(`{"fault":"out_of_stock"}`)}))
	if p := detail[*errdetails.PreconditionFailure](t, out); p.GetViolations()[0].GetType() != "STOCK" {
		t.Errorf("PreconditionFailure = %v, want type STOCK", p)
	}
	if mustError(t, inventory.Translate(translate.Answer{Status: 404})).Code() != codes.NotFound {
		t.Error("without a code the shared HTTP statuses decide")
	}
}

// Half of a write was done: whatever a user's rule says of the code, a repeat would
// do that half again.
func TestAHalfDoneWriteIsNeverRepeated(t *testing.T) {
	t.Parallel()
	half := translate.New(translate.Upstream{Domain: "half.example.com", Decode: func(translate.Answer) translate.Document {
		return translate.Document{Code: "locked", Outcome: boxgrpcv1.Outcome_OUTCOME_PARTIAL}
	}}, translate.WithRule("locked", &boxgrpcv1.Rule{GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_UNAVAILABLE, Retry: always}))
	if _, ok := mustError(t, half.Translate(translate.Answer{Method: "POST", Status: 503})).RetryDelay(); ok {
		t.Error("a half-done POST has RetryInfo")
	}
	if _, ok := mustError(t, half.Translate(translate.Answer{Method: "GET", Status: 503})).RetryDelay(); !ok {
		t.Error("a GET may be repeated, whatever it got")
	}
}

// A changed mapping is one option on one translator, and no other one changes.
func TestWithRule(t *testing.T) {
	t.Parallel()
	mine := translate.Box.With(
		translate.WithRule("forbidden", &boxgrpcv1.Rule{GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_NOT_FOUND, Retry: never}),
		translate.WithRule("", &boxgrpcv1.Rule{HttpStatus: []int32{418}, GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_UNAVAILABLE, Retry: always}),
		translate.WithDomain("files.example.com"),
	)
	forbidden := translate.Answer{Method: "GET", Status: 403, Body: code("forbidden")}
	if e := mustError(t, mine.Translate(forbidden)); e.Code() != codes.NotFound || e.Domain() != "files.example.com" {
		t.Errorf("with the option: %v, %s", e.Code(), e.Domain())
	}
	if e := mustError(t, translate.Box.Translate(forbidden)); e.Code() != codes.PermissionDenied || e.Domain() != "api.box.com" {
		t.Errorf("Box itself: %v, %s", e.Code(), e.Domain())
	}
	if e := mustError(t, mine.Translate(translate.Answer{Status: 418})); e.Code() != codes.Unavailable || e.RetryClass() != always {
		t.Errorf("rule for a status: %v, %v", e.Code(), e.RetryClass())
	}
}

// What makes no sense is found when the service starts, not at night.
func TestConstructionPanics(t *testing.T) {
	t.Parallel()
	ok := boxgrpcv1.GrpcCode_GRPC_CODE_OK
	tests := []struct {
		situation string
		construct func()
	}{
		{"no domain", func() { translate.New(translate.Upstream{}) }},
		{"domain with a space", func() { translate.WithDomain("my api") }},
		{"enum without rules", func() {
			translate.New(translate.Upstream{Domain: "x", Codes: boxgrpcv1.Retry(0).Descriptor()})
		}},
		{"error status as OK", func() {
			translate.WithRule("", &boxgrpcv1.Rule{HttpStatus: []int32{404}, GrpcCode: ok, Retry: never})
		}},
		{"code without a class", func() {
			translate.WithRule("x", &boxgrpcv1.Rule{GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_ABORTED})
		}},
		{"status that cannot be", func() {
			translate.WithRule("x", &boxgrpcv1.Rule{HttpStatus: []int32{4040}, GrpcCode: ok, Retry: never})
		}},
		{"rule for no code and no status", func() { translate.WithRule("", &boxgrpcv1.Rule{GrpcCode: ok, Retry: never}) }},
		{"OK for a code under any status", func() { translate.WithRule("fine", &boxgrpcv1.Rule{GrpcCode: ok, Retry: never}) }},
		{"nil rule", func() { translate.WithRule("", nil) }},
		{"headers too small for an error", func() { translate.WithMaxHeaderBytes(100) }},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			tt.construct()
		})
	}
}

func mustError(t *testing.T, err error) *translate.Error {
	t.Helper()
	var e *translate.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an Error", err)
	}
	return e
}

// detail returns the one detail of a type, or nil.
func detail[T proto.Message](t *testing.T, e *translate.Error) T {
	t.Helper()
	var found T
	n := 0
	for _, d := range e.GRPCStatus().Details() {
		if m, ok := d.(T); ok {
			found, n = m, n+1
		}
	}
	if n > 1 {
		t.Errorf("%T is there %d times", found, n)
	}
	return found
}
