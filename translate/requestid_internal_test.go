// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"
	"strings"
	"testing"
)

// A ledger asks each request that failed for its id. Most of them are repeated and never
// shown, and building what callers would see is what costs most about an error.
func TestARequestIDBuildsNothing(t *testing.T) {
	t.Parallel()
	own := New(Upstream{Domain: "example.com", RequestIDHeader: "Box-Request-Id"})
	tests := map[string]struct {
		t      *Translator
		status int
		body   string
		want   string
	}{
		"read to decide":       {Box, 409, `{"code":"conflict","request_id":"body"}`, "body"},
		"read to be shown":     {Box, 503, `{"request_id":"body"}`, "body"},
		"too long to be short": {Box, 503, `{"request_id":"body"}` + strings.Repeat(" ", int(shortText)), "body"},
		"only in the header":   {Box, 503, `{}`, "header"},
		"no id":                {Box, 503, `{"request_id":"a b\u0000"}`, "header"},
		"of another upstream":  {own, 503, `{}`, "header"},
	}
	for name, tt := range tests {
		h := http.Header{"Box-Request-Id": {"header"}}
		e := tt.t.Translate(Answer{Method: http.MethodGet, Status: tt.status, Header: h, Body: []byte(tt.body)}).(*Error) //nolint:errorlint // Translate wraps nothing
		if got := e.RequestID(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if e.parts.Load() != nil {
			t.Errorf("%s: the error was built", name)
		}
		if got := e.built().request(); got != tt.want {
			t.Errorf("%s: %q once it is built, want %q", name, got, tt.want)
		}
	}
}
