// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A mistake at start-up is found at start-up, and named: not by the first user whose
// request meets a nil.
func TestPanics(t *testing.T) {
	tests := []struct {
		name string
		call func()
		want []string
	}{
		{"controller", func() { boxhttp.NewTransport(nil, nil) }, []string{"boxhttp: ", "retry.Controller", "retry.New()"}},
		{"timeout", func() { boxhttp.WithAttemptTimeout(-1) }, []string{"boxhttp: WithAttemptTimeout(-1ns)", "0 or more"}},
		{"translator", func() { boxhttp.WithTranslator(nil) }, []string{"boxhttp: WithTranslator", "nil"}},
		{"group", func() { boxhttp.WithGroup(nil) }, []string{"boxhttp: WithGroup", "nil"}},
		{"refresh", func() { boxhttp.WithRefresh(nil) }, []string{"boxhttp: WithRefresh", "nil"}},
		{"client", func() { boxhttp.NewLookup(nil, "https://api.box.com/2.0") }, []string{"boxhttp: NewLookup", "http.Client"}},
		{"URL", func() { boxhttp.NewLookup(http.DefaultClient, "/2.0") }, []string{"boxhttp: NewLookup", `"/2.0"`, "https://api.box.com/2.0"}},
		{"no URL", func() { boxhttp.NewLookup(http.DefaultClient, ":") }, []string{"boxhttp: NewLookup", `":"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				got := fmt.Sprint(recover())
				for _, want := range tt.want {
					if !strings.Contains(got, want) {
						t.Errorf("got panic %q, want %q in it", got, want)
					}
				}
			}()
			tt.call()
		})
	}
}

// A transport with a base of nil sends where net/http would.
func TestDefaultBase(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	http.DefaultTransport = hook(func(req *http.Request) (*http.Response, error) {
		return response(req, 200, strings.NewReader("done")), nil
	})
	if got := do(t.Context(), t, &http.Client{Transport: boxhttp.NewTransport(retry.New(), nil)}, "GET", "http://box.test", nil); got.body != "done" {
		t.Errorf("got %+v", got)
	}
}

// A transport below that returns an answer without a body is no reason to crash.
func TestAnswerWithoutABody(t *testing.T) {
	base := hook(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 204, Header: http.Header{}, Request: req}, nil
	})
	if got := do(t.Context(), t, &http.Client{Transport: boxhttp.NewTransport(retry.New(), base)}, "GET", "http://box.test", nil); got.status != 204 || got.err != nil {
		t.Errorf("got %+v", got)
	}
}
