// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	"github.com/boxgrpc/boxgrpc/translate"
)

// notFound is an error of Box's, as it comes out of a connection.
func notFound() error {
	body := `{"type":"error","status":404,"code":"not_found","message":"Not Found","request_id":"r"}`
	e, _ := translate.FromError(translate.Box.Translate(translate.Answer{Method: "GET", Status: 404, Body: []byte(body)}))
	return e.GRPCStatus().Err()
}

// answerTo is what a handler answers, without a server in between.
func answerTo(h runtime.ErrorHandlerFunc, err error, accept ...string) *answer {
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	r.Header["Accept"] = accept
	w := httptest.NewRecorder()
	h(r.Context(), nil, &runtime.JSONPb{}, w, r, err)
	return &answer{status: w.Code, header: w.Header(), body: w.Body.String()}
}

// A client that gets another form than it asked for cannot read the error.
func TestTheFormThatTheClientAsksFor(t *testing.T) {
	t.Parallel()
	const box, problem, rpc = gateway.MediaTypeJSON, gateway.MediaTypeProblem, gateway.MediaTypeStatus
	for _, tt := range []struct {
		accept string
		want   string // by default, and with the other default where that matters
		other  string
	}{
		{"", box, rpc},
		{"*/*", box, rpc},
		{"application/*", box, rpc},
		{"text/html", box, rpc}, // better than a 406
		{"text/html, */*;q=0.1", box, rpc},
		{"*", box, rpc}, // of some old clients
		{"application/json", box, box},
		{"Application/JSON; charset=utf-8", box, box},
		{"application/problem+json", problem, problem},
		{"application/vnd.boxgrpc.status+json", rpc, rpc},
		{"application/json, application/problem+json", problem, problem}, // json is for successes
		{"application/json, application/problem+json;q=0.9", box, box},
		{"application/problem+json;q=0.2, application/json;q=0.1", problem, problem},
		{"application/problem+json, */*", problem, problem},
		{"application/problem+json;q=0.1, */*", box, rpc},
		{"*/*;q=1, application/json;q=0", problem, rpc},
		{"application/*;q=0, */*", box, rpc},
		{"application/json;q=0", box, rpc},
		{"application/json;q=0.5;x=y, application/problem+json;q=.4", box, box},
		{"application/json;q=0.3, application/json;q=0.8, application/problem+json;q=0.5", box, box},
		{`text/x;a="b, application/problem+json, \", c", application/json`, box, box},
		{"application/problem+json;q=2", box, rpc}, // no weight: not read
		{"application/problem+json;q=NaN", box, rpc},
		{"application/problem+json;q=x, application/json", box, box},
		{",;, /,application/problem+json", problem, problem},
		{strings.Repeat("a/b,", 63) + problem, problem, problem},
		{strings.Repeat("a/b,", 64) + problem, box, rpc}, // a list without end
	} {
		for want, h := range map[string]runtime.ErrorHandlerFunc{
			"default " + tt.want: gateway.ErrorHandler(),
			"other " + tt.other:  gateway.ErrorHandler(gateway.WithDefault(rpc)),
		} {
			a := answerTo(h, notFound(), tt.accept)
			same(t, "form for "+tt.accept, want[:strings.Index(want, " ")+1]+form(t, a), want)
		}
	}
}

// form tells what a body is, whatever its Content-Type says, and complains where they
// differ.
func form(t *testing.T, a *answer) string {
	t.Helper()
	members, found := a.json(t), ""
	switch {
	case members["request_id"] == "r":
		found = gateway.MediaTypeJSON
	case members["title"] == "Not Found":
		found = gateway.MediaTypeProblem
	case members["details"] != nil:
		found = gateway.MediaTypeStatus
	}
	same(t, "Content-Type", a.header.Get("Content-Type"), found)
	return found
}

// A mistake in the wiring is found at start-up, with what is wrong and what is right.
func TestMistakesInTheWiring(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]func(){
		`gateway: WithDefault: "text/html" is none of application/json, application/problem+json, application/vnd.boxgrpc.status+json`: func() { gateway.WithDefault("text/html") },
		"gateway: an option is nil; leave it out": func() { gateway.Errors(nil) },
	} {
		func() {
			defer func() { same(t, "panic", recover(), any(want)) }()
			f()
		}()
	}
}

// Whatever a stranger sends in Accept, it gets an answer in one of the forms.
func FuzzAccept(f *testing.F) {
	f.Add("application/json;q=0.5, */*")
	f.Add(`a/b;c="\",d/e`)
	h, err := gateway.ErrorHandler(), notFound()
	f.Fuzz(func(t *testing.T, accept string) {
		a := answerTo(h, err, accept)
		same(t, "status", a.status, http.StatusNotFound)
		form(t, a)
	})
}

// Whatever a service sends as details, the client gets the status of the code, and JSON.
func FuzzDetails(f *testing.F) {
	f.Add(int32(5), "gone", "type.googleapis.com/google.rpc.RetryInfo", []byte{10, 0})
	f.Add(int32(14), "\xff", "type.googleapis.com/boxgrpc.v1.BoxError", []byte{10, 1, 'x'})
	f.Add(int32(14), "", "type.googleapis.com/google.rpc.ErrorInfo", []byte("\n\x01x\x12\x01y\x1a\x0e\n\x07outcome\x12\x03NOT"))
	h := gateway.ErrorHandler(gateway.WithUpstreamStatus())
	f.Fuzz(func(t *testing.T, code int32, message, url string, value []byte) {
		st := &spb.Status{Code: code, Message: message, Details: []*anypb.Any{{TypeUrl: url, Value: value}}}
		for _, accept := range []string{gateway.MediaTypeJSON, gateway.MediaTypeProblem, gateway.MediaTypeStatus} {
			a := answerTo(h, status.FromProto(st).Err(), accept)
			if a.status < 400 || a.status > 599 {
				t.Errorf("status %d", a.status)
			}
			if mediaType, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err != nil || mediaType != accept {
				t.Errorf("Content-Type %q for %s", mediaType, accept)
			}
			if !json.Valid([]byte(a.body)) {
				t.Errorf("no JSON: %q", a.body)
			}
		}
	})
}
