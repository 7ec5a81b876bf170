// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/boxgrpc/boxgrpc/translate"
)

// The planted secret looks like a token, and in no other way than tokens do.
const secret = "s3cr3tT0kenQ8zXv41"

// leaks are the places in which upstreams, HTTP clients and handlers put secrets.
// The reason shows that the caller got the error all the same.
var leaks = map[string]struct {
	err    error
	reason string
}{
	"wrap text":          {fmt.Errorf("GET /files/1 with %s: %w", secret, box(http.MethodGet, 404, "not_found")), "NOT_FOUND"},
	"text of a sibling":  {errors.Join(errors.New(secret), box(http.MethodGet, 404, "not_found")), "NOT_FOUND"},
	"Set-Cookie":         {box(http.MethodGet, 404, "not_found", "Set-Cookie", "session="+secret), "NOT_FOUND"},
	"realm":              {upstream(translate.Box, http.MethodGet, 401, "", "WWW-Authenticate", `Bearer realm="`+secret+`", error="invalid_token"`), "INVALID_TOKEN"},
	"error_description":  {upstream(translate.Box, http.MethodGet, 401, "", "WWW-Authenticate", `Bearer error="invalid_token", error_description="`+secret+`"`), "INVALID_TOKEN"},
	"proxy's challenge":  {upstream(translate.Box, http.MethodGet, 407, "", "Proxy-Authenticate", `Basic realm="`+secret+`"`), "HTTP_407"},
	"signed Location":    {upstream(translate.HTTP, http.MethodGet, 302, "", "Location", "https://dl.example.com/f?sig="+secret), "HTTP_302"},
	"Location of Box":    {upstream(translate.Box, http.MethodPost, 307, "", "Location", "https://dl.example.com/f?sig="+secret), "HTTP_307"},
	"query of a URL":     {body(`"message":"cannot read https://dl.example.com/f?sig=` + secret + `#x now"`), "NOT_FOUND"},
	"user of a URL":      {body(`"message":"cannot read https://` + secret + `:pw@dl.example.com/f"`), "NOT_FOUND"},
	"query of help_url":  {body(`"help_url":"https://help.example.com/?t=` + secret + `"`), "NOT_FOUND"},
	"token in a message": {body(`"message":"bad header Authorization: Bearer ` + secret + `"`), "NOT_FOUND"},
	"access_token":       {body(`"access_token":"` + secret + `"`), "NOT_FOUND"},
	"access_token, deep": {body(`"context_info":{"a":[{"access_token":"` + secret + `"}]}`), "NOT_FOUND"},
	"refreshToken":       {body(`"refreshToken":"` + secret + `"`), "NOT_FOUND"},
	"debugMessage":       {body(`"debugMessage":"` + secret + `"`), "NOT_FOUND"},
	"field error": {body(`"context_info":{"errors":[{"reason":"r","name":"url","message":"https://dl.example.com/f?sig=` + secret + `"}]}`),
		"NOT_FOUND"},
	"raw body": {upstream(translate.Box.With(translate.WithRawBody()), http.MethodGet, 404,
		`{"code":"not_found","access_token":"`+secret+`"}`), "NOT_FOUND"},
	"URL of the request": {translate.HTTP.TransportError(nil, &url.Error{Op: "Get", URL: "https://api.box.com/?access_token=" + secret, Err: syscall.ECONNREFUSED}),
		"CONNECTION_REFUSED"},
	"service credentials": {upstream(translate.Box.With(translate.WithServiceCredentials()), http.MethodGet, 401,
		`{"code":"unauthorized","message":"app `+secret+` is disabled"}`), "UPSTREAM_CREDENTIALS"},
}

// body is a 404 of Box with one more member.
func body(member string) error {
	return upstream(translate.Box, http.MethodGet, 404, `{"type":"error","status":404,"code":"not_found","request_id":"req1",`+member+`}`)
}

// Rule 7. Whatever is in an answer goes to browsers, logs and support tickets of
// strangers. Each secret is looked for in every byte that leaves the service, as
// any HTTP/2 client gets them, and in what Go callers read.
func TestSecretsDoNotLeave(t *testing.T) {
	t.Parallel()
	for name, tt := range leaks {
		for _, method := range []string{readOnly, undeclared, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				t.Parallel()
				wire := onWire(t, headerThenFail(tt.err).serve(t), method).everything()
				if !strings.Contains(wire, tt.reason) {
					t.Fatalf("answer = %q, want the reason %s in it", wire, tt.reason)
				}
				encoded := base64.StdEncoding.EncodeToString([]byte(secret))
				for _, form := range []string{secret, strings.ToUpper(secret), encoded[:20]} {
					if strings.Contains(wire, form) {
						t.Errorf("answer = %q, want no %s in it", wire, form)
					}
				}
				f := factsOf(t, ask(t, failing(tt.err), method).err)
				if got := fmt.Sprintf("%+v", f); strings.Contains(got, secret) {
					t.Errorf("FromError = %s, want no %s in it", got, secret)
				}
			})
		}
	}
}
