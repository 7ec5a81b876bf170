// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

func newServer(t *testing.T) *boxtest.Server {
	t.Helper()
	s := boxtest.NewServer()
	t.Cleanup(s.Close)
	return s
}

// send sends a request such as "GET /files/1" and returns the answer with its body
// unread. Safe to call from any goroutine.
func send(t *testing.T, s *boxtest.Server, request, contentType, body string) *http.Response {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Errorf("%s: %v", request, err)
		return &http.Response{Body: http.NoBody}
	}
	req.Header.Set("Authorization", "Bearer any")
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("%s: %v", request, err)
		return &http.Response{Body: http.NoBody}
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// read returns the status and the whole body.
func read(t *testing.T, resp *http.Response) (int, string) {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("body: %v", err)
	}
	return resp.StatusCode, string(body)
}

// call sends JSON and returns the status and the body.
func call(t *testing.T, s *boxtest.Server, request, body string) (int, string) {
	t.Helper()
	return read(t, send(t, s, request, "application/json", body))
}

// form writes a multipart body of name and value pairs.
func form(t *testing.T, parts ...string) (contentType, body string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for pair := range slices.Chunk(parts, 2) {
		if err := w.WriteField(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), buf.String()
}

func TestAddFileCopiesContent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	content := []byte("before")
	id := s.AddFile("0", "a", content)
	copy(content, "after!")
	if _, got := call(t, s, "GET /files/"+id+"/content", ""); got != "before" {
		t.Errorf("content = %q, want before", got)
	}
}

func TestAddPanicsOnMistakes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	file := s.AddFile("0", "taken", nil)
	for name, add := range map[string]func() string{
		"unknown parent": func() string { return s.AddFolder("9", "a") },
		"parent a file":  func() string { return s.AddFolder(file, "a") },
		"name in use":    func() string { return s.AddFile("0", "taken", nil) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "boxtest: ") {
					t.Errorf("%s: panic = %q, want one of boxtest", name, got)
				}
			}()
			add()
		}()
	}
	s.AddFolder("0", "free") // the panics have left no lock behind
}

func TestRequestsTellWhatArrived(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Script("/", boxtest.Fault{Status: 500})
	before := time.Now()
	call(t, s, "POST /comments?fields=id", "12345")
	got := s.Requests()
	if len(got) != 1 {
		t.Fatalf("%d requests, want 1", len(got))
	}
	r := got[0]
	if r.Method != "POST" || r.Path != "/comments" || r.Query.Get("fields") != "id" || r.BodyLen != 5 ||
		r.Header.Get("Authorization") != "Bearer any" || r.Time.Before(before) || r.Time.After(time.Now()) {
		t.Errorf("request = %+v", r)
	}
	s.Reset()
	if got := s.Requests(); len(got) != 0 {
		t.Errorf("after Reset %d requests, want 0", len(got))
	}
}

func TestZeroServerInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(boxtest.Server)
		defer s.Close()
		id := s.AddFile("0", "a", []byte("x"))
		req := httptest.NewRequest(http.MethodGet, "/files/"+id+"/content", nil)
		req.Header.Set("Authorization", "bearer any")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		if w.Code != 200 || w.Body.String() != "x" {
			t.Errorf("answer = %d %q, want 200 x", w.Code, w.Body)
		}
		if got := s.Requests()[0].Time; !got.Equal(time.Now()) {
			t.Errorf("Time = %v, want the bubble's %v", got, time.Now())
		}
	})
}

func TestCloseEndsTheServer(t *testing.T) {
	t.Parallel()
	s := boxtest.NewServer()
	call(t, s, "GET /folders/0/items", "")
	s.Close()
	if resp, err := http.Get(s.URL + "/folders/0/items"); err == nil {
		_ = resp.Body.Close()
		t.Errorf("after Close got %s, want no answer", resp.Status)
	}
}

func TestHalfRequestUsesUpNoFault(t *testing.T) {
	t.Parallel()
	s := new(boxtest.Server)
	s.Script("/", boxtest.Fault{Status: 503})
	body := io.MultiReader(strings.NewReader("half"), errorReader{})
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/folders", body))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/folders", strings.NewReader("whole")))
	if got := s.Requests(); w.Code != 503 || len(got) != 2 || got[0].BodyLen != 4 {
		t.Errorf("second answer = %d after %d requests, want the 503 after 2", w.Code, len(got))
	}
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const callers, faults = 40, 10
	s := newServer(t)
	s.Script("POST /folders", slices.Repeat([]boxtest.Fault{{Status: 503}}, faults)...)
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			status, _ := call(t, s, "POST /folders", `{"name":"same","parent":{"id":"0"}}`)
			s.AddFolder("0", fmt.Sprint("own ", i))
			_ = s.Requests()
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	wg.Wait()
	if got[503] != faults || got[201] != 1 || got[409] != callers-faults-1 {
		t.Errorf("statuses = %v, want %d of 503, one 201, else 409", got, faults)
	}
	if _, body := call(t, s, "GET /folders/0/items", ""); !strings.Contains(body, `"total_count":41`) {
		t.Errorf("items = %s, want 41", body)
	}
	if n := len(s.Requests()); n != callers+1 {
		t.Errorf("%d requests, want %d", n, callers+1)
	}
}
