// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// serve sends a request without a connection.
func serve(s *boxtest.Server, request string) int {
	method, path, _ := strings.Cut(request, " ")
	req := httptest.NewRequest(method, path, http.NoBody)
	req.Header.Set("Authorization", "Bearer any")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	return w.Code
}

// A test that counts writes must not count those that were refused.
func TestRequestsTellWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Script("POST /folders",
		boxtest.Fault{},
		boxtest.Fault{}, // the name is in use by now
		boxtest.Fault{Status: 503},
		boxtest.Fault{Status: 202, Apply: true},
		boxtest.Fault{Status: 503, Apply: true}, // again in use
	)
	for _, name := range []string{"a", "a", "b", "b", "b"} {
		call(t, s, "POST /folders", `{"name":"`+name+`","parent":{"id":"0"}}`)
	}
	call(t, s, "GET /folders/0/items", "")
	var got []string
	for _, r := range s.Requests() {
		got = append(got, fmt.Sprint(r.Status, r.Applied))
	}
	const want = "[201 true 409 false 503 false 202 true 503 false 200 false]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

// A storm of half a million requests must not take half a gigabyte, nor lose count.
func TestKeepRequests(t *testing.T) {
	t.Parallel()
	for keep, want := range map[int]string{0: "[]", 1: "[/files/9]", 3: "[/files/7 /files/8 /files/9]", 99: "[/files/0 /files/1 /files/2 /files/3 /files/4 /files/5 /files/6 /files/7 /files/8 /files/9]"} {
		s := new(boxtest.Server)
		s.KeepRequests(keep)
		for i := range 10 {
			serve(s, fmt.Sprint("GET /files/", i))
		}
		paths := []string{}
		for _, r := range s.Requests() {
			paths = append(paths, r.Path)
		}
		if fmt.Sprint(paths) != want {
			t.Errorf("kept %v, want %v", paths, want)
		}
		if got := s.Count("GET /files/{id}"); got != 10 {
			t.Errorf("Count = %d, want 10", got)
		}
	}
}

// Count is how a test says "Box was asked once".
func TestCount(t *testing.T) {
	t.Parallel()
	s := new(boxtest.Server)
	for _, request := range []string{"GET /files/1", "GET /files/1", "DELETE /files/1", "GET /files/1/content"} {
		serve(s, request)
	}
	for pattern, want := range map[string]int{
		"/": 4, "GET /": 3, "GET /files/{id}": 2, "/files/1": 3, "example.com/": 4, "box.test/": 0, "POST /": 0,
	} {
		if got := s.Count(pattern); got != want {
			t.Errorf("Count(%q) = %d, want %d", pattern, got, want)
		}
	}
	s.Reset()
	if got := s.Count("/"); got != 0 {
		t.Errorf("after Reset Count = %d, want 0", got)
	}
}

// A soak test decides by chance; what it decides must hold as in Script.
func TestScriptFunc(t *testing.T) {
	t.Parallel()
	s := new(boxtest.Server)
	s.Script("GET /users/me", boxtest.Fault{Status: 500})
	s.ScriptFunc("GET /users/me", func(r boxtest.Request) boxtest.Fault {
		if r.Query.Get("fields") == "id" {
			return boxtest.Fault{}
		}
		return boxtest.Fault{Status: 400 + s.Count("/")} // it may call the server
	})
	s.ScriptFunc("/", func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Status: 418} })
	for i, tt := range []struct {
		request string
		want    int
	}{
		{"GET /users/me", 500}, {"GET /users/me", 402}, {"GET /users/me?fields=id", 200}, {"GET /search", 418}, {"GET /users/me", 405},
	} {
		if got := serve(s, tt.request); got != tt.want {
			t.Errorf("request %d, %s = %d, want %d", i, tt.request, got, tt.want)
		}
	}
	s.Reset()
	if got := serve(s, "GET /users/me"); got != 200 {
		t.Errorf("after Reset %d, want 200", got)
	}
}

// A mistake in a script must not pass for an answer of Box's.
func TestMistakesPanic(t *testing.T) {
	t.Parallel()
	s := new(boxtest.Server)
	s.ScriptFunc("GET /users/me", func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Delay: -1} })
	for want, mistake := range map[string]func(){
		"Delay":         func() { serve(s, "GET /users/me") },
		"KeepRequests":  func() { s.KeepRequests(-1) },
		"GET /{":        func() { s.Count("GET /{") },
		"ReadyAfter":    func() { s.ReadyAfter(-1) },
		"RefuseSimilar": func() { s.RefuseSimilar(-1) },
		"Chunked":       func() { s.Chunked(1, 0) },
		"minFile":       func() { s.Chunked(0, 1) },
		"size -1":       func() { s.AddGenerated("0", "a", -1) },
		"Limiter":       func() { s.Limit("/", boxtest.Limiter{}) },
		"quota":         func() { boxtest.Window(0, time.Second) },
		"period":        func() { boxtest.Window(1, 0) },
		"Bucket: rate":  func() { boxtest.Bucket(0, 1) },
		"Bucket: burst": func() { boxtest.Bucket(1, 0) },
		"penalty":       func() { boxtest.Penalty(1, 1, 0) },
	} {
		t.Run(want, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("panic = %q, want it to name %q", got, want)
				}
			}()
			mistake()
		})
	}
	if got := serve(s, "GET /search?query=a"); got != 200 {
		t.Errorf("afterwards %d, want 200: a panic has left a lock behind", got)
	}
}
