// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// An outLine is any line of the output.
type outLine struct {
	record
	Error string `json:"error"`
}

// explainedLines are the lines that -jsonl writes, and its exit status.
func explainedLines(t *testing.T, in string, flags ...string) ([]outLine, int) {
	t.Helper()
	status, out, errOut := boxgrpc(t, in, append([]string{"explain", "-jsonl"}, flags...)...)
	if (status == 0) != (errOut == "") || strings.Count(errOut, "\n") > 1 {
		t.Errorf("exit status %d with standard error %q", status, errOut)
	}
	var list []outLine
	for text := range strings.Lines(out) {
		var l outLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		list = append(list, l)
	}
	return list, status
}

// Without it a program that reads the output breaks on a renamed, missing or
// changed member.
func TestOneLineWhole(t *testing.T) {
	t.Parallel()
	const in = `{"id":"a<b","upstream":"box","method":"DELETE","status":429,"headers":{"retry-after":"1.0001","Box-Request-Id":["h7"]},` +
		`"body":"{\"code\":\"Rate Limit!\",\"message\":\"slow & steady\",\"request_id\":\"b9\"}","why":"other members are ignored"}`
	const want = `{"id":"a<b","grpc_code":"RESOURCE_EXHAUSTED","message":"slow & steady","reason":"RATE_LIMIT","domain":"api.box.com",` +
		`"error_code":"Rate Limit!","request_id":"b9","metadata":{"headerRequestId":"h7","httpStatus":"429","outcome":"NOT_APPLIED"},` +
		`"retry":{"allowed":true,"class":"always","after_ms":1001},"outcome":"NOT_APPLIED",` +
		`"details":["google.rpc.ErrorInfo","google.rpc.RetryInfo","google.rpc.RequestInfo","boxgrpc.v1.BoxError"],`
	status, out, errOut := boxgrpc(t, in, "explain", "-jsonl")
	if status != 0 || errOut != "" || !strings.HasPrefix(out, want) {
		t.Errorf("exit status %d\n got %s%s\nwant %s…", status, out, errOut, want)
	}
	var rest struct {
		StatusBytes int  `json:"status_bytes"`
		HeaderBytes int  `json:"header_list_bytes"`
		Localized   *any `json:"localized"`
	}
	if err := json.Unmarshal([]byte(out), &rest); err != nil || rest.StatusBytes < 200 || rest.HeaderBytes < rest.StatusBytes*4/3 || !strings.Contains(out, `"localized":null`) {
		t.Errorf("sizes and localized: %+v, %v", rest, err)
	}
	if _, one, _ := boxgrpc(t, "HTTP/2 404\n\n", "explain", "-o", "json"); one == "" {
		t.Error("-o json prints nothing")
	} else if _, line, _ := boxgrpc(t, `{"status":404}`, "explain", "-jsonl"); line != one {
		t.Errorf("-o json and -jsonl differ:\n%s", cmp.Diff(line, one))
	}
	const success = `{"id":"","grpc_code":"OK","message":"","reason":"","domain":"","error_code":"","request_id":"",` +
		`"metadata":{},"retry":{"allowed":false,"class":"never","after_ms":null},"outcome":"APPLIED","details":[],` +
		`"status_bytes":0,"header_list_bytes":0,"localized":null}` + "\n"
	if _, got, _ := boxgrpc(t, `{"status":204}`, "explain", "-jsonl"); got != success {
		t.Errorf("success:\n%s", cmp.Diff(success, got))
	}
}

// Without it a collection of recorded answers has to be cleaned up first.
func TestLinesThatAreRead(t *testing.T) {
	t.Parallel()
	conflict := base64.RawURLEncoding.EncodeToString([]byte(`{"code":"item_name_in_use"}`))
	tests := map[string]struct{ in, want string }{ // want: id, code, reason, class, allowed, wait
		"status 0":                        {`{"status":0}`, `"" UNKNOWN UPSTREAM_FAILED never false -1`},
		"negative status":                 {`{"status":-404}`, `"" UNKNOWN UPSTREAM_FAILED never false -1`},
		"huge status":                     {`{"status":123456789012345678901234567890}`, `"" UNKNOWN UPSTREAM_FAILED never false -1`},
		"status that wraps around at 2³²": {`{"status":4294967700,"body":"{\"code\":\"trashed\"}"}`, `"" UNKNOWN TRASHED never false -1`},
		"id is a number":                  {`{"id":42,"status":404}`, `"42" NOT_FOUND HTTP_404 never false -1`},
		"id is an object":                 {`{"id":{},"status":404}`, `"" NOT_FOUND HTTP_404 never false -1`},
		"no method counts as GET":         {`{"status":503}`, `"" UNAVAILABLE HTTP_503 if_idempotent true -1`},
		"null everywhere":                 {`{"id":null,"upstream":null,"method":null,"status":503,"headers":null,"request_headers":null,"body":null,"body_base64":null}`, `"" UNAVAILABLE HTTP_503 if_idempotent true -1`},
		"empty method is not idempotent":  {`{"method":"","status":503}`, `"" UNAVAILABLE HTTP_503 if_idempotent false -1`},
		"methods are case-sensitive":      {`{"method":"get","status":503}`, `"" UNAVAILABLE HTTP_503 if_idempotent false -1`},
		"hint that must not be obeyed":    {`{"method":"POST","status":503,"headers":{"Retry-After":"9"}}`, `"" UNAVAILABLE HTTP_503 if_idempotent false -1`},
		"header in any case":              {`{"status":429,"headers":{"rETRY-aFTER":"9"}}`, `"" RESOURCE_EXHAUSTED HTTP_429 always true 9000`},
		"header as an array":              {`{"status":429,"headers":{"Retry-After":["3","9"]}}`, `"" RESOURCE_EXHAUSTED HTTP_429 always true 9000`},
		"header as a number":              {`{"status":429,"headers":{"Retry-After":9}}`, `"" RESOURCE_EXHAUSTED HTTP_429 always true 9000`},
		"header is null":                  {`{"status":429,"headers":{"Retry-After":null,"x":[null]}}`, `"" RESOURCE_EXHAUSTED HTTP_429 always true -1`},
		"two spellings of a header":       {`{"status":401,"headers":{"www-authenticate":"Bearer error=b","WWW-Authenticate":"Bearer error=aaa"}}`, `"" UNAUTHENTICATED AAA never false -1`},
		"request headers":                 {`{"status":412,"request_headers":{"if-match":"1"}}`, `"" ABORTED HTTP_412 never false -1`},
		"body in base64":                  {`{"status":409,"body_base64":"` + conflict + `"}`, `"" ALREADY_EXISTS ITEM_NAME_IN_USE never false -1`},
		"two bodies, base64 counts":       {`{"status":409,"body":"x","body_base64":"` + conflict + `"}`, `"" ALREADY_EXISTS ITEM_NAME_IN_USE never false -1`},
		"two bodies, base64 empty":        {`{"status":409,"body":"{\"code\":\"item_name_in_use\"}","body_base64":""}`, `"" ALREADY_EXISTS ITEM_NAME_IN_USE never false -1`},
		"member names are exact":          {`{"status":404,"Status":200,"METHOD":7,"Body":7}`, `"" NOT_FOUND HTTP_404 never false -1`},
		"spaces around":                   {" \t{\"status\" : 404 } \r", `"" NOT_FOUND HTTP_404 never false -1`},
		"a megabyte":                      {`{"id":"big","status":400,"body":"` + strings.Repeat("x", 1<<20) + `"}`, `"big" INVALID_ARGUMENT HTTP_400 never false -1`},
		"upstream of the line":            {`{"upstream":"http","status":409,"body_base64":"` + conflict + `"}`, `"" ABORTED HTTP_409 never false -1`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, status := explainedLines(t, tt.in)
			if status != 0 || len(lines) != 1 {
				t.Fatalf("exit status %d, %d lines: %+v", status, len(lines), lines)
			}
			l, after := lines[0], int64(-1)
			if l.Retry.AfterMS != nil {
				after = *l.Retry.AfterMS
			}
			got := fmt.Sprintf("%q %s %s %s %v %d", l.ID, l.GRPCCode, l.Reason, l.Retry.Class, l.Retry.Allowed, after)
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Without it one bad line takes the rest with it, or cannot be found.
func TestLinesThatAreNotRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, id, want string }{
		"not JSON":                   {`{"id":"a","status":404`, "", "not a JSON object"},
		"two objects":                {`{"status":404} {"status":404}`, "", "not a JSON object"},
		"array":                      {`[{"status":404}]`, "", "not a JSON object"},
		"string":                     {`"404"`, "", "not a JSON object"},
		"null":                       {`null`, "", "not a JSON object"},
		"binary":                     {"\x00\xff", "", "not a JSON object"},
		"no status":                  {`{"id":"a"}`, "a", "status: an integer is missing"},
		"status is null":             {`{"id":"a","status":null}`, "a", "status: an integer is missing"},
		"status is a fraction":       {`{"id":"a","status":404.5}`, "a", "status: an integer is missing"},
		"status with a point":        {`{"id":"a","status":404.0}`, "a", "status: an integer is missing"},
		"status with an exponent":    {`{"id":"a","status":4e2}`, "a", "status: an integer is missing"},
		"status is a string":         {`{"id":"a","status":"404"}`, "a", "status: an integer is missing"},
		"status is spelt otherwise":  {`{"id":"a","Status":404}`, "a", "status: an integer is missing"},
		"unknown upstream":           {`{"id":"a","status":404,"upstream":"dropbox"}`, "a", `upstream: "dropbox" is unknown, give one of box, hitachi, http, informatica`},
		"empty upstream":             {`{"id":"a","status":404,"upstream":""}`, "a", `upstream: "" is unknown, give one of box, hitachi, http, informatica`},
		"upstream is no string":      {`{"id":"a","status":404,"upstream":1}`, "a", "upstream: a string is expected"},
		"method is no string":        {`{"id":"a","status":404,"method":["GET"]}`, "a", "method: a string is expected"},
		"body is no string":          {`{"id":"a","status":404,"body":{"code":"x"}}`, "a", "body: a string is expected"},
		"body is not base64":         {`{"id":"a","status":404,"body_base64":"%"}`, "a", "body_base64: not base64"},
		"headers are no object":      {`{"id":"a","status":404,"headers":["x"]}`, "a", "headers: an object is expected"},
		"header is an object":        {`{"id":"a","status":404,"request_headers":{"x":{}}}`, "a", `request_headers: "x" is neither a string nor an array of strings`},
		"header is an array of such": {`{"id":"a","status":404,"headers":{"x":[["y"]]}}`, "a", `headers: "x" is neither a string nor an array of strings`},
		"id is a number":             {`{"id":7}`, "7", "status: an integer is missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, out, _ := boxgrpc(t, "\n \n"+tt.in+"\n"+`{"id":"next","status":404}`, "explain", "-jsonl")
			first, second, _ := strings.Cut(out, "\n")
			var got map[string]string
			if err := json.Unmarshal([]byte(first), &got); err != nil {
				t.Fatalf("%v in %s", err, first)
			}
			if diff := cmp.Diff(map[string]string{"id": tt.id, "error": "line 3: " + tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(second, `{"id":"next","grpc_code":"NOT_FOUND"`) {
				t.Errorf("the next line gave %q", second)
			}
		})
	}
}

// Without it the answers cannot be put beside the questions.
func TestLinesInOrder(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for n := range 500 {
		fmt.Fprintf(&in, `{"id":"%d","status":%s}%s`, n, []string{"404", "200", "x", "503"}[n%4], []string{"\n", "\r\n", "\n\n  \n"}[n%3])
	}
	in.WriteString(`{"id":"500","status":404}`) // no line feed at the end
	lines, status := explainedLines(t, in.String())
	if len(lines) != 501 || status != 1 {
		t.Fatalf("%d lines, exit status %d; want 501 and 1: some could not be read", len(lines), status)
	}
	for n, l := range lines {
		if l.ID != fmt.Sprint(n) && l.Error == "" || (l.Error != "") != (n%4 == 2) {
			t.Errorf("line %d is %+v", n, l)
		}
	}
	if lines, status := explainedLines(t, "\n\n"); len(lines) != 0 || status != 0 {
		t.Errorf("blank input gave %d lines and exit status %d", len(lines), status)
	}
}

// Without it a whole collection of one upstream has to name it on every line.
func TestFlagsForLinesThatNameNone(t *testing.T) {
	t.Parallel()
	in := `{"status":503}` + "\n" + `{"status":503,"method":"GET","upstream":"box"}`
	lines, _ := explainedLines(t, in, "-upstream", "http", "-method", "post", "-o", "json")
	if len(lines) != 2 || lines[0].Domain != "http" || lines[0].Retry.Allowed || lines[1].Domain != "api.box.com" || !lines[1].Retry.Allowed {
		t.Errorf("got %+v", lines)
	}
}

// Without it a disk that fails in the middle looks like the end of the file.
func TestLinesThatBreakOff(t *testing.T) {
	t.Parallel()
	in := io.MultiReader(strings.NewReader(`{"id":"a","status":404}`+"\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	var out, errOut strings.Builder
	status := run([]string{"explain", "-jsonl"}, in, &out, &errOut)
	if status != 2 || errOut.String() != "boxgrpc: unexpected EOF\n" || !strings.HasPrefix(out.String(), `{"id":"a",`) {
		t.Errorf("exit status %d, %s%s", status, out.String(), errOut.String())
	}
}

// Without it somebody who types a line, or follows a log, waits for an answer that
// sits in a buffer.
func TestLinesAsTheyCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, typed := io.Pipe()
		shown, out := io.Pipe()
		go func() {
			run([]string{"explain", "-jsonl"}, in, out, io.Discard)
			_ = out.Close()
		}()
		answers := bufio.NewReader(shown)
		for _, id := range []string{"1", "2"} {
			if _, err := fmt.Fprintf(typed, `{"id":%q,"status":404}`+"\n", id); err != nil {
				t.Fatal(err)
			}
			if line, err := answers.ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"id":"`+id+`"`) {
				t.Errorf("%q, %v", line, err)
			}
		}
		_ = typed.Close()
		if rest, err := io.ReadAll(answers); err != nil || len(rest) > 0 {
			t.Errorf("rest %q, %v", rest, err)
		}
	})
}
