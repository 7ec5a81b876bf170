// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// longCode is longer than what a cut leaves of a text.
var longCode = strings.Repeat("Own-Code.", 8)

// large is an error of a service that allows more than the default, as its caller has it,
// after three attempts.
// Its code is in the document alone.
func large(t *testing.T) *translate.Error {
	t.Helper()
	body := `{"type":"error","code":"` + longCode + `","message":"` + strings.Repeat("text ", 400) + `"}`
	generous := translate.Box.With(translate.WithMaxHeaderBytes(8192))
	return received(t, mustError(t, generous.Translate(translate.Answer{Status: 409, Body: []byte(body)})).WithAttempts(3))
}

// found is what a caller finds in a status.
func found(t *testing.T, st *spb.Status) *translate.Error {
	t.Helper()
	e, ok := translate.FromError(statusError(st))
	if !ok {
		t.Fatalf("no Error in %v", st)
	}
	return e
}

// An interceptor that adds a cause for its logs must not cut what the caller holds, and
// what others may be reading at that moment.
func TestWithCauseChangesNothingButTheCause(t *testing.T) {
	t.Parallel()
	e := large(t)
	before := e.HeaderBytes()
	withCause := e.WithCause(errors.New("of the service"))
	for _, e := range []*translate.Error{e, withCause} {
		if e.HeaderBytes() != before || e.Metadata()["truncated"] != "" || e.Attempts() != 3 {
			t.Errorf("%d bytes, want %d; metadata %v", e.HeaderBytes(), before, e.Metadata())
		}
	}
	if diff := cmp.Diff(e.GRPCStatus().Proto(), withCause.GRPCStatus().Proto(), protocmp.Transform()); diff != "" {
		t.Errorf("another status (-before +after):\n%s", diff)
	}
}

// A caller that passes a large error on, cut to its own limit, still branches on the code.
func TestTheCodeOutlivesACut(t *testing.T) {
	t.Parallel()
	e := large(t)
	cut := e.WithoutRetry()
	if e.ErrorCode() != longCode || cut.ErrorCode() != longCode {
		t.Errorf("ErrorCode = %q, and %q behind a cut, want %q", e.ErrorCode(), cut.ErrorCode(), longCode)
	}
	if cut.HeaderBytes() > 4096 || cut.Metadata()["truncated"] == "" {
		t.Errorf("not cut: %d bytes", cut.HeaderBytes())
	}
}

// Somebody on the way may add details of his own, of a type that this binary does not
// know. They must not hide Box's document, nor stand in for it.
func TestDetailsOfUnknownTypesArePassedOver(t *testing.T) {
	t.Parallel()
	unknown := &anypb.Any{TypeUrl: "type.googleapis.com/example.Unknown", Value: []byte("\x0a\x01x")}
	for _, body := range []string{
		`{"type":"error","status":409,"code":"conflict","message":"m","help_url":"https://h/a","request_id":"r"}`,
		`{"type":"error","status":409,"code":"Own-Code"}`,
	} {
		e := mustError(t, translate.Box.Translate(translate.Answer{Status: 409, Body: []byte(body)}))
		for _, first := range []bool{true, false} {
			st := e.GRPCStatus().Proto()
			if st.Details = append(st.Details, unknown); first {
				st.Details = append([]*anypb.Any{unknown}, st.Details[:len(st.Details)-1]...)
			}
			got := found(t, st)
			if string(got.Body()) != string(e.Body()) || got.ErrorCode() != e.ErrorCode() {
				t.Errorf("unknown first %v: code %q, body %s, want %q, %s", first, got.ErrorCode(), got.Body(), e.ErrorCode(), e.Body())
			}
		}
	}
}

// A status is a stranger's word: reading it must not take the caller down, and what is
// broken says nothing, not half of it.
func TestBrokenDetailsSayNothing(t *testing.T) {
	t.Parallel()
	e := mustError(t, translate.Box.Translate(translate.Answer{Status: 409, Body: []byte(`{"code":"Own-Code"}`)}))
	with := func(m proto.Message, mark string) *translate.Error {
		st := e.GRPCStatus().Proto()
		a := &anypb.Any{}
		if err := a.MarshalFrom(m); err != nil {
			t.Fatal(err)
		}
		a.Value = append(a.Value, mark...)
		st.Details = append([]*anypb.Any{a}, st.GetDetails()...)
		return found(t, st)
	}
	null := with(&boxgrpcv1.BoxError{Shape: boxgrpcv1.BoxError_SHAPE_OTHER, OtherMembers: []byte("null"), Code: new("c")}, "")
	if null.ErrorCode() != "c" || string(null.Body()) != `{"code":"c"}` {
		t.Errorf("members that are null: code %q, body %s", null.ErrorCode(), null.Body())
	}
	if wait, _ := with(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}, "\xff").RetryDelay(); wait != 0 {
		t.Errorf("RetryDelay = %v of a broken RetryInfo", wait)
	}
	if st := with(&errdetails.Help{}, "\xff").WithOutcome(boxgrpcv1.Outcome_OUTCOME_PARTIAL).GRPCStatus(); len(st.Details()) != len(e.GRPCStatus().Details()) {
		t.Errorf("a broken Help is passed on: %v", st.Details())
	}
	const notUTF8 = "\x12\x01\xff" // as field 2
	if id := with(&errdetails.RequestInfo{RequestId: "r"}, notUTF8).RequestID(); id != "" {
		t.Errorf("RequestID = %q of a broken RequestInfo", id)
	}
	if locale, text := with(&errdetails.LocalizedMessage{Locale: "ja"}, notUTF8).LocalizedMessage(); locale != "" || text != "" {
		t.Errorf("LocalizedMessage = %q, %q of a broken one", locale, text)
	}
}

// Of two details of one type the first counts, for the decision as for the reader: else a
// detail that somebody added would turn "never" into "again".
func TestTheFirstDetailOfATypeCounts(t *testing.T) {
	t.Parallel()
	st := answer(429, "GET", "Retry-After", "3").GRPCStatus().Proto()
	other := answer(503, "GET", "Retry-After", "9").GRPCStatus().Proto()
	st.Details = append(st.Details, other.GetDetails()...)
	e := found(t, st)
	wait, _ := e.RetryDelay()
	status, _ := e.HTTPStatus()
	if wait != 3*time.Second || status != 429 || e.Reason() != "HTTP_429" || e.Metadata()["httpStatus"] != "429" {
		t.Errorf("wait %v, status %d, reason %s, metadata %v: want those of the first", wait, status, e.Reason(), e.Metadata())
	}
	if wait, _ := found(t, e.WithAttempts(2).GRPCStatus().Proto()).RetryDelay(); wait != 3*time.Second {
		t.Errorf("passed on, the wait is %v, want 3s", wait)
	}
}

// Only we tell an outcome, even one that this binary cannot read.
func TestAnEmptyOutcomeIsOurs(t *testing.T) {
	t.Parallel()
	a := &anypb.Any{}
	if err := a.MarshalFrom(info("X", "outcome", "")); err != nil {
		t.Fatal(err)
	}
	if got := found(t, &spb.Status{Code: 5, Details: []*anypb.Any{a}}).Outcome(); got != boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED {
		t.Errorf("Outcome = %v", got)
	}
}

// Errors are shared between goroutines: what is made of one must not show in it, nor in
// what else is made of it.
func TestDerivedErrorsShareNothing(t *testing.T) {
	t.Parallel()
	e := answer(500, "POST")
	before := e.Metadata()
	attempts, outcome := e.WithAttempts(3), e.WithOutcome(boxgrpcv1.Outcome_OUTCOME_PARTIAL)
	if diff := cmp.Diff(before, e.Metadata()); diff != "" {
		t.Errorf("the original (-before +after):\n%s", diff)
	}
	if e.Attempts() != 1 || attempts.Attempts() != 3 || attempts.Metadata()["outcome"] != before["outcome"] || outcome.Metadata()["attempts"] != "" {
		t.Errorf("mixed up: %v and %v", attempts.Metadata(), outcome.Metadata())
	}
}
