// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package readme_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// An answer is what a row of the table says about Box.
type answer struct {
	methods []string
	answers []func(*http.Request) (*http.Response, error)
	ifMatch bool
}

// rows are the first cells of the table "What is sent again".
var rows = map[string]answer{
	"429":                               {methods: all, answers: one(429, "rate_limit_exceeded")},
	"409 `operation_blocked_temporary`": {methods: all, answers: one(409, "operation_blocked_temporary")},
	"a refused connection":              {methods: all, answers: []func(*http.Request) (*http.Response, error){refused}},
	"500, 502, 503, 504, a lost connection, on GET, PUT or DELETE": {methods: []string{"GET", "PUT", "DELETE"}, answers: outages},
	"the same on POST":                  {methods: []string{"POST"}, answers: outages},
	"the same on POST with `If-Match`":  {methods: []string{"POST"}, answers: outages, ifMatch: true},
	"202 with `Retry-After`":            {methods: all, answers: one(202, "")},
	"409 `item_name_in_use`, 400, 404":  {methods: all, answers: slices.Concat(one(409, "item_name_in_use"), one(400, "bad_request"), one(404, "not_found"))},
	"401":                               {methods: all, answers: one(401, "unauthorized")},
	"403 `storage_limit_exceeded`, 507": {methods: all, answers: slices.Concat(one(403, "storage_limit_exceeded"), one(507, ""))},
}

var (
	all     = []string{"GET", "PUT", "DELETE", "POST"}
	outages = slices.Concat(one(500, ""), one(502, ""), one(503, ""), one(504, ""),
		[]func(*http.Request) (*http.Response, error){lost})
)

func one(status int, code string) []func(*http.Request) (*http.Response, error) {
	return []func(*http.Request) (*http.Response, error){func(req *http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}
		if status == http.StatusAccepted {
			resp.Header.Set("Retry-After", "1")
		}
		if code != "" {
			resp.Body = io.NopCloser(strings.NewReader(`{"type":"error","code":"` + code + `"}`))
		}
		return resp, nil
	}}
}

func refused(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

func lost(*http.Request) (*http.Response, error) { return nil, syscall.ECONNRESET }

// The table is what somebody decides by who writes a handler: a "no" that is none is a
// folder made twice, a "yes" that is none an outage passed on.
func TestWhatIsSentAgain(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	cells := regexp.MustCompile(`(?m)^\| (.+) \| (yes|no) \| (yes|no) \| (yes|no) \| .+ \|$`).FindAllStringSubmatch(string(readme), -1)
	if len(cells) != len(rows) {
		t.Fatalf("the table has %d rows, the test knows %d", len(cells), len(rows))
	}
	doc, err := os.ReadFile("../../interceptors/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range cells {
		line := strings.Join([]string{strings.ReplaceAll(row[1], "`", ""), row[2], row[3], row[4]}, " ")
		if !strings.Contains(strings.Join(strings.Fields(string(doc)), " "), "// "+line+" //") {
			t.Errorf("go doc of interceptors has no line %q", line)
		}
		t.Run(row[1], func(t *testing.T) {
			a, ok := rows[row[1]]
			if !ok {
				t.Fatal("the test does not know this row")
			}
			for _, method := range a.methods {
				for _, answer := range a.answers {
					checkAgain(t, "boxhttp, "+method, row[2], func(ctx context.Context) int { return throughBoxhttp(ctx, t, a, method, answer) })
					checkAgain(t, "a declared handler, "+method, row[3], func(ctx context.Context) int {
						return handled(ctx, a, method, answer, filesv1.FileService_DeleteFolder_FullMethodName)
					})
					checkAgain(t, "any other handler, "+method, row[4], func(ctx context.Context) int {
						return handled(ctx, a, method, answer, filesv1.FileService_CreateFolder_FullMethodName)
					})
				}
			}
		})
	}
}

func checkAgain(t *testing.T, who, cell string, requests func(context.Context) int) {
	t.Helper()
	want := map[string]int{"yes": 3, "no": 1}[cell]
	synctest.Test(t, func(t *testing.T) {
		if got := requests(t.Context()); got != want {
			t.Errorf("%s: %d requests, want %d (%s)", who, got, want, cell)
		}
	})
}

// upstream always answers the same, and counts.
type upstream struct {
	answer   func(*http.Request) (*http.Response, error)
	requests int
}

func (u *upstream) RoundTrip(req *http.Request) (*http.Response, error) {
	u.requests++
	return u.answer(req)
}

func request(ctx context.Context, a answer, method string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, method, "http://box.test/folders", strings.NewReader("{}"))
	if err != nil {
		panic(err)
	}
	if a.ifMatch {
		req.Header.Set("If-Match", "1")
	}
	return req
}

func throughBoxhttp(ctx context.Context, t *testing.T, a answer, method string, answer func(*http.Request) (*http.Response, error)) int {
	t.Helper()
	u := &upstream{answer: answer}
	resp, err := boxhttp.NewTransport(retry.New(), u).RoundTrip(request(ctx, a, method))
	if err == nil {
		_ = resp.Body.Close()
	}
	return u.requests
}

// handled runs a handler that makes one request, without boxhttp.
func handled(ctx context.Context, a answer, method string, answer func(*http.Request) (*http.Response, error), rpc string) int {
	u := &upstream{answer: answer}
	handler := func(ctx context.Context, _ any) (any, error) {
		req := request(ctx, a, method)
		resp, err := u.RoundTrip(req)
		if err != nil {
			return nil, translate.Box.TransportError(req, err)
		}
		return nil, translate.Box.CheckResponse(resp)
	}
	_, err := interceptors.UnaryServerInterceptor(retry.New())(ctx, nil, &grpc.UnaryServerInfo{FullMethod: rpc}, handler)
	if err == nil {
		panic(errors.New("the RPC succeeded"))
	}
	return u.requests
}
