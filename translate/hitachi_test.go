// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

const partial = boxgrpcv1.Outcome_OUTCOME_PARTIAL

// ssb is the beginning of an error object with a pair.
func ssb(one, two string) string {
	return `"errorCode":{"SSB1":"` + one + `","SSB2":"` + two + `"}`
}

func job(state, more string) string {
	return `{"jobId":7,"status":"Completed","state":"` + state + `"` + more + `}`
}

// An administrator who trusts the code deletes the wrong volume, or waits for a
// lock that is a quota; a write that is repeated in error is done twice.
func TestHitachi(t *testing.T) {
	t.Parallel()
	const source = `"errorSource":"/ConfigurationManager/v1/objects/ldevs",`
	tests := []struct {
		situation  string
		method     string
		status     int
		retryAfter string
		body       string
		want       want
	}{
		{"resource group locked, by pair", "POST", 500, "", `{` + source + ssb("2E11", "2205") + `}`,
			want{codes.Unavailable, "SSB_2E11_2205", always, time.Second, notApplied}},
		{"locked, by RAID Manager's code: not about permissions", "POST", 500, "", `{` + source + `"errorCode":{"errorCode":"EX_EACCES"}}`,
			want{codes.Unavailable, "EX_EACCES", always, time.Second, notApplied}},
		{"locked, the code being plain text", "POST", 500, "", `{` + source + `"errorCode":"EX_EACCES"}`,
			want{codes.Unavailable, "EX_EACCES", always, time.Second, notApplied}},
		{"locked, by message id", "POST", 500, "", `{` + source + `"messageId":"KART40051-E"}`,
			want{codes.Unavailable, "KART40051_E", always, time.Second, notApplied}},
		{"pair as plain text", "POST", 500, "", `{` + source + `"errorCode":"2e11-2205"}`,
			want{codes.Unavailable, "SSB_2E11_2205", always, time.Second, notApplied}},
		{"pair in lower case", "POST", 500, "", `{` + source + ssb("b958", "015a") + `}`,
			want{codes.AlreadyExists, "SSB_B958_015A", never, -1, unknown}},
		{"pair only in detailCode", "POST", 500, "", `{` + source + `"messageId":"KART30000-E","detailCode":"30000E-2-2E11-2205"}`,
			want{codes.Unavailable, "KART30000_E", always, time.Second, notApplied}},
		{"detailCode of the REST server", "POST", 500, "", `{` + source + `"messageId":"KART30000-E","detailCode":"30000E-0-2E11-2205"}`,
			want{codes.Internal, "KART30000_E", ifIdempotent, -1, unknown}},
		{"empty pair", "GET", 500, "", `{` + source + `"messageId":"KART30000-E",` + ssb("", "") + `}`,
			want{codes.Internal, "KART30000_E", ifIdempotent, time.Second, notApplied}},
		{"half a pair", "GET", 500, "", `{` + source + ssb("2E11", "") + `}`,
			want{codes.Internal, "HTTP_500", ifIdempotent, time.Second, notApplied}},
		{"message ids that say nothing", "GET", 404, "", `{` + source + `"messageId":"KART70000-E"}`,
			want{codes.NotFound, "KART70000_E", never, -1, notApplied}},
		{"pair before RAID Manager's code", "GET", 500, "", `{` + source + `"errorCode":{"SSB1":"B958","SSB2":"0233","errorCode":"EX_ENOOBJ"}}`,
			want{codes.FailedPrecondition, "SSB_B958_0233", never, -1, notApplied}},
		{"RAID Manager's code before message id", "GET", 500, "", `{` + source + `"messageId":"KART20008-E","errorCode":"EX_ENLDEV"}`,
			want{codes.NotFound, "KART20008_E", never, -1, notApplied}},
		{"unknown pair before a known message id", "GET", 500, "", `{` + source + `"messageId":"KART30013-E",` + ssb("1111", "2222") + `}`,
			want{codes.NotFound, "KART30013_E", never, -1, notApplied}},
		{"messageID spelt the other way", "POST", 409, "", `{` + source + `"messageID":"KART40054-E"}`,
			want{codes.AlreadyExists, "KART40054_E", never, -1, notApplied}},
		{"message id that cannot be a name", "GET", 500, "", `{` + source + `"messageId":"<messageId>"}`,
			want{codes.Internal, "HTTP_500", ifIdempotent, time.Second, notApplied}},
		{"conflict that nobody knows", "POST", 409, "5", `{` + source + `"messageId":"KART40076-E"}`,
			want{codes.FailedPrecondition, "KART40076_E", always, 5 * time.Second, notApplied}},
		{"conflict without an end", "POST", 409, "", `{` + source + `"messageId":"KART40076-E"}`,
			want{codes.FailedPrecondition, "KART40076_E", never, -1, notApplied}},
		{"failed job in small letters", "GET", 200, "", `{"status":"completed","state":"failed","jobId":3}`,
			want{codes.Internal, "UPSTREAM_FAILED", never, -1, notApplied}},
		{"failed command in capitals", "GET", 200, "", `{"id":3,"progress":"Completed","status":"Error","errorCode":{"SSB1":"0x2e22","SSB2":" 0001"}}`,
			want{codes.AlreadyExists, "SSB_2E22_0001", never, -1, notApplied}},
		{"job that succeeded with errors", "GET", 200, "", `{"jobId":1,"status":"SUCCESS_WITH_ERROR"}`,
			want{codes.Unknown, "UPSTREAM_FAILED", never, -1, unknown}},
		{"precondition failed", "PUT", 412, "", ``,
			want{codes.FailedPrecondition, "HTTP_412", never, -1, notApplied}},
		{"busy, a read", "GET", 503, "", `<html>busy</html>`,
			want{codes.Unavailable, "HTTP_503", ifIdempotent, time.Second, notApplied}},
		{"busy, a write", "POST", 503, "", `{` + source + `"messageId":"KART00003-E"}`,
			want{codes.Unavailable, "KART00003_E", ifIdempotent, -1, unknown}},
		{"busy, a write that is asked for again", "POST", 503, "60", `{` + source + `"messageId":"KART00003-E","solutionType":"RETRY"}`,
			want{codes.Unavailable, "KART00003_E", always, time.Minute, notApplied}},
		{"the same with a message id that nobody knows", "POST", 503, "60", `{` + source + `"messageId":"KART99999-E","solutionType":"RETRY"}`,
			want{codes.Unavailable, "KART99999_E", always, time.Minute, notApplied}},
		{"solutionType RETRY where no code decides", "PUT", 409, "", `{` + source + `"messageId":"KART99999-E","solutionType":"RETRY"}`,
			want{codes.FailedPrecondition, "KART99999_E", ifIdempotent, time.Second, notApplied}},
		{"solutionType RETRY never lifts a code", "GET", 500, "", `{` + source + `"solutionType":"RETRY",` + ssb("2E30", "600E") + `}`,
			want{codes.InvalidArgument, "SSB_2E30_600E", never, -1, notApplied}},
		{"wrong password", "POST", 401, "", `{"errorSource":"/ConfigurationManager/v1/objects/sessions","messageId":"KART30085-E","solutionType":"RETRY"}`,
			want{codes.Unauthenticated, "KART30085_E", never, -1, notApplied}},
		{"wrong password under another status", "POST", 500, "", `{"errorSource":"/ConfigurationManager/v1/objects/sessions","messageId":"KART30085-E"}`,
			want{codes.Unauthenticated, "KART30085_E", never, -1, unknown}},
		{"bad login that only says RETRY: repeats lock users out", "GET", 401, "", `{"errorSource":"/ConfigurationManager/v1/objects/sessions","solutionType":"RETRY"}`,
			want{codes.Unauthenticated, "HTTP_401", never, -1, notApplied}},
		{"no number is free", "POST", 500, "", `{` + source + ssb("2E11", "2209") + `}`,
			want{codes.ResourceExhausted, "SSB_2E11_2209", never, -1, unknown}},
		{"resource does not exist", "GET", 404, "", `{"errorSource":"/ConfigurationManager/v1/objects/ldevs/9","messageId":"KART30013-E"}`,
			want{codes.NotFound, "KART30013_E", never, -1, notApplied}},
		{"forgotten job", "GET", 404, "", `{"errorSource":"/ConfigurationManager/v1/objects/jobs/9","messageId":"KART20009-E"}`,
			want{codes.Unknown, "KART20009_E", never, -1, unknown}},
		{"forgotten command", "GET", 404, "", `{"errorSource":"/ConfigurationManager/simple/v1/objects/command-status/9"}`,
			want{codes.Unknown, "HTTP_404", never, -1, unknown}},
		{"failed job under 200", "GET", 200, "", job("Failed", `,"error":{`+source+ssb("B958", "015A")+`}`),
			want{codes.AlreadyExists, "SSB_B958_015A", never, -1, notApplied}},
		{"failed job in the 202 itself", "POST", 202, "", job("Failed", `,"error":{`+source+ssb("2E13", "9900")+`}`),
			want{codes.ResourceExhausted, "SSB_2E13_9900", never, -1, unknown}},
		{"failed job with a pair that nobody knows", "POST", 202, "", job("Failed", `,"error":{"solutionType":"RETRY",`+ssb("1111", "2222")+`}`),
			want{codes.Internal, "SSB_1111_2222", never, -1, unknown}},
		{"failed job that says nothing else", "GET", 200, "", job("Failed", ``),
			want{codes.Internal, "UPSTREAM_FAILED", never, -1, notApplied}},
		{"failed job of VSP One SDS", "GET", 200, "", `{"jobId":"3a2b8d6e-0c1d-4f7e-9a3b-5c6d7e8f9a0b","status":"Completed","state":"Failed","error":null}`,
			want{codes.Internal, "UPSTREAM_FAILED", never, -1, notApplied}},
		{"job with an unknown end", "GET", 200, "", job("Unknown", ``),
			want{codes.Unknown, "UPSTREAM_FAILED", never, -1, unknown}},
		{"job with an unknown end, without an id", "GET", 200, "", `{"status":"Completed","state":"Unknown"}`,
			want{codes.Unknown, "UPSTREAM_FAILED", never, -1, unknown}},
		{"job with an unknown end and a lock", "POST", 202, "", job("Unknown", `,"error":{`+ssb("2E11", "2205")+`}`),
			want{codes.Unknown, "SSB_2E11_2205", never, -1, unknown}},
		{"job with an end that nobody knows", "GET", 200, "", job("Weird", ``),
			want{codes.Unknown, "UPSTREAM_FAILED", never, -1, unknown}},
		{"stopped job", "GET", 200, "", job("Stopped", ``),
			want{codes.Canceled, "UPSTREAM_FAILED", never, -1, unknown}},
		{"failed job that was done in part keeps its code", "POST", 202, "", job("Failed", `,"affectedResources":["/a"],"error":{`+ssb("2E11", "2209")+`}`),
			want{codes.ResourceExhausted, "SSB_2E11_2209", never, -1, partial}},
		{"lock in the middle of a job: a repeat would do the first part twice", "POST", 202, "", job("Failed", `,"affectedResources":["/a"],"error":{`+ssb("2E11", "2205")+`}`),
			want{codes.Aborted, "SSB_2E11_2205", never, -1, partial}},
		{"job that was done in part, under a status that asks for a repeat", "POST", 503, "60", job("Failed", `,"affectedResources":["/a"],"error":{`+ssb("1111", "2222")+`}`),
			want{codes.Unavailable, "SSB_1111_2222", never, -1, partial}},
		{"lock at the start of a job", "POST", 202, "", job("Failed", `,"affectedResources":[],"error":{`+ssb("2E11", "2205")+`}`),
			want{codes.Unavailable, "SSB_2E11_2205", always, time.Second, notApplied}},
		{"failed command", "GET", 200, "", `{"id":3,"progress":"completed","status":"error","errorResource":"/x/objects/pools/63","errorMessage":"in use",` + ssb("2e11", "001f") + `}`,
			want{codes.FailedPrecondition, "SSB_2E11_001F", never, -1, notApplied}},
		{"errorSource under 200", "POST", 200, "", `{` + source + `"messageId":"KART99999-E"}`,
			want{codes.Internal, "KART99999_E", never, -1, unknown}},
		{"one of several commands failed", "POST", 202, "", `[{"statusResource":"/a"},{"progress":"completed","status":"error",` + ssb("2E11", "2205") + `}]`,
			want{codes.Aborted, "SSB_2E11_2205", never, -1, partial}},
		{"two commands failed in two ways", "POST", 202, "", `[{` + source + ssb("2E11", "2205") + `},{` + source + ssb("1111", "2222") + `}]`,
			want{codes.Aborted, "SSB_2E11_2205", never, -1, unknown}},
		{"write done in part", "POST", 503, "60", `{"errorResponses":[{` + source + `"messageId":"KART00003-E"}],"partialSuccessResponses":[{"statusResource":"/a"}]}`,
			want{codes.Aborted, "KART00003_E", never, -1, partial}},
		{"write of which nothing was done", "POST", 503, "60", `{"errorResponses":[{` + source + `"messageId":"KART00003-E"}],"partialSuccessResponses":[ ]}`,
			want{codes.Unavailable, "KART00003_E", always, time.Minute, notApplied}},
		{"write that failed in two ways", "POST", 503, "60", `{"errorResponses":[{` + source + `"messageId":"KART00003-E"},{` + source + ssb("1111", "2222") + `}]}`,
			want{codes.Aborted, "KART00003_E", never, -1, unknown}},
		{"read of a part", "GET", 503, "60", `{"errorResponses":[{` + source + `"messageId":"KART00003-E"}],"partialSuccessResponses":[{"ldevId":1}]}`,
			want{codes.Unavailable, "KART00003_E", always, time.Minute, notApplied}},
		{"write done in part under 200", "POST", 200, "", `{"partialSuccessResponses":[{"statusResource":"/a"}]}`,
			want{codes.Aborted, "UPSTREAM_FAILED", never, -1, partial}},
		{"write done in part, the answer cut off there", "POST", 503, "60", `{` + source + `"messageId":"KART00003-E","partialSuccessResponses":[{"statusRes`,
			want{codes.Aborted, "KART00003_E", never, -1, partial}},
		{"lock, the answer cut off: what follows may tell of a part", "POST", 500, "", `{` + source + ssb("2E11", "2205") + `,"mess`,
			want{codes.Aborted, "SSB_2E11_2205", never, -1, unknown}},
		{"busy with a wait, the answer cut off", "POST", 503, "60", `{` + source + `"messageId":"KART99999-E","mess`,
			want{codes.Unavailable, "KART99999_E", ifIdempotent, -1, unknown}},
		{"failed job, the answer cut off", "GET", 200, "", `{"status":"Completed","state":"Failed","error":{` + ssb("1111", "2222") + `},"request":{"requestBody":"`,
			want{codes.Internal, "SSB_1111_2222", never, -1, notApplied}},
		{"JSON of somebody else", "GET", 502, "", `{"timestamp":1,"status":502,"error":"Bad Gateway"}`,
			want{codes.Unavailable, "HTTP_502", ifIdempotent, time.Second, notApplied}},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			a := translate.Answer{Method: tt.method, Status: tt.status, Header: header(), Body: []byte(tt.body)}
			if tt.retryAfter != "" {
				a.Header.Set("Retry-After", tt.retryAfter)
			}
			e := mustError(t, translate.Hitachi.Translate(a))
			wait, ok := e.RetryDelay()
			if !ok {
				wait = -1
			}
			if got := (want{e.Code(), e.Reason(), e.RetryClass(), wait, e.Outcome()}); got != tt.want {
				t.Errorf("Translate = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// A success that is taken for a failure breaks a call that worked, and often work
// that goes on.
func TestHitachiSuccesses(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"job that succeeded":            job("Succeeded", `,"affectedResources":["/a"]`),
		"job that waits":                `{"jobId":892,"status":"Initializing","state":"Queued"}`,
		"job that runs":                 `{"jobId":892,"status":"Running","state":"Started"}`,
		"job that is being stopped":     `{"jobId":"3a2b","status":"Running","state":"Stopping"}`,
		"command that runs":             `{"id":3,"progress":"processing","status":"normal"}`,
		"command that is done":          `{"id":3,"progress":"completed","status":"normal"}`,
		"several commands":              `[{"statusResource":"/a"},{"statusResource":"/b"}]`,
		"one command":                   `{"statusResource":"/a"}`,
		"volume with a status":          `{"ldevId":1,"status":"error","errorCode":"EX_ENOOBJ","messageId":"KART30013-E"}`,
		"list of jobs, one failed":      `{"data":[` + job("Failed", "") + `]}`,
		"empty members":                 `{"errorSource":"","errorResponses":[],"partialSuccessResponses":[],"error":null}`,
		"empty list":                    `[]`,
		"nothing":                       ``,
		"no JSON":                       `<html>`,
		"list that is longer than read": `{"data":[{"ldevId":1},{"ldev`,
	}
	for situation, b := range bodies {
		for _, status := range []int{200, 202, 299} {
			if err := translate.Hitachi.Translate(translate.Answer{Method: "POST", Status: status, Body: []byte(b)}); err != nil {
				t.Errorf("%s under %d: Translate = %v, want nil", situation, status, err)
			}
		}
	}
}

// Somebody has to know which limit it is, and what stands in the way.
func TestHitachiStandardDetails(t *testing.T) {
	t.Parallel()
	limit := mustError(t, translate.Hitachi.Translate(translate.Answer{Method: "POST", Status: 500, Body: []byte(`{` + ssb("2E11", "2209") + `}`)}))
	if q := detail[*errdetails.QuotaFailure](t, limit); q.GetViolations()[0].GetSubject() != "ldev ids" {
		t.Errorf("QuotaFailure = %v", q)
	}
	state := mustError(t, translate.Hitachi.Translate(translate.Answer{Method: "POST", Status: 500, Body: []byte(`{` + ssb("2E21", "9010") + `}`)}))
	if p := detail[*errdetails.PreconditionFailure](t, state); p.GetViolations()[0].GetType() != "PROGRAM_PRODUCT" {
		t.Errorf("PreconditionFailure = %v", p)
	}
}
