// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

var scanned = []string{
	`{}`, ` { "type" : "error" , "status":409,"code":"item_name_in_use" } `, `{"a":null,"b":true,"c":false,"d":[],"e":{}}`,
	`{"code":1,"code":"b"}`, `{"a":0}`, `{"a":01}`, `{"a":1.5e3}`, `{"a":-1}`, `{"a":"b\n"}`, `{"a":"é界"}`, "{\"message\":\"\xff\"}", "{\"message\":\"\xff2345678\"}", "{\"a\":\"\x1f2345678\"}",
	`{"a":1x`, `{"a":{"b":1x}`, `{"a":{"b":1 "c":2}}`, `{"a":[1 2]}`, "{\"a\":\"\xff\"}",
	"{\"a\":\"\x1f\"}", `{"a":[1,2,{"b":[]}],}`, `{"a" 1}`, `{"a"`, `{"a" `, `{"a":}`, `{,}`, `[1]`, `null`, `{"a":nul}`, `{"a":tru`, `{"a":1}x`,
	`{"a":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}`, `{"":""}`, `{"a":"0123456` + `"}`, `{"a":"01234567"}`, `{"a":"012345678\"}`, ``,
	`{"context_info":{"conflicts":[{"type":"file","id":"1"}]}}`, `{"context_info":{"conflicts":{"type":"file","id":2}}}`,
	`{"context_info":{"conflicts":[]}}`, `{"context_info":{"conflicts":{}}}`, `{"context_info":{"conflicts":[{}]}}`,
	`{"context_info":{"conflicts":[{"type":"a"},{"type":"b"}]}}`, `{"context_info":{"Conflicts":[{"TYPE":"a"}]}}`,
	`{"context_info":{"conflicts":[1]}}`, `{"context_info":{"conflicts":null}}`, `{"context_info":{"conflicts":[{"type":"a","type":1,"Id":"x"}]}}`,
	`{"context_info":{"errors":[{"name":"n"}],"conflicts":[{"id":"1"}]}}`, `{"context_info":{"conflicts":[{"id":"1"}],"conflicts":[]}}`,
	`{"conflicts":[{"type":"file","id":"1","file_version":{"type":"file_version","id":"2","sha1":"a"},"sequence_id":"3","etag":"","sha1":"a","name":"n"}]}`,
	`{"conflicts":{"type":"folder","id":"1","name":"n","x":1}}`, `{"conflicts":[{"type":"file","id":"1","file_version":{"type":"file_version"}}]}`,
	`{"conflicts":[{"type":"file","id":"1","name":"a","name":"b"}]}`, `{"conflicts":[{"type":"file","id":1}]}`, `{"conflicts":[{"id":"1"}]}`,
	`{"conflicts":[{"type":"file","id":"1","file_version":{"id":"2"}}]}`, `{"conflicts":[{"type":"file","id":"1","etag":null}]}`,
	`{"conflicts": {}}`, `{"conflicts":{} }`, "{\"conflicts\":\n{}\t\r\n}", `{"conflicts":{ }}`, `{"conflicts": [ {} ] }`, `{"conflicts":{}}`, `{"conflicts":[]}`, // context_info itself
	`{"conflicts":[{"type":"a","id":"1","id":"2"}]}`, `{"conflicts":{"type":"a","id":"1","type":null,"id":{}}}`, `{"conflicts":{"TYPE":"a"}}`, `{"conflicts":{"x":1}}`, `{"conflicts":{"id":"1","ID":"2"}}`,
	`{"help_url":"http:\/\/h\/a","message":"\/\/","x":"\\\/","context_info":{"conflicts":[{"type":"a\/b","id":"\/","name":"a\/b"}]}}`, `{"a\/b":1}`, `{"a":"\/`, `{"a":"\`,
	`{"errors":[{"reason":"invalid_parameter","name":"folder","message":"Invalid value 'f_123'."}]}`, `{"errors":[{"reason":"a b","name":"x"},{}]}`, `{"errors":[]}`, // context_info itself
	`{"errors":[{"reason":"abc","name":"\u5951","message":"a\"b\\"}],"x":1}`, `{"errors":[{"reason":"","name":"x","message":"y"}]}`, `{"errors":[{"reason":"abc","reason":"d"}]}`, `{"errors":[{"Reason":"abc"}]}`, `{"errors":[{"name":1}]}`,
	`{"errors":[{"reason":"UPPER","name":"x","message":"y"}]}`, `{"errors":[{"reason":"abc","name":"x","message":"y"},{"reason":"","name":"","message":""}]}`,
	`{"errors":[` + strings.Repeat(`{"reason":"abc","name":"x","message":"y"},`, 16) + `{"reason":"abc","name":"x","message":"z"}]}`, `{"errors":[],"errors":[]}`,
	`{"conflicts":[{"type":"file","id":"1","file_version":{"type":"file_version","id":"` + strings.Repeat("1", 130) + `"}}]}`,
	`{"conflicts":[{"type":"file","id":"1","file_version":{"type":"file_version","id":"1"},"file_version":{"type":"file_version"}}]}`,
	`{"conflicts":[{"type":"file","id":"1","file_version":{"type":"file_version","id":"1"},"file_version":{}}]}`, `{"conflicts":[{"type":"a","id":"1"},{"type":"b","id":"2"}]}`,
	`{"conflicts":[{"type":"a\/b","id":"\"","name":"\u5951\\"}]}`, `{"errors":[{"name":"x"},{"reason":"abc","name":"x","message":"y"}]}`,
	`{"errors":[{"reason":"abc","name":"x","message":"y"}],"errors":[{"reason":"def","name":"x","message":"y"}]}`,
	`{"a":"\u00g0"}`, `{"a":"\u0g00"}`, `{"a":"\ug000"}`, `{"a":"\u000g"}`, `{"a":"\u000"}`, `{"a":"\u000`, `{"a":"\x"}`,
	`{"context_info":{"conflicts":{"type":"a","id":"1"}},"context_info":{"conflicts":{"type":"b","id":"2"}}}`,
	`{"context_info":{"errors":[{"name":"x"}]},"context_info":1}`, `{"context_info":{"conflicts":{"type":"a","id":"1"}},"context_info":{"x":1}}`, // bodies again
	`{"context_info":{"conflicts":"x"}}`, `{"context_info":[]}`, `{"context_info":null}`,
}

// What the scanner reads in another way than encoding/json is read differently from
// the rest of an answer: a conflict would get somebody else's code.
func FuzzScan(f *testing.F) {
	for _, s := range scanned {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, want := new(boxBody), new(boxBody)
		if want.unmarshal(s); got.scan(s) {
			for m := memberType; m <= memberErrorDescription; m++ {
				if got.text(m) != want.text(m) {
					t.Errorf("%q: text of %v: got %q, want %q", s, m, got.text(m), want.text(m))
				}
			}
			got.scanned, got.verbatim = false, false // by which they differ
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(boxBody{}, conflict{}, fieldErrors{}), protocmp.Transform()); diff != "" {
				t.Errorf("%q (-encoding/json +scanner):\n%s", s, diff)
			}
		}
		b := &boxBody{scanned: true}
		b.known[memberContextInfo] = s
		if b.scanContext(s, 0) != len(s) {
			return
		}
		if !json.Valid([]byte(s)) {
			t.Fatalf("%q is no JSON", s)
		}
		c, violations := b.context(), boxViolations([]byte(s))
		r := boxConflict([]byte(s))
		if c.hasItem != (r != nil) || c.hasItem && (c.kind != r.GetResourceType() || c.id != r.GetResourceName()) {
			t.Errorf("conflict of %q: got %+v, want %v", s, c, r)
		}
		if diff := cmp.Diff(violations, c.violations, protocmp.Transform()); diff != "" {
			t.Errorf("%q (-encoding/json +scanner):\n%s", s, diff)
		}
		if b.conflict.lossless {
			checkConflict(t, s, &b.conflict, c)
		}
		if c.lossless {
			checkViolations(t, s, violations)
		}
	})
}

// checkViolations reads a context_info back that BadRequest tells completely.
func checkViolations(t *testing.T, context string, violations []*errdetails.BadRequest_FieldViolation) {
	t.Helper()
	packed, err := proto.Marshal(&errdetails.BadRequest{FieldViolations: violations})
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{}
	p.packed[kindBadRequest] = packed
	if got := p.contextInfo(); len(violations) > 0 && !sameJSON([]byte(context), got) {
		t.Errorf("%q came back as %s", context, got)
	}
}

// checkConflict reads a conflict back.
func checkConflict(t *testing.T, context string, c *conflict, resource boxContext) {
	t.Helper()
	var m boxgrpcv1.BoxError_Conflict
	packed := c.append(nil)
	if err := proto.Unmarshal(packed, &m); err != nil {
		t.Fatal(err)
	}
	if again, err := (proto.MarshalOptions{Deterministic: true}).Marshal(&m); err != nil || !bytes.Equal(again, packed) {
		t.Errorf("%q: got %x, the generated code writes %x, %v", context, packed, again, err)
	}
	p := &parts{}
	p.packed[kindResource] = appendTexts(nil, resource.kind, resource.id)
	if got := p.conflictContext(&m); !sameJSON([]byte(context), got) {
		t.Errorf("%q came back as %s", context, got)
	}
}

// Eight bytes are looked at together: one of them must not hide behind the others.
func TestEveryByteOfAStringIsLookedAt(t *testing.T) {
	t.Parallel()
	for place := range 20 {
		for c := range 256 {
			text := `"` + strings.Repeat("a", place) + string([]byte{byte(c)}) + `bbb"` + strings.Repeat("x", 20)
			want := place + 6
			switch {
			case c == '"':
				want = place + 2
			case c < ' ', c >= utf8.RuneSelf:
				want = odd
			}
			if got := scanString(text, 0, true); got != want {
				t.Fatalf("%q ends at %d, want %d", text, got, want)
			}
		}
	}
}

// Ordinary bodies must not take the long way, which is eight times as long.
func TestOrdinaryBodiesAreNotOdd(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`{"type":"error","status":429,"code":"rate_limit_exceeded","message":"slow down"}`,
		`{"type":"error","context_info":{"conflicts":[{"type":"file","id":"1","name":"契約書"}]},"x":[true,null,12]}`,
		`{"type":"error","help_url":"http:\/\/developers.box.com\/docs\/#errors","message":"Not Found"}`,
	} {
		if !new(boxBody).scan(s) {
			t.Errorf("%s is odd", s)
		}
	}
	for _, s := range []string{
		`{"conflicts":[{"type":"file","id":"1","file_version":{"type":"file_version","id":"2","sha1":"a"},"sequence_id":"3","etag":"1","sha1":"a","name":"契約書"}]}`,
		`{"conflicts":{"type":"folder","id":"1","name":"Q3"}}`,
	} {
		var c conflict
		if c.scan(s, 0) != len(s) || !c.only || !c.hasItem || !c.lossless {
			t.Errorf("the conflict %s is not typed", s)
		}
	}
}
