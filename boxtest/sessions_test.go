// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

func shaOf(content string) string {
	h := sha1.Sum([]byte(content))
	return "sha=" + base64.StdEncoding.EncodeToString(h[:])
}

// sendPart is the step that uploads a part of a file of ten bytes.
func sendPart(from int, content string, wantStatus int, want string) step {
	contentRange := fmt.Sprintf("bytes %d-%d/10", from, from+len(content)-1)
	return step{"PUT /files/upload_sessions/1004", content, wantStatus, want,
		[]string{"Content-Range", contentRange, "Digest", shaOf(content)}}
}

const (
	newSession = `{"folder_id":"1003","file_name":"digits","file_size":10}`
	allParts   = `{"parts":[{"part_id":"00000002","offset":4,"size":4},{"part_id":"00000001","offset":0,"size":4},{"part_id":"00000003","offset":8,"size":2}]}`
)

// committing is the step that makes ten digits a file.
func committing(wantStatus int, want string, header ...string) step {
	return step{"POST /files/upload_sessions/1004/commit", allParts, wantStatus, want,
		append([]string{"Digest", shaOf("0123456789")}, header...)}
}

func parts() []step {
	return []step{
		sendPart(0, "0123", 200, `"part":{"part_id":"00000001","offset":0,"size":4,"sha1":"`+sum("0123")),
		sendPart(8, "89", 200, ""),
		sendPart(4, "4567", 200, ""),
	}
}

// An upload in parts is the longest dialogue with Box: every step can fail, and the
// next one has to tell what is there.
func TestUploadSession(t *testing.T) {
	t.Parallel()
	begin := step{"POST /files/upload_sessions", newSession, 201, `"part_size":4,`, nil}
	stories := map[string][]step{
		"a file": append(append([]step{begin,
			{"GET /files/upload_sessions/1004", "", 200, `"num_parts_processed":0`, nil},
		}, parts()...),
			step{"GET /files/upload_sessions/1004", "", 200, `"num_parts_processed":3`, nil},
			step{"GET /files/upload_sessions/1004/parts?limit=2", "", 200, `"total_count":3,"entries":[{"part_id":"00000001"`, nil},
			committing(201, `"id":"1005","etag":"0","name":"digits","size":10,"sha1":"`+sum("0123456789")),
			step{"GET /files/1005/content", "", 200, "0123456789", nil},
			committing(404, `"code":"not_found"`),
		),
		"a version": append(append([]step{
			{"POST /files/1002/upload_sessions", `{"file_size":10}`, 201, `"total_parts":3`, nil},
		}, parts()...),
			committing(412, `"code":"precondition_failed"`, "If-Match", "3"),
			committing(201, `"id":"1002","etag":"1","name":"garden.txt","size":10`, "If-Match", "0"),
		),
		"a version of what is gone": append(append([]step{
			{"POST /files/1002/upload_sessions", `{"file_size":10}`, 201, "", nil},
			{"DELETE /files/1002", "", 204, "", nil},
		}, parts()...), committing(404, `"code":"trashed"`)),
		"parts that are none": {
			begin,
			sendPart(1, "1234", 416, ""),
			sendPart(0, "01234", 416, ""),
			sendPart(8, "890", 416, ""),
			sendPart(12, "0123", 416, ""),
			sendPart(0, "0123", 200, ""),
			sendPart(0, "0123", 409, `"code":"range_overlaps_existing_part"`),
			{"PUT /files/upload_sessions/1004", "4567", 400, `"code":"bad_digest"`, []string{"Content-Range", "bytes 4-7/10", "Digest", shaOf("other")}},
			{"PUT /files/upload_sessions/1004", "456", 400, `"name":"content-range"`, []string{"Content-Range", "bytes 4-7/10", "Digest", shaOf("456")}},
			{"PUT /files/upload_sessions/1004", "4567", 400, `"name":"content-range"`, []string{"Content-Range", "some", "Digest", shaOf("4567")}},
			{"PUT /files/upload_sessions/1004", "4567", 400, `"name":"digest"`, []string{"Content-Range", "bytes 4-7/10"}},
			{"PUT /files/upload_sessions/1004", "4567", 400, `"name":"digest"`, []string{"Content-Range", "bytes 4-7/10", "Digest", "sha=abc="}},
			{"PUT /files/upload_sessions/1004", "4567", 416, "", []string{"Content-Range", "bytes 4-7/11", "Digest", shaOf("4567")}},
			{"GET /files/upload_sessions/1004/parts", "", 200, `"total_count":1`, nil},
		},
		"commits that are none": append(append([]step{begin, committing(400, `"code":"parts_mismatch"`)}, parts()...),
			step{"POST /files/upload_sessions/1004/commit", allParts, 400, `"code":"bad_digest"`, []string{"Digest", shaOf("other")}},
			step{"POST /files/upload_sessions/1004/commit", allParts, 400, `"name":"digest"`, nil},
			step{"POST /files/upload_sessions/1004/commit", `{"parts":[]}`, 400, `"code":"parts_mismatch"`, []string{"Digest", shaOf("other")}},
			step{"POST /files/upload_sessions/1004/commit", strings.Replace(allParts, "00000003", "00000009", 1), 400, `"code":"parts_mismatch"`, []string{"Digest", shaOf("0123456789")}},
			step{"POST /files/upload_sessions/1004/commit", `{`, 400, `"code":"bad_request"`, nil},
			step{"POST /folders", `{"name":"digits","parent":{"id":"1003"}}`, 201, "", nil},
			committing(409, `"code":"item_name_in_use"`),
			step{"DELETE /folders/1005", "", 204, "", nil},
			committing(201, ""),
		),
		"a commit too early": {
			begin,
			sendPart(0, "0123", 200, ""),
			{"POST /files/upload_sessions/1004/commit", `{"parts":[{"part_id":"00000001","offset":0,"size":4}]}`, 400, `"code":"parts_mismatch"`, []string{"Digest", shaOf("0123")}},
		},
		"an end": {
			begin,
			{"DELETE /files/upload_sessions/1004", "", 204, "", nil},
			{"GET /files/upload_sessions/1004", "", 404, `"code":"not_found"`, nil},
			{"GET /files/upload_sessions/1004/parts", "", 404, `"code":"not_found"`, nil},
			{"DELETE /files/upload_sessions/1004", "", 404, `"code":"not_found"`, nil},
			sendPart(0, "0123", 404, `"code":"not_found"`),
		},
		"sessions that are none": {
			{"POST /files/upload_sessions", `{"folder_id":"0","file_name":"a","file_size":9}`, 400, `"code":"file_size_too_small"`, nil},
			{"POST /files/upload_sessions", `{"folder_id":"9","file_name":"a","file_size":10}`, 404, `"code":"not_found"`, nil},
			{"POST /files/upload_sessions", `{"folder_id":"0","file_size":10}`, 400, `"name":"file_name"`, nil},
			{"POST /files/upload_sessions", `{"folder_id":"0","file_name":"old","file_size":10}`, 409, `"conflicts":{"type":"folder","id":"1003"`, nil},
			{"POST /files/9/upload_sessions", `{"file_size":10}`, 404, `"code":"not_found"`, nil},
			{"POST /files/upload_sessions", `{`, 400, `"code":"bad_request"`, nil},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.Chunked(10, 4)
			tell(t, s, story)
		})
	}
}

// Without a word from the test, sizes are Box's.
func TestUploadSessionSizes(t *testing.T) {
	t.Parallel()
	tell(t, newServer(t), []step{
		{"POST /files/upload_sessions", `{"folder_id":"0","file_name":"a","file_size":19999999}`, 400, `"code":"file_size_too_small"`, nil},
		{"POST /files/upload_sessions", `{"folder_id":"0","file_name":"a","file_size":20000000}`, 201, `"part_size":8388608`, nil},
	})
}

// A commit that is not ready has to be sent again until it is.
func TestCommitIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t)
		s.Chunked(10, 4)
		s.ReadyAfter(time.Minute)
		tell(t, s, append(append([]step{{"POST /files/upload_sessions", newSession, 201, "", nil}}, parts()...), committing(202, "")))
		time.Sleep(30 * time.Second)
		last := committing(0, "")
		resp := ask(t, s, last.request, last.body, last.header...)
		if resp.StatusCode != 202 || resp.Header.Get("Retry-After") != "30" {
			t.Errorf("commit = %d, Retry-After %s, want 202, 30", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
		if r := s.Requests(); r[len(r)-1].Applied {
			t.Error("a commit that waits counts as applied")
		}
		time.Sleep(30 * time.Second)
		if status, _ := read(t, ask(t, s, last.request, last.body, last.header...)); status != 201 {
			t.Errorf("a minute after the first commit: %d, want 201", status)
		}
		if status, _ := call(t, s, "GET /files/1005/content", ""); status != 200 {
			t.Errorf("download = %d, want 200", status)
		}
	})
}

// Who comes back after a week has to begin anew.
func TestSessionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t)
		s.Chunked(10, 4)
		tell(t, s, []step{{"POST /files/upload_sessions", newSession, 201, "", nil}})
		time.Sleep(7*24*time.Hour - time.Second)
		if status, _ := call(t, s, "GET /files/upload_sessions/1004", ""); status != 200 {
			t.Errorf("before its end: %d, want 200", status)
		}
		time.Sleep(time.Second)
		if status, body := call(t, s, "GET /files/upload_sessions/1004", ""); status != 410 || !strings.Contains(body, "session_expired") {
			t.Errorf("after its end: %d %s, want 410 session_expired", status, body)
		}
	})
}

// Of a long file each part is checked, and the whole is what the commit says.
func TestLongUploadSession(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	size := boxtest.MaxKept + 1
	s.Chunked(1, int64(size))
	content := strings.Repeat("x", size)
	tell(t, s, []step{
		{"POST /files/upload_sessions", fmt.Sprintf(`{"folder_id":"0","file_name":"a","file_size":%d}`, size), 201, "", nil},
		{"PUT /files/upload_sessions/1004", content, 200, "", []string{"Content-Range", fmt.Sprintf("bytes 0-%d/%d", size-1, size), "Digest", shaOf(content)}},
		{"POST /files/upload_sessions/1004/commit", fmt.Sprintf(`{"parts":[{"part_id":"00000001","offset":0,"size":%d}]}`, size), 201,
			`"sha1":"` + sum(content), []string{"Digest", shaOf(content)}},
		{"GET /files/1005/content", "", 409, `"code":"content_not_kept"`, nil},
	})
}
