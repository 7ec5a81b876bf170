// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/translate"
)

// A name with an equals sign is no secret, and its conflict as short as any.
func TestAConflictWithAnEqualsSignIsAConflict(t *testing.T) {
	t.Parallel()
	cost := func(name string) int {
		body := `{"type":"error","status":409,"code":"item_name_in_use","context_info":{"conflicts":[{"type":"file","id":"1","name":"` + name + `"}]}}`
		e, _ := translate.FromError(translate.Box.CheckResponse(sent(409, strings.NewReader(body))))
		if !strings.Contains(string(e.Body()), name) {
			t.Errorf("got %s", e.Body())
		}
		return e.HeaderBytes()
	}
	if plain, equals := cost("E-mc2.pdf"), cost("E=mc2.pdf"); plain != equals {
		t.Errorf("a name with = takes %d bytes, another %d", equals, plain)
	}
}

// Whatever is said of single fields must come back as it was: a list that is told by
// BadRequest although that lacks something of it would be lost.
func TestListsOfErrorsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	const whole = `{"message":"m","name":"n","reason":"abc"}`
	for _, list := range []string{
		"", whole, whole + "," + whole, strings.Repeat(whole+",", 15) + whole, strings.Repeat(whole+",", 16) + whole,
		`{"message":"m","name":"n"}`, `{"message":"m","reason":"abc"}`, `{"name":"n","reason":"abc"}`, `{}`, whole + ",{}",
		`{"message":"","name":"","reason":""}`, whole + `,{"message":"","name":"","reason":""}`, `{"message":"","name":"n","reason":"abc"}`,
		`{"message":"m","name":"n","reason":"Abc"}`, `{"message":"m","name":"n","reason":"a b"}`, `{"message":"m","name":"n","reason":"_a"}`,
		`{"message":"m","name":"n","reason":"abc","x":1}`, `{"message":"m","name":1,"reason":"abc"}`, `{"message":"m","name":null,"reason":"abc"}`,
	} {
		context := `{"errors":[` + list + `]}`
		e, _ := translate.FromError(translate.Box.CheckResponse(sent(400, strings.NewReader(`{"code":"bad_request","context_info":`+context+`}`))))
		if want := `{"code":"bad_request","context_info":` + context + `}`; canonical(t, e.Body()) != canonical(t, []byte(want)) {
			t.Errorf("got  %s\nwant %s", e.Body(), want)
		}
	}
}

// The same of conflicts: an item that the schema has no place for must not lose a member.
func TestConflictsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1", 300)
	for _, item := range []string{
		`{"type":"file","id":"` + long + `"}`, `{"type":"","id":"1"}`, `{"type":"` + long + `","id":"1","name":"n"}`, `{"type":"","id":""}`,
		`{"type":"file","id":"1","id":"2"}`, `{"type":"file","type":"folder","id":"1"}`, `{"type":"file","id":"1","name":"a","name":"b"}`,
		`{"type":"file","id":"1","file_version":{"type":"file_version","id":"1","sha1":"a"},"file_version":{"type":"file_version","id":"2"}}`,
		`{"type":"file","id":"1","file_version":{"type":"file_version","id":"1","id":"2"}}`, `{"type":"file","id":"1","file_version":null}`,
		`{"type":"file","id":"1","file_version":{"type":"file_version","id":"1"},"file_version":{"sha1":"a"}}`, `{"type":"file","id":"1","file_version":{"type":"x","id":"1"}}`, `{"type":"file","id":"1","file_version":{"x":1,"type":"file_version"}}`,
		`{"type":"file","id":"1","name":"","etag":"\"\\\/\u0000"}`, `{"type":"file","id":"1","name":"a#b;c=d"}`, `{"id":"1"}`, `{"type":"file"}`, `{}`,
	} {
		for _, context := range []string{`{"conflicts":[` + item + `]}`, `{"conflicts":` + item + `}`, `{"conflicts":[{"type":"x","id":"9"}],"conflicts":[` + item + `]}`} {
			want := `{"code":"item_name_in_use","context_info":` + context + `}`
			e, _ := translate.FromError(translate.Box.CheckResponse(sent(409, strings.NewReader(want))))
			if canonical(t, e.Body()) != canonical(t, []byte(want)) {
				t.Errorf("got  %s\nwant %s", e.Body(), want)
			}
		}
	}
}

// A list of errors that a service's rule, or a secret in it, has changed is not told by
// details that have not changed with it.
func TestAListOfErrorsIsCleanedEverywhere(t *testing.T) {
	t.Parallel()
	body := func(message string) io.Reader {
		return strings.NewReader(`{"code":"bad_request","context_info":{"errors":[{"message":"` + message + `","name":"Anna","reason":"abc"}]}}`)
	}
	rule := translate.WithRedaction(func(kind, text string) string {
		if kind == "name" {
			return "X"
		}
		return text
	})
	e, _ := translate.FromError(translate.Box.With(rule).CheckResponse(sent(400, body("m"))))
	if strings.Contains(string(e.Body()), "Anna") {
		t.Errorf("the service's rule hides the name: got %s", e.Body())
	}
	e, _ = translate.FromError(translate.Box.With(translate.WithRawBody()).CheckResponse(sent(400, body(`tok\u0065n=abc123`))))
	if got := string(e.Body()); strings.Contains(got, "abc123") {
		t.Errorf("a spelt out secret leaves: %s", got)
	}
}

// A service's rule hides the name of an item however little else Box says of it.
func TestAConflictIsRedacted(t *testing.T) {
	t.Parallel()
	rule := translate.WithRedaction(func(kind, text string) string { return "<" + kind + ">" })
	body := `{"code":"item_name_in_use","context_info":{"conflicts":{"type":"file","id":"1","name":"Anna.pdf"}}}`
	e, _ := translate.FromError(translate.Box.With(rule).CheckResponse(sent(409, strings.NewReader(body))))
	if got := string(e.Body()); strings.Contains(got, "Anna") || !strings.Contains(got, "<name>") {
		t.Errorf("got %s", got)
	}
}

// The last member of a name counts, and nothing of those before it does.
func TestTheLastContextCounts(t *testing.T) {
	t.Parallel()
	const list = `{"errors":[{"message":"m","name":"n","reason":"abc"}]}`
	for _, last := range []string{`{"x":1}`, `null`, `{}`, `"x"`, `{"errors":[]}`, `{"conflicts":[{"type":"file","id":"1"}]}`} {
		for _, first := range []string{list, `{"conflicts":[{"type":"folder","id":"2"}]}`, `{"conflicts":[{"type":"folder","id":"2"}],"x":1}`} {
			body := `{"code":"bad_request","context_info":` + first + `,"context_info":` + last + `}`
			e, _ := translate.FromError(translate.Box.CheckResponse(sent(400, strings.NewReader(body))))
			once, _ := translate.FromError(translate.Box.CheckResponse(sent(400, strings.NewReader(`{"code":"bad_request","context_info":`+last+`}`))))
			if !proto.Equal(e.GRPCStatus().Proto(), once.GRPCStatus().Proto()) {
				t.Errorf("%s:\ngot  %v\nwant %v", body, e.GRPCStatus(), once.GRPCStatus())
			}
		}
	}
	twice := `{"code":"bad_request","context_info":{"errors":[{"message":"m","name":"n","reason":"abc"}],"errors":[{"message":"m2","name":"n2","reason":"abd"}]}}`
	e, _ := translate.FromError(translate.Box.CheckResponse(sent(400, strings.NewReader(twice))))
	if got := e.GRPCStatus().String(); strings.Contains(string(e.Body()), `"n"`) {
		t.Errorf("got %s, %s", got, e.Body())
	}
}

func canonical(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// A body with a broken escape is no JSON, wherever it breaks off.
func TestABrokenEscapeIsNoJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`\u123g"}`, `\u12"}`, `\u"}`, `\u123`, `\u`, `\`, `\x"}`, `\u12g3"}`, `\ug123"}`, `\u1g23"}`} {
		body := `{"code":"bad_request","x":"` + text
		e, _ := translate.FromError(translate.Box.CheckResponse(sent(400, strings.NewReader(body))))
		if e.ErrorCode() != "" || e.Body() != nil {
			t.Errorf("%s: got code %q, %s", body, e.ErrorCode(), e.Body())
		}
	}
}

// A secret in the version of an item must not leave, nor one that its escapes hide.
func TestAConflictsVersionIsCleaned(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"token=abc123", `tok\u0065n=abc123`} {
		body := `{"code":"item_name_in_use","context_info":{"conflicts":[{"type":"file","id":"1","file_version":{"type":"file_version","id":"` + id + `"}}]}}`
		e, _ := translate.FromError(translate.Box.CheckResponse(sent(409, strings.NewReader(body))))
		if strings.Contains(string(e.Body()), "abc123") {
			t.Errorf("got %s", e.Body())
		}
	}
}
