// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// FuzzLookup gives a look-up any conflict and any answer. Whatever a proxy or a Box of
// tomorrow sends, the service must not crash, and must not take for its own what nobody
// has said that it made.
func FuzzLookup(f *testing.F) {
	stamp := `"created_at":"2026-01-02T03:04:05Z","created_by":{"id":"100"}`
	for _, seed := range [][2]string{
		{`{"context_info":{"conflicts":[{"type":"folder","id":"7","name":"a"}]}}`, `{"id":"7","type":"folder","name":"a",` + stamp + `}`},
		{`{"context_info":{"conflicts":{"type":"file","id":"7","name":"a"}}}`, `{"id":"7","sha1":"x",` + stamp + `}`},
		{`{"context_info":{"conflicts":[null,3,"",{}]}}`, `{"entries":[null,{"message":"a",` + stamp + `}],"total_count":1e9,"limit":1}`},
		{`{"context_info":null}`, `{"entries":[{"role":"a","accessible_by":null,"invite_email":"a"}],"next_marker":"m"}`},
		{``, `{"entries":[{"created_at":"yesterday"}],"total_count":-1,"limit":-9}`},
		{`[]`, `null`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, conflict, body []byte) {
		base := hook(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/users/me" {
				return response(req, 200, bytes.NewReader([]byte(`{"id":"100"}`))), nil
			}
			return response(req, 200, bytes.NewReader(body)), nil
		})
		l := boxhttp.NewLookup(&http.Client{Transport: base}, "http://box.test")
		err := translate.Box.Translate(translate.Answer{Method: "POST", Status: 409, Body: conflict})
		e, _ := translate.FromError(err)
		for i, reconcile := range []func(context.Context, *translate.Error) (json.RawMessage, bool, error){
			boxhttp.CreatedFolder[json.RawMessage](l, "0", "a"),
			boxhttp.UploadedFile[json.RawMessage](l, "0", "a", func() string { return "x" }),
			boxhttp.AddedComment[json.RawMessage](l, "1", "a"),
			boxhttp.AddedCollaboration[json.RawMessage](l, "/folders/1", "a", "a"),
			boxhttp.Deleted[json.RawMessage](l, "/folders/1"),
		} {
			// No write of unknown end was ever under way: whatever there is is not ours.
			if value, ours, err := reconcile(t.Context(), e); ours {
				t.Errorf("function %d: got %q, error %v", i, value, err)
			}
		}
		checkClaims(t, l, body)
	})
}

// checkClaims: within a write, only what has our user's id in it is ours.
func checkClaims(t *testing.T, l *boxhttp.Lookup, body []byte) {
	t.Helper()
	ctl := retry.New(retry.WithGate(nil), retry.WithMaxAttempts(1), retry.WithBackoff(time.Nanosecond, time.Nanosecond))
	_, err := retry.Do(t.Context(), ctl, retry.Operation{Safety: retry.SingleUpstreamCall}, func(context.Context) (json.RawMessage, error) {
		return nil, translate.Box.Translate(translate.Answer{Method: "POST", Status: 503})
	}, boxhttp.AddedComment[json.RawMessage](l, "1", "a"))
	if err == nil && !bytes.Contains(body, []byte("00")) { // 100, or an escape of it
		t.Errorf("%q was taken for ours", body)
	}
}
