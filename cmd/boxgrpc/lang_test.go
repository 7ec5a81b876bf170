// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Without it nobody can see what a person at a Japanese screen is told.
func TestExplainInALanguage(t *testing.T) {
	t.Parallel()
	const in = "HTTP/2 404\n\n" + trashed
	tests := map[string]struct {
		lang   []string
		locale string
	}{
		"none":     {nil, ""},
		"English":  {[]string{"-lang", "en"}, "en"},
		"Japanese": {[]string{"-lang", "ja"}, "ja"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errOut := boxgrpc(t, in, append([]string{"explain", "-o", "json"}, tt.lang...)...)
			var r record
			if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
				t.Fatalf("exit status %d, %v, %s", status, err, errOut)
			}
			if (r.Localized != nil) != (tt.locale != "") || slices.Contains(r.Details, "google.rpc.LocalizedMessage") != (tt.locale != "") {
				t.Errorf("localized = %v, details = %v, want locale %q", r.Localized, r.Details, tt.locale)
			}
			if r.Localized != nil && (r.Localized.Locale != tt.locale || r.Localized.Message == "") {
				t.Errorf("localized = %v, want locale %q", *r.Localized, tt.locale)
			}
		})
	}
	if _, out, _ := boxgrpc(t, `{"status":404}`, "explain", "-jsonl", "-lang", "ja"); !strings.Contains(out, `"locale":"ja"`) {
		t.Errorf("-jsonl forgets the language: %s", out)
	}
	if status, _, errOut := boxgrpc(t, in, "explain", "-lang", "fr"); status != 2 || !strings.Contains(errOut, "en, ja") {
		t.Errorf("-lang fr: exit status %d, %q", status, errOut)
	}
}

// Without it the other upstreams of a service stay a riddle.
func TestExplainOtherUpstreams(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ upstream, in, want string }{
		"failed job under 200": {"hitachi", `HTTP/1.1 200 OK

{"status":"Completed","state":"Failed","error":{"messageId":"KART30000-E","errorCode":{"SSB1":"2e11","SSB2":"2209"}}}`, "RESOURCE_EXHAUSTED KART30000_E ssb=2E11,2209"},
		"fault of a third system": {"informatica", `HTTP/1.1 500 Oops

{"faultInfo":{"code":"HTTP_404","reason":"Not Found","detail":"gone"}}`, "NOT_FOUND HTTP_404 innerStatus=404"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, out, errOut := boxgrpc(t, tt.in, "explain", "-upstream", tt.upstream, "-method", "post", "-o", "json")
			var r record
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatal(err, errOut)
			}
			key, value, _ := strings.Cut(strings.Fields(tt.want)[2], "=")
			if got := r.GRPCCode + " " + r.Reason + " " + key + "=" + r.Metadata[key]; got != tt.want {
				t.Errorf("explain = %s, want %s (%s)", got, tt.want, value)
			}
		})
	}
}
