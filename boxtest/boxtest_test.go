// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"errors"
	"fmt"
	"io"
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
		if req.Body != http.NoBody {
			t.Errorf("the caller's request was changed: Body = %T", req.Body)
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

// Whoever breaks off in the middle has stored nothing, however much it looks whole.
func TestHalfRequestIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	contentType, upload := form(t, "attributes", `{"name":"b","parent":{"id":"0"}}`, "file", "half")
	for _, half := range []struct{ path, contentType, body string }{
		{"/folders", "application/json", newFolder},
		{"/files/content", contentType, upload},
	} {
		req := httptest.NewRequest(http.MethodPost, half.path, io.MultiReader(strings.NewReader(half.body), errorReader{}))
		req.Header.Set("Authorization", "Bearer any")
		req.Header.Set("Content-Type", half.contentType)
		s.ServeHTTP(httptest.NewRecorder(), req)
	}
	if _, body := call(t, s, "GET /folders/0/items", ""); !strings.Contains(body, `"total_count":0`) {
		t.Errorf("items = %s, want none", body)
	}
	for _, r := range s.Requests()[:2] {
		if r.Applied || r.BodyLen == 0 {
			t.Errorf("%s: Applied %t with %d bytes", r.Path, r.Applied, r.BodyLen)
		}
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
