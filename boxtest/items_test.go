// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"strings"
	"testing"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// step is one request of a story, and what its answer must be.
type step struct {
	request, body string
	wantStatus    int
	want          string // a part of the body
	header        []string
}

// tell sends the requests of a story one after the other, to a Box with
//
//	1001 Plans/
//	1002 Plans/garden.txt ("roses")
//	1003 Old/
func tell(t *testing.T, s *boxtest.Server, story []step) {
	t.Helper()
	s.AddFile(s.AddFolder("0", "Plans"), "garden.txt", []byte("roses"))
	s.AddFolder("0", "Old")
	for i, step := range story {
		resp := ask(t, s, step.request, step.body, step.header...)
		status, body := read(t, resp)
		if status != step.wantStatus || !strings.Contains(body, step.want) {
			t.Errorf("step %d: %s = %d %s, want %d with %s", i, step.request, status, body, step.wantStatus, step.want)
		}
		if resp.Header.Get("Box-Request-Id") == "" {
			t.Errorf("step %d: no Box-Request-Id", i)
		}
	}
}

// tellAll runs stories, each in a Box of its own.
func tellAll(t *testing.T, stories map[string][]step) {
	t.Helper()
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, newServer(t), story)
		})
	}
}

// What a test does to an item must show, and what Box refuses must leave no trace.
func TestChanges(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	tellAll(t, map[string][]step{
		"a file is renamed": {
			{"PUT /files/1002", `{"name":"b.txt"}`, 200, `"etag":"1","name":"b.txt"`, nil},
			{"GET /files/1002", "", 200, `"etag":"1","name":"b.txt"`, nil},
			{"GET /folders/1001/items", "", 200, `"name":"b.txt"`, nil},
		},
		"a file is moved": {
			{"PUT /files/1002", `{"parent":{"id":"1003"}}`, 200, `"etag":"1","name":"garden.txt"`, nil},
			{"GET /folders/1001/items", "", 200, `"total_count":0`, nil},
			{"GET /folders/1003/items", "", 200, `"id":"1002"`, nil},
		},
		"a folder is moved and renamed": {
			{"PUT /folders/1001", `{"name":"P","parent":{"id":"1003"}}`, 200, `"name":"P","parent":{"type":"folder","id":"1003"`, nil},
			{"GET /folders/1003", "", 200, `"item_collection":{"total_count":1,"entries":[{"type":"folder","id":"1001"`, nil},
			{"GET /files/1002", "", 200, `"name":"garden.txt"`, nil},
		},
		"a description": {
			{"PUT /files/1002", `{"description":"red"}`, 200, `"description":"red"`, nil},
			{"PUT /files/1002", `{"description":"red"}`, 200, `"etag":"1"`, nil}, // nothing has changed
			{"PUT /files/1002", `{"description":""}`, 200, `"etag":"2"`, nil},
		},
		"another case of its own name": {
			{"PUT /folders/1001", `{"name":"plans"}`, 200, `"name":"plans"`, nil},
		},
		"only that version": {
			{"PUT /files/1002", `{"name":"b"}`, 412, `"code":"precondition_failed"`, []string{"If-Match", "7"}},
			{"PUT /files/1002", `{"name":"b"}`, 200, `"etag":"1"`, []string{"If-Match", "0"}},
			{"PUT /files/1002", `{"name":"c"}`, 412, `"request_id":"`, []string{"If-Match", `"0"`}},
			{"PUT /files/1002", `{"name":"c"}`, 200, `"etag":"2"`, []string{"If-Match", "*"}},
			{"DELETE /files/1002", "", 412, `"code":"precondition_failed"`, []string{"If-Match", "1"}},
			{"GET /files/1002", "", 304, "", []string{"If-None-Match", "2"}},
			{"GET /files/1002", "", 200, "", []string{"If-None-Match", "1"}},
			{"DELETE /files/1002", "", 204, "", []string{"If-Match", "2"}},
		},
		"what cannot be": {
			{"PUT /folders/1003", `{"name":"PLANS"}`, 409, `"conflicts":[{"type":"folder","id":"1001"`, nil},
			{"PUT /files/1002", `{"name":"old","parent":{"id":"0"}}`, 409, `"conflicts":{"type":"folder","id":"1003"`, nil},
			{"PUT /folders/1001", `{"parent":{"id":"1001"}}`, 400, `"code":"cyclical_folder_structure"`, nil},
			{"PUT /folders/1003", `{"parent":{"id":"1001"}}`, 200, "", nil},
			{"PUT /folders/1001", `{"parent":{"id":"1003"}}`, 400, `"code":"cyclical_folder_structure"`, nil},
			{"PUT /folders/1001", `{"parent":{"id":"9"}}`, 404, `"code":"not_found"`, nil},
			{"PUT /folders/0", `{"name":"root"}`, 403, `"code":"access_denied_insufficient_permissions"`, nil},
			{"PUT /files/1002", `{"name":""}`, 400, `"reason":"missing_parameter","name":"name"`, nil},
			{"PUT /files/1002", `{"name":"` + long + `"}`, 400, `"code":"item_name_too_long"`, nil},
			{"PUT /files/1002", `{"name":"a/b"}`, 400, `"code":"item_name_invalid"`, nil},
			{"PUT /files/1002", `{"name":".."}`, 400, `"code":"item_name_invalid"`, nil},
			{"PUT /files/1002", `{"name":"a "}`, 400, `"code":"item_name_invalid"`, nil},
			{"PUT /files/1002", `{`, 400, `"code":"bad_request"`, nil},
			{"PUT /files/1001", `{}`, 404, `"code":"not_found"`, nil},
			{"GET /files/1002", "", 200, `"etag":"0","name":"garden.txt"`, nil},
		},
		"who am I": {
			{"GET /users/me", "", 200, `"id":"100"`, nil},
			{"GET /users/me", "", 200, `"id":"7"`, []string{"As-User", "7"}},
		},
		"an unclean path": {
			{"GET //users/me", "", 200, `"id":"100"`, nil}, // net/http redirects, and clients follow
		},
	})
}

// With Box, what is deleted can come back, and its name is free until then.
func TestTrash(t *testing.T) {
	t.Parallel()
	tellAll(t, map[string][]step{
		"a file": {
			{"DELETE /files/1002", "", 204, "", nil},
			{"GET /files/1002", "", 404, `"code":"trashed"`, nil},
			{"DELETE /files/1002", "", 404, `"code":"not_found"`, nil},
			{"GET /search?query=garden", "", 200, `"total_count":0`, nil},
			{"GET /folders/trash/items", "", 200, `"id":"1002","etag":"1","name":"garden.txt"`, nil},
			{"GET /files/1002/trash", "", 200, `"item_status":"trashed"`, nil},
			{"POST /files/1002", "", 201, `"item_status":"active"`, nil},
			{"GET /folders/trash/items", "", 200, `"total_count":0`, nil},
			{"GET /files/1002/content", "", 200, "roses", nil},
			{"GET /folders/1001/items", "", 200, `"id":"1002","etag":"2"`, nil},
		},
		"a folder and all in it": {
			{"DELETE /folders/1001", "", 400, `"code":"folder_not_empty"`, nil},
			{"DELETE /folders/1001?recursive=true", "", 204, "", nil},
			{"GET /files/1002", "", 404, `"code":"trashed"`, nil},
			{"POST /folders", `{"name":"a","parent":{"id":"1001"}}`, 404, `"code":"trashed"`, nil},
			{"GET /files/1002/trash", "", 404, `"code":"not_trashed"`, nil}, // its folder is
			{"GET /folders/trash/items", "", 200, `"total_count":1`, nil},
			{"POST /folders/1001", "", 201, `"name":"Plans"`, nil},
			{"GET /files/1002", "", 200, "", nil},
		},
		"for good": {
			{"DELETE /folders/1001/trash", "", 404, `"code":"not_trashed"`, nil},
			{"DELETE /folders/1001?recursive=true", "", 204, "", nil},
			{"DELETE /folders/1001/trash", "", 412, `"code":"precondition_failed"`, []string{"If-Match", "0"}},
			{"DELETE /folders/1001/trash", "", 204, "", nil},
			{"GET /folders/1001/trash", "", 404, `"code":"not_found"`, nil},
			{"GET /files/1002", "", 404, `"code":"not_found"`, nil},
			{"GET /folders/trash/items", "", 200, `"total_count":0`, nil},
		},
		"the name was taken meanwhile": {
			{"DELETE /folders/1003", "", 204, "", nil},
			{"POST /folders", `{"name":"Old","parent":{"id":"0"}}`, 201, "", nil},
			{"POST /folders/1003", "", 409, `"code":"item_name_in_use"`, nil},
			{"POST /folders/1003", `{"name":"Older"}`, 201, `"name":"Older"`, nil},
		},
		"its folder is gone": {
			{"DELETE /files/1002", "", 204, "", nil},
			{"DELETE /folders/1001", "", 204, "", nil},
			{"POST /files/1002", "", 404, `"code":"trashed"`, nil},
			{"DELETE /folders/1001/trash", "", 204, "", nil},
			{"POST /files/1002", "", 404, `"code":"not_found"`, nil},
			{"POST /files/1002", `{"parent":{"id":"0"}}`, 201, `"parent":{"type":"folder","id":"0"`, nil},
			{"GET /folders/0/items", "", 200, `"id":"1002"`, nil},
		},
		"the order": {
			{"DELETE /folders/1003", "", 204, "", nil},
			{"DELETE /files/1002", "", 204, "", nil},
			{"POST /folders", `{"name":"a","parent":{"id":"0"}}`, 201, "", nil},
			{"POST /folders", `{"name":"b","parent":{"id":"0"}}`, 201, "", nil},
			{"POST /folders", `{"name":"c","parent":{"id":"0"}}`, 201, "", nil},
			{"DELETE /folders/1006", "", 204, "", nil},
			{"DELETE /folders/1004", "", 204, "", nil},
			{"DELETE /folders/1005", "", 204, "", nil},
			{"GET /folders/trash/items?limit=1", "", 200, `"total_count":5,"entries":[{"type":"file","id":"1002"`, nil},
			{"GET /folders/trash/items?limit=1&offset=1", "", 200, `"id":"1003"`, nil},
			{"GET /folders/trash/items?limit=1&offset=2", "", 200, `"id":"1004"`, nil},
			{"GET /folders/trash/items?limit=1&offset=3", "", 200, `"id":"1005"`, nil},
		},
		"what is not there": {
			{"POST /files/1002", "", 404, `"code":"not_trashed"`, nil},
			{"POST /files/9", "", 404, `"code":"not_found"`, nil},
			{"DELETE /files/1002", "", 204, "", nil},
			{"POST /folders/1002", "", 404, `"code":"not_found"`, nil},
			{"POST /files/1002", "{", 400, `"code":"bad_request"`, nil},
		},
	})
}
