// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// TestAnswers asks a Box with one folder and one file in it:
//
//	1001 Plans/
//	1002 Plans/garden.txt ("roses")
func TestAnswers(t *testing.T) {
	t.Parallel()
	const file = `"type":"file","id":"1002","etag":"0","name":"garden.txt","size":5,` +
		`"sha1":"456c19fd441c1a53f4ee7d3b4b70e52d43bd1c09",` +
		`"parent":{"type":"folder","id":"1001","etag":"0","name":"Plans"}`
	tests := map[string]struct {
		request, body string
		wantStatus    int
		want          []string // parts of the answer's body
	}{
		"file":                     {"GET /files/1002", "", 200, []string{file}},
		"file content":             {"GET /files/1002/content", "", 200, []string{"roses"}},
		"file that is a folder":    {"GET /files/1001", "", 404, []string{`"code":"not_found"`, `"type":"error"`}},
		"content of unknown file":  {"GET /files/9/content", "", 404, []string{`"code":"not_found"`}},
		"comments of unknown file": {"GET /files/9/comments", "", 404, []string{`"code":"not_found"`}},

		"items of the root":       {"GET /folders/0/items", "", 200, []string{`"total_count":1`, `"name":"Plans"`, `"offset":0,"limit":100`}},
		"items past the end":      {"GET /folders/0/items?offset=7&limit=5", "", 200, []string{`"entries":[],"offset":7,"limit":5`}},
		"items, no number":        {"GET /folders/0/items?limit=many", "", 400, []string{`"errors":[{"reason":"invalid_parameter","name":"limit"`}},
		"items, too many":         {"GET /folders/0/items?limit=1001", "", 400, []string{`"name":"limit"`}},
		"items of unknown folder": {"GET /folders/9/items", "", 404, []string{`"code":"not_found"`}},
		"items of a file":         {"GET /folders/1002/items", "", 404, []string{`"code":"not_found"`}},

		"new folder": {"POST /folders", `{"name":"New","parent":{"id":"1001"}}`, 201,
			[]string{`"type":"folder","id":"1003"`, `"name":"New"`, `"parent":{"type":"folder","id":"1001"`}},
		"new folder, name in use": {"POST /folders", `{"name":"plans","parent":{"id":"0"}}`, 409,
			[]string{`"code":"item_name_in_use"`, `"conflicts":[{"type":"folder","id":"1001"`}},
		"new folder, name in use elsewhere": {"POST /folders", `{"name":"Plans","parent":{"id":"1001"}}`, 201, nil},
		"new folder without a name": {"POST /folders", `{"name":"","parent":{"id":"0"}}`, 400,
			[]string{`"code":"bad_request"`, `"context_info":{"errors":[{"reason":"missing_parameter","name":"name"`}},
		"new folder in unknown folder": {"POST /folders", `{"name":"a","parent":{"id":"9"}}`, 404, []string{`"code":"not_found"`}},
		"new folder, not JSON":         {"POST /folders", `{`, 400, []string{`"code":"bad_request"`}},

		"delete non-empty":      {"DELETE /folders/1001", "", 400, []string{`"code":"folder_not_empty"`}},
		"delete recursively":    {"DELETE /folders/1001?recursive=true", "", 204, nil},
		"delete unknown folder": {"DELETE /folders/9", "", 404, []string{`"code":"not_found"`}},
		"delete the root":       {"DELETE /folders/0?recursive=true", "", 403, []string{`"code":"access_denied_insufficient_permissions"`}},

		"comment": {"POST /comments", `{"item":{"type":"file","id":"1002"},"message":"nice"}`, 201,
			[]string{`"type":"comment","id":"1003","message":"nice","item":{"type":"file","id":"1002"}`}},
		"comment without a message": {"POST /comments", `{"item":{"type":"file","id":"1002"}}`, 400,
			[]string{`"reason":"missing_parameter","name":"message"`}},
		"comment on unknown file": {"POST /comments", `{"item":{"type":"file","id":"9"},"message":"nice"}`, 404, []string{`"code":"not_found"`}},
		"comment on a folder":     {"POST /comments", `{"item":{"type":"folder","id":"1002"},"message":"nice"}`, 404, []string{`"code":"not_found"`}},

		"search finds below the root": {"GET /search?query=ARD", "", 200, []string{`"total_count":1`, file, `"limit":30`}},
		"search finds nothing":        {"GET /search?query=zzz", "", 200, []string{`"total_count":0,"entries":[]`}},
		"search, one at most":         {"GET /search?query=a&limit=1", "", 200, []string{`"total_count":2,"entries":[{"type":"folder"`, `"limit":1`}},
		"search for nothing":          {"GET /search", "", 400, []string{`"name":"query"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.AddFile(s.AddFolder("0", "Plans"), "garden.txt", []byte("roses"))
			status, body := call(t, s, tt.request, tt.body)
			if status != tt.wantStatus {
				t.Errorf("%s = %d %s, want %d", tt.request, status, body, tt.wantStatus)
			}
			for _, want := range tt.want {
				if !strings.Contains(body, want) {
					t.Errorf("%s = %s, want %s in it", tt.request, body, want)
				}
			}
		})
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, name := range []string{"a", "b", "c"} {
		s.AddFolder("0", name)
	}
	_, body := call(t, s, "GET /folders/0/items?offset=1&limit=1", "")
	if !strings.Contains(body, `"total_count":3`) || !strings.Contains(body, `"name":"b"`) ||
		strings.Contains(body, `"name":"a"`) || strings.Contains(body, `"name":"c"`) {
		t.Errorf("second page of one = %s, want b alone of 3", body)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	const attributes = `{"name":"a.txt","parent":{"id":"0"}}`
	tests := map[string]struct {
		parts      []string
		wantStatus int
		want       string
	}{
		"metadata first":        {[]string{"attributes", attributes, "file", "hello"}, 201, `"total_count":1`},
		"empty file":            {[]string{"attributes", attributes, "file", ""}, 201, `"size":0`},
		"metadata last":         {[]string{"file", "hello", "attributes", attributes}, 400, `"code":"metadata_after_file_contents"`},
		"no file":               {[]string{"attributes", attributes}, 400, `"reason":"missing_parameter","name":"file"`},
		"no name":               {[]string{"attributes", `{"parent":{"id":"0"}}`, "file", "hello"}, 400, `"reason":"missing_parameter","name":"name"`},
		"metadata not JSON":     {[]string{"attributes", "a.txt", "file", "hello"}, 400, `"code":"bad_request"`},
		"unknown folder":        {[]string{"attributes", `{"name":"a","parent":{"id":"9"}}`, "file", ""}, 404, `"code":"not_found"`},
		"name in use by a file": {[]string{"attributes", `{"name":"old","parent":{"id":"0"}}`, "file", "x"}, 409, `"conflicts":{"type":"file","id":"1001"`},
		"name in use by a folder": {[]string{"attributes", `{"name":"dir","parent":{"id":"0"}}`, "file", "x"}, 409,
			`"conflicts":{"type":"folder","id":"1002"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.AddFile("0", "old", []byte("was here"))
			s.AddFolder("0", "dir")
			contentType, form := form(t, tt.parts...)
			status, body := read(t, send(t, s, "POST /files/content", contentType, form))
			if status != tt.wantStatus || !strings.Contains(body, tt.want) {
				t.Errorf("upload = %d %s, want %d with %s", status, body, tt.wantStatus, tt.want)
			}
		})
	}
}

func TestUploadCanBeDownloaded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	want := strings.Repeat("0123456789", 1000) // more than net/http counts by itself
	contentType, form := form(t, "attributes", `{"name":"a","parent":{"id":"0"}}`, "file", want)
	read(t, send(t, s, "POST /files/content", contentType, form))
	resp := send(t, s, "GET /files/1001/content", "", "")
	if resp.ContentLength != int64(len(want)) {
		t.Errorf("Content-Length = %d, want %d", resp.ContentLength, len(want))
	}
	if _, got := read(t, resp); got != want {
		t.Errorf("got %d bytes, want the %d that went up", len(got), len(want))
	}
}

func TestCommentsAreKept(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.AddFile("0", "a", nil)
	s.Script("POST /comments", boxtest.Fault{Status: 500, Apply: true})
	for range 2 {
		call(t, s, "POST /comments", `{"item":{"type":"file","id":"`+id+`"},"message":"again"}`)
	}
	if _, body := call(t, s, "GET /files/"+id+"/comments", ""); !strings.Contains(body, `"total_count":2`) {
		t.Errorf("comments = %s, want 2", body)
	}
}

func TestDeleteTakesAllBelow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	top, beside := s.AddFolder("0", "top"), s.AddFolder("0", "beside")
	sub, file := s.AddFolder(top, "sub"), s.AddFile(top, "leaf", nil)
	deep := s.AddFile(sub, "leaf", nil)
	call(t, s, "DELETE /folders/"+top+"?recursive=true", "")
	for request, want := range map[string]int{
		"GET /folders/" + top + "/items":    404,
		"GET /files/" + file:                404,
		"GET /files/" + deep:                404,
		"GET /folders/" + sub + "/items":    404,
		"GET /folders/" + beside + "/items": 200,
	} {
		if status, _ := call(t, s, request, ""); status != want {
			t.Errorf("%s = %d, want %d", request, status, want)
		}
	}
	if _, body := call(t, s, "GET /folders/0/items", ""); !strings.Contains(body, `"total_count":1`) {
		t.Errorf("items = %s, want one", body)
	}
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Basic abc"} {
		s := newServer(t)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/folders/0/items", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", authorization)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		status, body := read(t, resp)
		if status != 401 || body != "" {
			t.Errorf("Authorization %q: %d %q, want 401 and no body", authorization, status, body)
		}
		if got := resp.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer realm="Service", error="invalid_token"`) {
			t.Errorf("Authorization %q: WWW-Authenticate = %q", authorization, got)
		}
		if resp.Header.Get("Box-Request-Id") == "" {
			t.Errorf("Authorization %q: no Box-Request-Id", authorization)
		}
	}
}

func TestUnknownPathHasNoBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, request := range []string{"GET /nowhere", "PATCH /folders", "GET /2.0/folders/0/items"} {
		if status, body := call(t, s, request, ""); status != 404 || body != "" {
			t.Errorf("%s = %d %q, want 404 and no body", request, status, body)
		}
	}
}
