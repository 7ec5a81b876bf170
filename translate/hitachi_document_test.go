// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// What the storage system says must reach whoever opens a case with its vendor,
// each fact once.
func TestHitachiDocument(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation string
		body      string
		want      *boxgrpcv1.HitachiError
	}{
		{"error", `{"errorSource":"/a","message":"m","cause":"c","solution":"s https://u@h/x?token=1","solutionType":"NEW_TYPE","errorCode":"EX_NEW","detailCode":"d"}`,
			&boxgrpcv1.HitachiError{Cause: "c", Solution: "s https://h/x", SolutionType: "NEW_TYPE", RaidManagerCode: "EX_NEW"}},
		{"nothing but what stands elsewhere", `{"errorSource":"/a","message":"m","messageId":"KART1-E",` + ssb("1111", "2222") + `}`, nil},
		{"job", job("Failed", `,"affectedResources":["/ldevs/1?q=1",null,"/ldevs/2"],"error":{"cause":"c"}`),
			&boxgrpcv1.HitachiError{Cause: "c", Job: &boxgrpcv1.HitachiError_Job{Id: "7", Status: "Completed", State: "Failed", AffectedResources: []string{"/ldevs/1", "/ldevs/2"}}}},
		{"job whose id is longer than a double", `{"jobId":9007199254740993,"status":"Completed","state":"Unknown"}`,
			&boxgrpcv1.HitachiError{Job: &boxgrpcv1.HitachiError_Job{Id: "9007199254740993", Status: "Completed", State: "Unknown"}}},
		{"command", `{"id":3,"progress":"completed","status":"error","errorCode":{"errorCode":"EX_X"}}`,
			&boxgrpcv1.HitachiError{RaidManagerCode: "EX_X", CommandStatus: &boxgrpcv1.HitachiError_CommandStatus{Id: "3", Progress: "completed", Status: "error"}}},
		{"partial data, 64-bit numbers and all", `{"errorResponses":[{"messageId":"KART1-E"}],"partialSuccessResponses":[ {"id": 9007199254740993} ]}`,
			&boxgrpcv1.HitachiError{ErrorResponses: []byte(`[{"messageId":"KART1-E"}]`), PartialSuccessResponses: []byte(`[ {"id": 9007199254740993} ]`)}},
		{"partial data with secrets", `{"errorSource":"/a","partialSuccessResponses":[{"id":1,"password":"p","u":"https://h/?sig=1"}]}`,
			&boxgrpcv1.HitachiError{PartialSuccessResponses: []byte(`[{"id":1,"u":"https://h/"}]`)}},
		{"a secret behind a second member", `{"errorSource":"/a","partialSuccessResponses":[{"u":"https://h/?sig=1","u":"x"}]}`,
			&boxgrpcv1.HitachiError{PartialSuccessResponses: []byte(`[{"u":"x"}]`)}},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			e := mustError(t, translate.Hitachi.Translate(translate.Answer{Method: "POST", Status: 500, Body: []byte(tt.body)}))
			got := detail[*boxgrpcv1.HitachiError](t, e)
			if diff := cmp.Diff(tt.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("HitachiError (-want +got):\n%s", diff)
			}
		})
	}
}

// The support of the vendor asks for these three first.
func TestHitachiMetadata(t *testing.T) {
	t.Parallel()
	e := mustError(t, translate.Hitachi.Translate(translate.Answer{Method: "POST", Status: 500, Body: []byte(
		`{"errorSource":"/a","messageID":"KART30000-E","message":"text","detailCode":"30000E-2-2e11-2209"}`)}))
	want := map[string]string{"messageId": "KART30000-E", "ssb": "2E11,2209", "detailCode": "30000E-2-2e11-2209", "httpStatus": "500", "outcome": "UNKNOWN"}
	if diff := cmp.Diff(want, e.Metadata()); diff != "" {
		t.Errorf("Metadata (-want +got):\n%s", diff)
	}
	if e.ErrorCode() != "KART30000-E" || e.Error() != "text" || e.Domain() != "hitachi.com/configuration-manager" {
		t.Errorf("ErrorCode = %q, Error = %q, Domain = %q", e.ErrorCode(), e, e.Domain())
	}
	held := mustError(t, translate.Hitachi.Translate(translate.Answer{Method: "POST", Status: 202, Body: []byte(job("Failed", ""))}))
	if held.ErrorCode() != "" || held.Error() != "the storage system's job failed" {
		t.Errorf("a job without an error object: ErrorCode = %q, Error = %q", held.ErrorCode(), held)
	}
}

// Whoever looks an id up in the storage system's manual needs it as it was sent,
// however odd.
func TestHitachiErrorCodeCrossesTheWire(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "KART40038-E", "<messageId>", "エラー", strings.Repeat("K", 100), strings.Repeat("K", 300)} {
		body := []byte(`{"errorSource":"/a","messageId":"` + id + `",` + ssb("1111", "2222") + `}`)
		e := mustError(t, translate.Hitachi.Translate(translate.Answer{Method: "GET", Status: 400, Body: body}))
		got, ok := translate.FromError(e.GRPCStatus().Err())
		if !ok || e.ErrorCode() != id || got.ErrorCode() != id {
			t.Errorf("ErrorCode = %q, and %q in the caller, want %q", e.ErrorCode(), got.ErrorCode(), id)
		}
	}
}

// A person wants to know which volume it is about.
func TestHitachiResource(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"/ConfigurationManager/v1/objects/ldevs":                                        "ldevs",
		"/ConfigurationManager/v1/objects/ldevs/12":                                     "ldevs",
		"/ConfigurationManager/v1/objects/storages/836000123456/ldevs":                  "ldevs",
		"/ConfigurationManager/v1/objects/storages/836000123456/luns/CL1-A,1,2/":        "luns",
		"/ConfigurationManager/simple/v1/objects/volumes/100/actions/expand/invoke":     "volumes",
		"/ConfigurationManager/simple/v1/objects/volumes/100/actions/expand/invoke?a=b": "volumes",
		"/somewhere/else/5": "",
		"/objects/":         "",
	} {
		e := mustError(t, translate.Hitachi.Translate(translate.Answer{Status: 500, Body: []byte(`{"errorSource":"` + source + `"}`)}))
		name, _, _ := strings.Cut(source, "?")
		if r := detail[*errdetails.ResourceInfo](t, e); r.GetResourceType() != want || r.GetResourceName() != name {
			t.Errorf("%s: ResourceInfo = %v, want type %q", source, r, want)
		}
	}
}

// Partial data is there for the taking in the answer; the advice of the storage
// system is not to be had elsewhere.
func TestHitachiCutsPartialDataFirst(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	at := func(errors, partial string) *translate.Error {
		return mustError(t, translate.Hitachi.Translate(translate.Answer{Method: "POST", Status: 500, Body: []byte(
			`{"errorSource":"/a","solution":"s","errorResponses":["` + errors + `"],"partialSuccessResponses":["` + partial + `"]}`)}))
	}
	d := detail[*boxgrpcv1.HitachiError](t, at("e", long))
	if d.GetSolution() != "s" || len(d.GetErrorResponses()) == 0 || len(d.GetPartialSuccessResponses()) > 0 {
		t.Errorf("large partial data: %v", d)
	}
	e := at(long, "p")
	d = detail[*boxgrpcv1.HitachiError](t, e)
	if d.GetSolution() != "s" || len(d.GetErrorResponses()) > 0 {
		t.Errorf("large errors: %v", d)
	}
	if e.Metadata()["truncated"] != "true" || e.Code() != codes.Aborted || e.HeaderBytes() > 4096 {
		t.Errorf("truncated %q, %v, %d bytes", e.Metadata()["truncated"], e.Code(), e.HeaderBytes())
	}
}

// A success was read to see that it is one, and must arrive whole all the same.
func TestHitachiCheckResponse(t *testing.T) {
	t.Parallel()
	for _, content := range []string{``, `{"jobId":1,"status":"Running","state":"Started"}`, `{"data":["` + strings.Repeat("x", 200<<10) + `"]}`} {
		b := &body{Reader: strings.NewReader(content)}
		resp := response(200, b, "GET")
		if err := translate.Hitachi.CheckResponse(resp); err != nil || b.closed {
			t.Fatalf("CheckResponse = %v, closed %v, want a success to be read", err, b.closed)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != content {
			t.Errorf("%d of %d bytes are left, %v", len(got), len(content), err)
		}
		if err := resp.Body.Close(); err != nil || !b.closed {
			t.Errorf("Close = %v, closed %v", err, b.closed)
		}
	}
	content := job("Failed", `,"request":"`+strings.Repeat("x", 100<<10)+`"`)
	b := &body{Reader: strings.NewReader(content)}
	err := translate.Hitachi.CheckResponse(response(200, b, "GET"))
	if mustError(t, err).Code() != codes.Internal || !b.closed || b.read != len(content) {
		t.Errorf("failed job: %v, closed %v, read %d of %d", err, b.closed, b.read, len(content))
	}
}

// The full lists of codes are not public: users know pairs that we do not.
func TestHitachiTakesPairsOfTheUsersOwn(t *testing.T) {
	t.Parallel()
	mine := translate.Hitachi.With(translate.WithRule("1111,2222", &boxgrpcv1.Rule{
		GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_RESOURCE_EXHAUSTED, Retry: never, Quota: "ports",
	}))
	a := translate.Answer{Method: "GET", Status: 200, Body: []byte(job("Failed", `,"error":{`+ssb("1111", "2222")+`}`))}
	if got := mustError(t, mine.Translate(a)); got.Code() != codes.ResourceExhausted || detail[*errdetails.QuotaFailure](t, got) == nil {
		t.Errorf("with the rule: %v", got.GRPCStatus())
	}
	if got := mustError(t, translate.Hitachi.Translate(a)); got.Code() != codes.Internal {
		t.Errorf("the others have changed: %v", got.Code())
	}
}

// Whatever a stranger answers: no panic, no success for an error status, a legal
// reason, and a status that reaches the caller.
func FuzzTranslateHitachi(f *testing.F) {
	for _, b := range []string{
		`{"errorSource":"/objects/ldevs/1?q","messageID":"KART30000-E","cause":"c","errorCode":{"SSB1":"2e11","SSB2":"2205"},"detailCode":"1E-2-1-2"}`,
		job("Failed", `,"affectedResources":["/a",1],"error":{"errorCode":{"errorCode":"EX_EACCES"},"solutionType":"RETRY"}`),
		job("Stopped", ``), job("Unknown", ``),
		`[{"statusResource":"/a"},{"id":3,"progress":"completed","status":"error","errorCode":"EX_X"}]`,
		`{"errorResponses":[{"messageId":"KART00003-E"},{}],"partialSuccessResponses":[{"token":"t","u":"https://u:p@h/?s"}]}`,
		`{"errorSource":"/jobs/`, `[{"errorSource":"/a"},{"b`, "[[[[", "{\"a\":1}{", "<html>",
		`{"errorSource":"/a","messageId":"token=1","solution":"` + strings.Repeat("é", 3000) + `","message":"` + strings.Repeat("%", 3000) + `"}`,
		strings.Repeat(`{"error":`, 11000), `{"partialSuccessResponses":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		f.Add("POST", 500, "3", []byte(b))
		f.Add("GET", 200, "", []byte(b))
	}
	f.Fuzz(func(t *testing.T, method string, status int, retryAfter string, body []byte) {
		err := translate.Hitachi.Translate(translate.Answer{Method: method, Status: status, Header: header("Retry-After", retryAfter), Body: body})
		if err == nil {
			if status >= 400 || status < 200 {
				t.Fatalf("HTTP %d is a success", status)
			}
			return
		}
		e := mustError(t, err)
		checkError(t, e)
		d := detail[*boxgrpcv1.HitachiError](t, e)
		if !utf8.Valid(d.GetErrorResponses()) || !utf8.Valid(d.GetPartialSuccessResponses()) || !utf8.ValidString(d.GetCause()) {
			t.Errorf("HitachiError = %v", d)
		}
		if status/100 == 2 && e.Code() == codes.Internal && e.RetryClass() != never {
			t.Errorf("%v under %d would be repeated", e.Code(), status)
		}
	})
}
