// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/translate"
)

// Stack traces and live sessions of the platform are gifts to an attacker.
func TestInformaticaSecrets(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		soap,
		`<Fault><detail><faultResponse><code>5ECRET</code><reason>5ECRET</reason></faultResponse>5ECRET</detail></Fault>`,
		`{"code":"X_1","message":"M","debugMessage":"5ECRET","icSessionId":"5ECRET","sessionId":"5ECRET"}`,
		`{"error":{"code":"X_1","message":"M","debugMessage":"5ECRET","details":[{"message":"D","debugMessage":"5ECRET"}]},"userInfo":{"sessionId":"5ECRET"}}`,
		`{"code":"X_1","message":"call with icSessionId=5ECRET failed"}`,
		`{"code":"X_1","message":"INFA-SESSION-ID: 5ECRET; retry","description":"<icSessionId>5ECRET</icSessionId>"}`,
		`{"faultInfo":{"code":"HTTP_401","reason":"{\"sessionId\":\"5ECRET\"}","detail":"{\"error\":{\"debugMessage\":\"at a.b(5ECRET)\"}}"}}`,
		`{"error":{"code":"X_1","message":"M","details":[{"code":"C","message":"{\\\"icSessionId\\\": \\\"5ECRET\\\"}"}]}}`,
		`{"error":"Authorization: Bearer 5ECRET"}`,
		string(fault("icSessionId=5ECRET", "https://u:5ECRET@h/p?token=5ECRET", "debugMessage: one\ntwo 5ECRET")),
		`<fault><code>X_1</code><debugMessage>5ECRET</debugMessage><icSessionId>5ECRET</icSessionId></fault>`,
		`<error><code>X_1</code><sessionId>5ECRET</sessionId></error>`,
		`<html><title>5ECRET</title></html>`,
		`{"token":"5ECRET"}`,
	} {
		e := mustError(t, translate.Informatica.Translate(informatica("POST", 500, []byte(body))))
		raw, err := proto.Marshal(e.GRPCStatus().Proto())
		if err != nil || strings.Contains(string(raw), "5ECRET") || strings.Contains(e.Error(), "5ECRET") {
			t.Errorf("%s: the secret leaves the service: %q, %v", body, raw, err)
		}
	}
}

// hang is no measure of speed, which a busy machine would spoil: work that grows with
// the square of a body takes longer.
const hang = 30 * time.Second

// A stranger's body must not stop the service that reads it.
func TestInformaticaBounds(t *testing.T) { //nolint:paralleltest // it measures memory
	const many = 60 << 10
	deep := func(n int) string {
		return "<fault><code>HTTP_404</code>" + strings.Repeat("<a>", n) + strings.Repeat("</a>", n) + "</fault>"
	}
	tests := []struct {
		situation, body string
		code            codes.Code
	}{
		{"XML as deep as it may be", deep(62), codes.NotFound},
		{"XML too deep", deep(64), codes.Internal},
		{"XML far too deep", deep(many / 7), codes.Internal},
		{"XML never closed", strings.Repeat("<a>", many/3), codes.Internal},
		{"XML with many elements", "<fault><code>HTTP_404</code>" + strings.Repeat("<a/>", many/5) + "</fault>", codes.Internal},
		{"XML with many attributes", "<fault" + strings.Repeat(` a:a="1"`, many/9) + "><code>HTTP_404</code></fault>", codes.NotFound},
		{"XML with many namespaces", "<fault" + strings.Repeat(` xmlns:a="1"`, many/12) + "><code>HTTP_404</code></fault>", codes.NotFound},
		{"entities in entities", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><fault><code>&b;</code></fault>`, codes.Internal},
		{"JSON too deep", `{"faultInfo":{"code":"HTTP_404","x":` + strings.Repeat("[", many/2) + strings.Repeat("]", many/2) + "}}", codes.Internal},
		{"JSON wrapped over and over", strings.Repeat(`{"error":`, 5000) + "1" + strings.Repeat("}", 5000), codes.Internal},
		{"JSON with many details", `{"faultInfo":{"code":"HTTP_404","details":[` + strings.Repeat(`{"code":"a"},`, many/14) + "{}]}}", codes.NotFound},
		{"more than is read", `{"faultInfo":{"code":"HTTP_404","detail":"` + strings.Repeat("x", 1<<20) + `"}}`, codes.Internal},
		{"long text", `{"faultInfo":{"code":"HTTP_404","detail":"` + strings.Repeat("debugMessag sessionid=", many/22) + `"}}`, codes.NotFound},
	}
	for _, tt := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		e := mustError(t, translate.Informatica.Translate(informatica("POST", 500, []byte(tt.body))))
		checkError(t, e)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; took > hang || used > 48<<20 {
			t.Errorf("%s: %v and %d bytes", tt.situation, took, used)
		}
		if e.Code() != tt.code {
			t.Errorf("%s: %v, want %v", tt.situation, e.Code(), tt.code)
		}
	}
}

// Whatever a stranger answers: no panic, no success, a legal reason, and a status
// that reaches the caller.
func FuzzTranslateInformatica(f *testing.F) {
	for _, b := range informaticaBodies {
		f.Add("POST", 500, "3", "application/xml", []byte(b.body))
	}
	f.Add("GET", 403, "", "text/xml; charset=shift_jis", []byte(`<?xml version="1.0" encoding="Shift_JIS"?><fault><code>`+"\x83\x41"+`</code></fault>`))
	f.Add("PUT", -1, "-5", ";", []byte(`{"id":1e400,"error":{"details":[{"code":{}}]}}`))
	f.Fuzz(func(t *testing.T, method string, status int, retryAfter, contentType string, body []byte) {
		err := translate.Informatica.Translate(informatica(method, status, body, "Retry-After", retryAfter, "Content-Type", contentType))
		if err == nil {
			if status >= 300 || status < 200 {
				t.Fatalf("HTTP %d is a success", status)
			}
			return
		}
		checkError(t, mustError(t, err))
	})
}
