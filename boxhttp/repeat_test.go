// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// reply is a fault that answers.
func reply(status int, code string, header ...string) boxtest.Fault {
	f := boxtest.Error(status, code, "scripted")
	for i := 0; i < len(header); i += 2 {
		f = f.With(header[i], header[i+1])
	}
	return f
}

// What is sent again is what the documentation says: too little, and users see errors
// that would have passed; too much, and they get everything twice.
func TestWhatIsSentAgain(t *testing.T) {
	reset, unread := boxtest.Fault{Reset: true}, boxtest.Fault{ResetUnread: true}
	tests := []struct {
		name   string
		fault  boxtest.Fault
		again  string // methods
		header []string
	}{
		{"429", reply(429, "rate_limit_exceeded", "Retry-After", "2"), "GET PUT DELETE POST", nil},
		{"429 without a wait", reply(429, "rate_limit_exceeded"), "GET PUT DELETE POST", nil},
		{"blocked", reply(409, "operation_blocked_temporary"), "GET PUT DELETE POST", nil},
		{"500", reply(500, "internal_server_error"), "GET PUT DELETE", nil},
		{"502", boxtest.Fault{Status: 502, Body: "<html>"}, "GET PUT DELETE", nil},
		{"503", reply(503, "unavailable"), "GET PUT DELETE", nil},
		{"504", boxtest.Fault{Status: 504}, "GET PUT DELETE", nil},
		{"503 with a wait", reply(503, "unavailable", "Retry-After", "3"), "GET PUT DELETE", nil},
		{"503, If-Match", reply(503, "unavailable"), "GET PUT DELETE POST", []string{"If-Match", "0"}},
		{"reset", reset, "GET PUT DELETE", nil},
		{"reset, unread", unread, "GET PUT DELETE", nil},
		{"reset, If-Match", reset, "GET PUT DELETE POST", []string{"If-Match", "0"}},
		{"202", boxtest.Fault{Status: 202}.With("Retry-After", "2"), "GET PUT DELETE POST", nil},
		{"202 without a wait", boxtest.Fault{Status: 202}, "", nil},
		{"400", reply(400, "bad_request"), "", nil},
		{"401", reply(401, "unauthorized"), "", nil},
		{"403 and full", reply(403, "storage_limit_exceeded"), "", nil},
		{"404", reply(404, "not_found"), "", nil},
		{"409", reply(409, "item_name_in_use"), "", nil},
		{"412", reply(412, "precondition_failed"), "", []string{"If-Match", "7"}},
		{"507", reply(507, "insufficient_storage"), "", nil},
		{"501", reply(501, "not_implemented"), "", nil},
		{"too long a wait", reply(429, "rate_limit_exceeded", "Retry-After", "11"), "", nil},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "PUT", "DELETE", "POST"} {
			t.Run(tt.name+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, nil, nil)
					r.box.Script("/things", tt.fault, boxtest.Fault{Status: 299, Body: "done"})
					var body io.Reader
					if method == "PUT" || method == "POST" {
						body = strings.NewReader(`{"a":1}`)
					}
					got := r.do(t.Context(), t, method, "/things", body, tt.header...)
					if !strings.Contains(tt.again, method) {
						r.checkRequests(t, 1)
						return
					}
					r.checkRequests(t, 2)
					if got.status != 299 || got.body != "done" || got.err != nil {
						t.Errorf("got %+v, want the second answer", got)
					}
					checkSpacing(t, r.times(), tt.fault.Header.Get("Retry-After"), tt.name == "blocked")
				})
			})
		}
	}
}

// checkSpacing: never sooner than was asked, and not later than a tenth and the backoff.
func checkSpacing(t *testing.T, times []time.Duration, hint string, contended bool) {
	t.Helper()
	var least time.Duration
	if hint != "" {
		least, _ = time.ParseDuration(hint + "s")
	}
	if contended {
		least = time.Second
	}
	if gap := times[1] - times[0]; gap < least || gap > least+2*time.Second {
		t.Errorf("sent again after %v, want %v", gap, least)
	}
}

// All attempts fail: the caller of http.Client gets the upstream's own answer, and not an
// error in its place. Otherwise an SDK above would not find the error code.
func TestLastAnswerIsWhole(t *testing.T) {
	long := `{"type":"error","status":503,"code":"unavailable","message":"` + strings.Repeat("x", 200<<10) + `"}`
	tests := []struct {
		name  string
		fault boxtest.Fault
		body  string
	}{
		{"short", boxtest.Fault{Status: 503, Body: "<html>"}, "<html>"},
		{"none", boxtest.Fault{Status: 503}, ""},
		{"long", boxtest.Fault{Status: 503, Body: long}, long},
		{"64 KiB", boxtest.Fault{Status: 503, Body: long[:64<<10]}, long[:64<<10]},
		{"64 KiB and one", boxtest.Fault{Status: 503, Body: long[:64<<10+1]}, long[:64<<10+1]},
		{"gzip", boxtest.Fault{Status: 503, Body: long, Gzip: true}, long},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				last := tt.fault.With("X-Attempt", "3")
				r.box.Script("/things", tt.fault.With("X-Attempt", "1"), tt.fault.With("X-Attempt", "2"), last)
				got := r.do(t.Context(), t, "GET", "/things", nil)
				if got.err != nil || got.status != 503 || got.header.Get("X-Attempt") != "3" || got.body != tt.body {
					t.Errorf("got %d, attempt %s, %d bytes, error %v", got.status, got.header.Get("X-Attempt"), len(got.body), got.err)
				}
				r.checkRequests(t, 3)
			})
		})
	}
}

// What http.Client hands up can still be translated, and says where the request ended.
func TestAnswerTranslates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("/things", reply(409, "item_name_in_use"))
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.box.URL+"/things", newFolder("a"))
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Request.URL.Path != "/things" || resp.Request.Context().Err() != nil {
			t.Errorf("got request %v", resp.Request)
		}
		e, ok := translate.FromError(translate.Box.CheckResponse(resp))
		if !ok || e.Code() != codes.AlreadyExists || e.ErrorCode() != "item_name_in_use" {
			t.Errorf("got %v", e)
		}
	})
}

// Another upstream has another word for what may be sent again. Informatica starts a
// process by PUT as by POST: a second one would be a second process.
func TestOtherUpstreams(t *testing.T) {
	failed := `{"state":"Failed","errorSource":"/jobs/1","message":"boom","messageId":"KART30000-E"}`
	tests := []struct {
		name       string
		translator *translate.Translator
		method     string
		fault      boxtest.Fault
		want       int
	}{
		{"Informatica, PUT", translate.Informatica, "PUT", boxtest.Fault{Status: 503}, 1},
		{"Informatica, GET", translate.Informatica, "GET", boxtest.Fault{Status: 503}, 2},
		{"HTTP, PUT", translate.HTTP, "PUT", boxtest.Fault{Status: 503}, 2},
		{"HTTP, 202", translate.HTTP, "GET", boxtest.Fault{Status: 202}.With("Retry-After", "1"), 1},
		{"Hitachi, failed job", translate.Hitachi, "GET", boxtest.Fault{Status: 200, Body: failed}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, []boxhttp.Option{boxhttp.WithTranslator(tt.translator)})
				r.box.Script("/things", tt.fault, boxtest.Fault{Status: 200, Body: "done"})
				got := r.do(t.Context(), t, tt.method, "/things", nil)
				r.checkRequests(t, tt.want)
				if want := map[int]string{1: tt.fault.Body, 2: "done"}[tt.want]; got.body != want || got.err != nil {
					t.Errorf("got %+v, want body %q", got, want)
				}
			})
		})
	}
}

// A service that asks for one attempt gets one, and nothing waits.
func TestOneAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, retry.New(retry.WithMaxAttempts(1)), nil)
		r.box.Script("/things", reply(503, "unavailable"))
		if got := r.do(t.Context(), t, "GET", "/things", nil); got.status != 503 || got.took > 0 {
			t.Errorf("got %+v", got)
		}
		r.checkRequests(t, 1)
	})
}
