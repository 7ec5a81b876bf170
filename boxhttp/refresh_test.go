// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A refresher puts a token in, and notes when it was asked.
type refresher struct {
	asked int
	err   error
	takes time.Duration
}

func (f *refresher) refresh(req *http.Request) error {
	f.asked++
	<-time.After(f.takes)
	if f.err != nil {
		return f.err
	}
	req.Header.Set("Authorization", "Bearer fresh")
	return nil
}

// expired is what Box answers when an access token is too old.
var expired = boxtest.Fault{Status: 401}.With("WWW-Authenticate", `Bearer realm="Service", error="invalid_token"`).With("X-Which", "first")

// A token that expires in the midst of a day's work is renewed once, and no request is
// lost. A request that would go on and on with bad tokens locks the account.
func TestRefresh(t *testing.T) {
	tests := []struct {
		name    string
		refresh refresher
		faults  []boxtest.Fault
		status  int
		which   string
		sent    int
	}{
		{"works", refresher{}, []boxtest.Fault{expired, {Status: 200}}, 200, "", 2},
		{"works, slowly", refresher{takes: time.Minute}, []boxtest.Fault{expired, {Status: 200}}, 200, "", 2},
		{"fails", refresher{err: errors.New("no")}, []boxtest.Fault{expired}, 401, "first", 1},
		{"fails, slowly", refresher{err: errors.New("no"), takes: time.Minute}, []boxtest.Fault{expired}, 401, "first", 1},
		{"does not help", refresher{}, []boxtest.Fault{expired, expired.With("X-Which", "second")}, 401, "second", 2},
		{"then busy", refresher{}, []boxtest.Fault{expired, reply(429, "rate_limit_exceeded"), {Status: 200}}, 200, "", 3},
		{"busy first", refresher{}, []boxtest.Fault{reply(429, "rate_limit_exceeded"), expired, {Status: 200}}, 200, "", 3},
		{"not needed again", refresher{}, []boxtest.Fault{expired, reply(429, "rate_limit_exceeded"), expired}, 401, "first", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, []boxhttp.Option{boxhttp.WithRefresh(tt.refresh.refresh)})
				for i := range tt.faults {
					tt.faults[i].Body = "answer"
				}
				r.box.Script("/things", tt.faults...)
				got := r.do(t.Context(), t, "POST", "/things", strings.NewReader("body"))
				if got.status != tt.status || got.err != nil || got.body != "answer" || got.header.Get("X-Which") != tt.which {
					t.Errorf("got %+v", got)
				}
				r.checkRequests(t, tt.sent)
				if tt.refresh.asked != 1 {
					t.Errorf("asked for a token %d times", tt.refresh.asked)
				}
				for i, req := range r.box.Requests() {
					if req.BodyLen != 4 {
						t.Errorf("attempt %d had %d bytes", i+1, req.BodyLen)
					}
				}
				if last := r.box.Requests()[tt.sent-1].Header.Get("Authorization"); tt.sent > 1 && last != "Bearer fresh" {
					t.Errorf("the last attempt had the token %q", last)
				}
			})
		})
	}
}

// A login is never repeated: a JWT assertion is good for once, and Box locks out who
// sends it twice. Nor is what cannot be sent again, or had no token to renew.
func TestNoRefresh(t *testing.T) {
	tests := []struct {
		name, path string
		body       io.Reader
		token      string
	}{
		{"login", "/oauth2/token", strings.NewReader("assertion=x"), "t"},
		{"a body that goes once", "/things", &slow{1, 0}, "t"},
		{"no token", "/things", strings.NewReader("body"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f refresher
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				r.box.Script("/", expired)
				client := &http.Client{Transport: boxhttp.NewTransport(r.ctl, r.box.Client().Transport, boxhttp.WithRefresh(f.refresh))}
				var header []string
				if tt.token != "" {
					header = []string{"Authorization", "Bearer " + tt.token}
				}
				got := do(t.Context(), t, client, "POST", r.box.URL+tt.path, tt.body, header...)
				if got.status != 401 || f.asked != 0 {
					t.Errorf("got %+v, asked %d times", got, f.asked)
				}
				r.checkRequests(t, 1)
			})
		})
	}
}

// Whatever becomes of a login, it is sent once.
func TestLoginIsSentOnce(t *testing.T) {
	for _, f := range []boxtest.Fault{reply(429, "rate_limit_exceeded"), reply(503, "unavailable"), {Reset: true}, {Status: 202, Header: http.Header{"Retry-After": {"1"}}}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, nil)
			r.box.Script("/", f)
			r.do(t.Context(), t, "POST", "/oauth2/token", strings.NewReader("assertion=x"))
			r.checkRequests(t, 1)
		})
	}
}

// The gate knows a user by its token, or by the name that the service gives it: with
// tokens that rotate, only the name brings the 429 of one token home to the next.
func TestPrincipal(t *testing.T) {
	full := reply(429, "rate_limit_exceeded", "Retry-After", "60")
	tests := []struct {
		name          string
		first, second []string // headers
		key           [2]string
		held          bool
	}{
		{"the same token", []string{"Authorization", "a"}, []string{"Authorization", "a"}, [2]string{}, true},
		{"another token", []string{"Authorization", "a"}, []string{"Authorization", "b"}, [2]string{}, false},
		{"another user", []string{"Authorization", "a"}, []string{"Authorization", "a", "As-User", "7"}, [2]string{}, false},
		{"no token", nil, nil, [2]string{}, false},
		{"a rotated token", []string{"Authorization", "a"}, []string{"Authorization", "b"}, [2]string{"u", "u"}, true},
		{"no token, one name", nil, nil, [2]string{"u", "u"}, true},
		{"one token, two names", []string{"Authorization", "a"}, []string{"Authorization", "a"}, [2]string{"u", "v"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var events journal
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, retry.New(retry.WithObserver(events.observe)), nil)
				client := &http.Client{Transport: boxhttp.NewTransport(r.ctl, r.box.Client().Transport)}
				r.box.Script("/things", full, boxtest.Fault{Status: 200})
				do(retry.WithKey(t.Context(), tt.key[0]), t, client, "GET", r.box.URL+"/things", nil, tt.first...)
				got := do(retry.WithKey(t.Context(), tt.key[1]), t, client, "GET", r.box.URL+"/things", nil, tt.second...)
				if held := got.err != nil; held != tt.held {
					t.Errorf("held back: %t, want %t", held, tt.held)
				}
				if noKey := tt.first == nil && tt.key[0] == ""; events.has(retry.ReasonNoKey) != noKey {
					t.Errorf("told that there is no key: %t, want %t", !noKey, noKey)
				}
			})
		})
	}
}

// Another host is another limit, with the same token.
func TestPrincipalHasAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(429, "rate_limit_exceeded", "Retry-After", "60"), boxtest.Fault{Status: 200})
		r.do(t.Context(), t, "GET", "/things", nil)
		if got := do(t.Context(), t, r.client, "GET", "http://other.test/things", nil); got.status != 200 {
			t.Errorf("got %+v", got)
		}
	})
}
