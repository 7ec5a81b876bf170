// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/google/go-cmp/cmp"
)

// Without it somebody who asks a live service is shown less than its callers get, or
// something else.
func TestExplainALiveError(t *testing.T) {
	t.Parallel()
	address := serve(t, &service{}, reflected)
	page := asked(t, address, "-method", getFile, "-d", `{"file_id": "1"}`)
	wantPage(t, page)
	page = jitter.ReplaceAllString(page, "grpc-retry-pushback-ms: 30000 (gRPC libraries that retry do so after 30s)")
	golden := filepath.Join("testdata", "text", "live-error.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page); diff != "" {
		t.Errorf("run go test -update if this is meant (-want +got):\n%s", diff)
	}
	var r record
	if err := json.Unmarshal([]byte(asked(t, address, "-method", getFile, "-o", "json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.GRPCCode != "RESOURCE_EXHAUSTED" || r.Reason != "RATE_LIMIT_EXCEEDED" || r.RequestID != "abc" || !r.Retry.Allowed || r.RPC == nil {
		t.Fatalf("the record is %+v", r)
	}
	if got := r.RPC.Trailer["x-served-by"]; !cmp.Equal(got, []string{"here"}) {
		t.Errorf("trailer x-served-by = %q, want what the handler set", got)
	}
	if got := r.RPC.Trailer["x-raw-bin"]; !cmp.Equal(got, []string{"AAE"}) {
		t.Errorf("trailer x-raw-bin = %q, want base64", got)
	}
	if got := fromTrailer(t, r.RPC.Trailer["grpc-status-details-bin"][0]); got.Reason != r.Reason {
		t.Errorf("the trailer cannot be explained once more: %+v", got)
	}
}

// jitter is what a server adds to the wait that Box named.
var jitter = regexp.MustCompile(`grpc-retry-pushback-ms: 3\d{4} \(gRPC libraries that retry do so after 3\d(\.\d+)?s\)`)

// Without it a method of another kind hangs, or is shown as a failure.
func TestKindsOfRPCs(t *testing.T) {
	t.Parallel()
	address := serve(t, &service{}, reflected)
	tests := map[string]struct {
		args []string
		want []string
	}{
		"unary, success":             {[]string{"-method", getFile, "-d", `{"fileId":"ok"}`}, []string{"code OK", "callers get no error", `reply 1 {"file":{"id":"ok","name":"Pläne.txt"}}`, "header x-served-by: here", "header x-raw-bin: AAE"}},
		"unary, nothing given":       {[]string{"-method", getFile}, []string{"code RESOURCE_EXHAUSTED"}},
		"unary, empty":               {[]string{"-method", getFile, "-d", ""}, []string{"code RESOURCE_EXHAUSTED"}},
		"server stream":              {[]string{"-method", listFolder}, []string{"code RESOURCE_EXHAUSTED", `reply 10 {"items":[{"id":"7"}]}`, "replies 2 more"}},
		"client stream":              {[]string{"-method", uploadFile, "-d", "{} {}\n{}"}, []string{"code OK", `{"file":{"size":"3"}}`}},
		"client stream, nothing":     {[]string{"-method", uploadFile, "-d", ""}, []string{"code OK", `{"file":{}}`}},
		"both":                       {[]string{"-method", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "-d", `{"list_services":"*"} {"list_services":"*"}`}, []string{"reply 2", "files.v1.FileService"}},
		"status of somebody else":    {[]string{"-method", createFolder}, []string{"code UNIMPLEMENTED", "not one of boxgrpc's"}},
		"slash in front":             {[]string{"-method", "/" + getFile}, []string{"code RESOURCE_EXHAUSTED"}},
		"dot instead of a slash":     {[]string{"-method", strings.ReplaceAll(getFile, "/", ".")}, []string{"code RESOURCE_EXHAUSTED"}},
		"in the caller's language":   {[]string{"-method", getFile, "-lang", "ja"}, []string{`LocalizedMessage {"locale":"ja"`}},
		"request in a file":          {[]string{"-method", getFile, "-d", "@" + inFile(t, `{"file_id":"ok"}`)}, []string{"code OK"}},
		"pushback in words":          {[]string{"-method", getFile}, []string{"grpc-retry-pushback-ms: 3", "(gRPC libraries that retry do so after 3"}},
		"deadline before the wait":   {[]string{"-method", getFile, "-timeout", "20s"}, []string{"grpc-retry-pushback-ms: -1 (no gRPC library"}},
		"the reply of a deaf server": {[]string{"-method", getFile, "-timeout", "1ns", "-descriptors", descriptors(t)}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.want == nil {
				wantFailure(t, "cannot be reached", append([]string{"explain", "-target", address, "-plaintext"}, tt.args...)...)
				return
			}
			page := strings.Join(strings.Fields(asked(t, address, tt.args...)), " ")
			for _, want := range tt.want {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %q:\n%s", want, page)
				}
			}
		})
	}
	if exit, out, errOut := boxgrpc(t, `{"file_id":"ok"}`, "explain", "-target", address, "-plaintext", "-method", getFile, "-d", "@-"); exit != 0 || !strings.Contains(out, "OK") {
		t.Errorf("-d @-: exit status %d, %s%s", exit, out, errOut)
	}
}

// Without it a service that wants credentials cannot be asked, or its answer depends on
// a deadline that nobody told it.
func TestWhatTheServerIsTold(t *testing.T) {
	t.Parallel()
	s := &service{seen: make(chan metadata.MD, 1)}
	address := serve(t, s, reflected)
	file := inFile(t, "x-one: 1\r\nx-two: a: b\n")
	begun := time.Now()
	asked(t, address, "-method", getFile, "-H", "Authorization: Bearer s3cret", "-H", "x-raw-bin: AAE=", "-H", "@"+file, "-lang", "en", "-timeout", "1h")
	md := <-s.seen
	for name, want := range map[string]string{
		"authorization": "Bearer s3cret", "x-raw-bin": "\x00\x01", "x-one": "1", "x-two": "a: b", "accept-language": "en",
	} {
		if got := md.Get(name); !cmp.Equal(got, []string{want}) {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	stamp, _, _ := strings.Cut(md.Get("deadline")[0], " m=")
	deadline, err := time.Parse("2006-01-02 15:04:05 -0700 MST", stamp)
	if left := deadline.Sub(begun); err != nil || left < 59*time.Minute || left > 61*time.Minute {
		t.Errorf("the server has %v left, want an hour (%v)", left, err)
	}
	if len(md.Get("grpc-previous-rpc-attempts")) > 0 {
		t.Error("the RPC was sent again")
	}
	asked(t, address, "-method", getFile, "-H", "@"+pipe(t, "x-once: 1\n"))
	if got := (<-s.seen).Get("x-once"); !cmp.Equal(got, []string{"1"}) {
		t.Errorf("x-once out of a pipe = %q", got)
	}
}

// pipe is what @<(pass show token) names: it can be read once.
func pipe(t *testing.T, text string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if _, err := w.WriteString(text); err != nil || w.Close() != nil {
		t.Fatal("the pipe cannot be written", err)
	}
	return fmt.Sprintf("/dev/fd/%d", r.Fd())
}

// Without it a token that was given on the command line ends up in somebody's terminal,
// log or ticket.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	address := serve(t, &service{}, reflected)
	file := inFile(t, "s3cret")
	target := []string{"explain", "-target", address, "-plaintext", "-method", getFile}
	for name, args := range map[string][]string{
		"page":            append(target, "-H", "authorization: s3cret"),
		"json":            append(target, "-o", "json", "-H", "authorization: s3cret"),
		"name forgotten":  append(target, "-H", "s3cret"),
		"colon within":    append(target, "-H", "Bearer s3cret: x"),
		"flag forgotten":  append(target, "authorization: s3cret"),
		"glued":           append(target, "-Hauthorization: s3cret"),
		"in the address":  {"explain", "-target", "http://me:s3cret@127.0.0.1:1", "-plaintext", "-method", getFile},
		"only a value":    append(target, "-H", ": s3cret"),
		"not base64":      append(target, "-H", "x-bin: s3cret!"),
		"illegal name":    append(target, "-H", "ä: s3cret"),
		"illegal value":   append(target, "-H", "x-a: s3cret\x01"),
		"in a file":       append(target, "-H", "@"+file),
		"unreachable":     {"explain", "-target", "127.0.0.1:1", "-plaintext", "-method", getFile, "-H", "a: s3cret"},
		"without target":  {"explain", "-H", "a: s3cret"},
		"other mistake":   append(target, "-H", "a: s3cret", "-o", "xml"),
		"service config":  {"service-config", "-target", address, "-plaintext", "-H", "a: s3cret"},
		"and its mistake": {"service-config", "-H", "s3cret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, out, errOut := boxgrpc(t, "", args...)
			if strings.Contains(out+errOut, "s3cret") || out+errOut == "" {
				t.Errorf("%s%s", out, errOut)
			}
		})
	}
}

// Without it somebody waits for a repeat that never comes: gRPC libraries obey no pushback
// that is there twice, as behind two layers that each add one.
func TestTwoPushbacks(t *testing.T) {
	t.Parallel()
	for _, values := range [][]string{{"1", "2"}, {"1"}} {
		var p page
		(&rpcPart{Trailer: map[string][]string{pushbackKey: values}}).rows(&p)
		if got := strings.Contains(p.String(), "do so after"); got != (len(values) == 1) {
			t.Errorf("%q:\n%s", values, p.String())
		}
	}
}
