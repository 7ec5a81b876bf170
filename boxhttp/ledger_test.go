// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Layers that do not know of each other multiply: 3 times 3 requests to an upstream that
// is down already. And what a caller is told must hold for all that the handler did: a
// write before the failure would be made twice.
func TestLedger(t *testing.T) {
	busy, throttled := reply(503, "unavailable"), reply(429, "rate_limit_exceeded", "Retry-After", "20")
	unavailable := func(outcome string, attempts int, again bool, pushback string) seen {
		return seen{codes.Unavailable, "UNAVAILABLE", outcome, attempts, again, pushback}
	}
	tooMany := func(outcome string, again bool, pushback string) seen {
		return seen{codes.ResourceExhausted, "RATE_LIMIT_EXCEEDED", outcome, 1, again, pushback}
	}
	tests := []struct {
		name, rpc string
		asks      string // requests of the handler, one letter each
		faults    map[string][]boxtest.Fault
		sent      int
		want      seen
	}{
		{"a read of a read-only RPC", "GetFile", "r", map[string][]boxtest.Fault{"r": {busy, busy, busy}}, 3, unavailable("NOT_APPLIED", 3, true, "-")},
		{"it passes", "GetFile", "r", map[string][]boxtest.Fault{"r": {busy, busy}}, 3, seen{}},
		{"a read of another RPC", "CreateFolder", "r", map[string][]boxtest.Fault{"r": {busy, busy, busy}}, 3, unavailable("NOT_APPLIED", 3, true, "-")},
		{"its only call is throttled", "CreateFolder", "w", map[string][]boxtest.Fault{"w": {throttled}}, 1, tooMany("NOT_APPLIED", true, "+")},
		{"read, then throttled", "CreateFolder", "rw", map[string][]boxtest.Fault{"w": {throttled}}, 2, tooMany("NOT_APPLIED", true, "+")},
		{"written, then throttled", "CreateFolder", "wr", map[string][]boxtest.Fault{"r": {throttled}}, 2, tooMany("PARTIAL", false, "-")},
		{"written, then busy", "CreateFolder", "wr", map[string][]boxtest.Fault{"r": {busy, busy, busy}}, 4, unavailable("PARTIAL", 3, false, "-")},
		{"written, then a write fails", "CreateFolder", "ww", map[string][]boxtest.Fault{"w": {{}, busy}}, 2, unavailable("UNKNOWN", 1, false, "-")},
		{"a write fails", "CreateFolder", "w", map[string][]boxtest.Fault{"w": {busy}}, 1, unavailable("UNKNOWN", 1, false, "-")},
		{"a write is lost", "CreateFolder", "w", map[string][]boxtest.Fault{"w": {{Reset: true}}}, 1, seen{codes.Unavailable, "CONNECTION_LOST", "UNKNOWN", 1, false, "-"}},
		{"a login, then throttled", "CreateFolder", "lw", map[string][]boxtest.Fault{"l": {{Status: 200}}, "w": {throttled}}, 2, tooMany("NOT_APPLIED", true, "+")},
		{"a delete that may have worked, then gone", "CreateFolder", "d", map[string][]boxtest.Fault{"d": {{Status: 503, Apply: true}}}, 2, seen{codes.NotFound, "NOT_FOUND", "UNKNOWN", 2, false, ""}},
	}
	asks := map[rune]struct{ method, path, body, key string }{
		'r': {"GET", "/folders/0", "", "r"},
		'w': {"POST", "/folders", `{"name":"a","parent":{"id":"0"}}`, "w"},
		'd': {"DELETE", "/folders/1", "", "d"},
		'l': {"POST", "/oauth2/token", "assertion=x", "l"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				for _, ask := range asks {
					pattern := ask.method + " " + strings.Replace(ask.path, "/1", "/{id}", 1)
					r.box.Script(pattern, tt.faults[ask.key]...)
				}
				deleted := r.box.AddFolder("0", "deleted")
				h := &handler{run: func(ctx context.Context) error {
					for _, letter := range tt.asks {
						ask := asks[letter]
						body := strings.Replace(ask.body, `"a"`, `"`+string(rune('a'+len(r.box.Requests())))+`"`, 1)
						if err := r.ask(ctx, ask.method, strings.Replace(ask.path, "/1", "/"+deleted, 1), body); err != nil {
							return err
						}
					}
					return nil
				}}
				got := r.serve(t, h).call(t.Context(), tt.rpc)
				if got != tt.want {
					t.Errorf("got  %+v\nwant %+v", got, tt.want)
				}
				r.checkRequests(t, tt.sent)
			})
		})
	}
}

// A caller that retries by itself owns the retries: three of its attempts are three
// requests, not nine.
func TestCallerThatRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.ScriptFunc("/", func(boxtest.Request) boxtest.Fault { return reply(503, "unavailable") })
		c := r.serve(t, &handler{run: func(ctx context.Context) error { return r.ask(ctx, "GET", "/folders/0", "") }})
		for n, want := range []int{3, 4, 5} {
			ctx := t.Context()
			if n > 0 {
				ctx = metadata.AppendToOutgoingContext(ctx, "grpc-previous-rpc-attempts", string(rune('0'+n)))
			}
			c.call(ctx, "GetFile")
			r.checkRequests(t, want)
		}
	})
}

// A body that goes once is the caller's to send again: it is told so.
func TestCallerOfABodyThatGoesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(429, "rate_limit_exceeded", "Retry-After", "2"))
		c := r.serve(t, &handler{run: func(ctx context.Context) error {
			return r.askWith(ctx, "POST", "/things", &slow{1, 0})
		}})
		if got := c.call(t.Context(), "CreateFolder"); !got.again || got.pushback != "+" {
			t.Errorf("got %+v", got)
		}
		r.checkRequests(t, 1)
	})
}

// Do around a request that boxhttp sends: one of them repeats, not both.
func TestDoAroundATransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.ScriptFunc("/", func(boxtest.Request) boxtest.Fault { return reply(503, "unavailable") })
		_, err := retry.Do(t.Context(), r.ctl, retry.Operation{Safety: retry.ReadOnly}, func(ctx context.Context) (int, error) {
			return 0, r.ask(ctx, "GET", "/folders/0", "")
		}, nil)
		if e, ok := translate.FromError(err); !ok || e.Attempts() != 3 {
			t.Errorf("got %v", err)
		}
		r.checkRequests(t, 3)
	})
}

// A refresh that asks for a token through the same client is none of the request's own
// attempts: what follows it is still known to be harmless.
func TestRefreshThroughTheSameClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		base := r.box.Client().Transport
		tokens := &http.Client{Transport: boxhttp.NewTransport(r.ctl, base)}
		r.client = &http.Client{Transport: signer{bearer("stale"), boxhttp.NewTransport(r.ctl, base, boxhttp.WithRefresh(func(req *http.Request) error {
			got := do(req.Context(), t, tokens, "POST", r.box.URL+"/oauth2/token", strings.NewReader("assertion=x"))
			var token struct {
				AccessToken string `json:"access_token"`
			}
			req.Header.Set("Authorization", "Bearer fresh")
			return json.Unmarshal([]byte(got.body), &token)
		}))}}
		r.box.Script("/things", expired, reply(429, "rate_limit_exceeded", "Retry-After", "20"))
		r.box.Script("/oauth2/token", boxtest.Fault{Status: 200, Body: `{"access_token":"fresh"}`})
		c := r.serve(t, &handler{run: func(ctx context.Context) error { return r.ask(ctx, "POST", "/things", "body") }})
		if got := c.call(t.Context(), "CreateFolder"); got.code != codes.ResourceExhausted || !got.again || got.pushback != "+" {
			t.Errorf("got %+v", got)
		}
		r.checkRequests(t, 3)
	})
}

// A write with If-Match is sent again, for it is done once at most. If the first one was
// done, the second meets another version: the caller must not read that nothing was.
func TestConditionalWriteThatWorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		id := r.box.AddFolder("0", "old")
		r.box.Script("PUT /folders/{id}", boxtest.Fault{Status: 503, Apply: true})
		r.client.Transport = signer{http.Header{"If-Match": {"0"}, "Authorization": {"Bearer token"}}, r.client.Transport}
		c := r.serve(t, &handler{run: func(ctx context.Context) error { return r.ask(ctx, "PUT", "/folders/"+id, `{"name":"new"}`) }})
		want := seen{codes.Aborted, "PRECONDITION_FAILED", "UNKNOWN", 2, false, "-"}
		if got := c.call(t.Context(), "CreateFolder"); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		r.checkRequests(t, 2)
	})
}
