// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// A service that wraps comments needs all four verbs to be true to each other.
func TestComments(t *testing.T) {
	t.Parallel()
	const hello = `{"item":{"type":"file","id":"1002"},"message":"hello"}`
	tellAll(t, map[string][]step{
		"a life": {
			{"POST /comments", hello, 201, `"id":"1004","message":"hello"`, nil},
			{"GET /comments/1004", "", 200, `"message":"hello"`, nil},
			{"PUT /comments/1004", `{"message":"good bye"}`, 200, `"message":"good bye"`, nil},
			{"GET /files/1002/comments", "", 200, `"message":"good bye"`, nil},
			{"DELETE /comments/1004", "", 204, "", nil},
			{"GET /comments/1004", "", 404, `"code":"not_found"`, nil},
			{"GET /files/1002/comments", "", 200, `"total_count":0,"entries":[]`, nil},
		},
		"nothing said": {
			{"POST /comments", hello, 201, "", nil},
			{"PUT /comments/1004", `{"message":""}`, 400, `"name":"message"`, nil},
			{"PUT /comments/1004", `{`, 400, `"code":"bad_request"`, nil},
			{"PUT /comments/9", `{"message":"a"}`, 404, `"code":"not_found"`, nil},
			{"DELETE /comments/9", "", 404, `"code":"not_found"`, nil},
			{"GET /comments/1004", "", 200, `"message":"hello"`, nil},
		},
		"their file is in the trash": {
			{"POST /comments", hello, 201, "", nil},
			{"DELETE /files/1002", "", 204, "", nil},
			{"GET /comments/1004", "", 404, `"code":"not_found"`, nil},
			{"POST /comments", hello, 404, `"code":"trashed"`, nil},
		},
	})
}

// Whoever repeats a comment whose answer was lost meets this 409.
func TestSimilarComment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t)
		s.RefuseSimilar(time.Minute)
		const hello = `{"item":{"type":"file","id":"1002"},"message":"hello"}`
		tell(t, s, []step{
			{"POST /comments", hello, 201, "", nil},
			{"POST /comments", hello, 409, `"code":"recent_similar_comment"`, nil},
			{"POST /comments", hello, 201, "", []string{"As-User", "7"}},
			{"POST /comments", `{"item":{"type":"file","id":"1002"},"message":"hello!"}`, 201, "", nil},
		})
		time.Sleep(time.Minute)
		if status, _ := call(t, s, "POST /comments", hello); status != 201 {
			t.Errorf("a minute later: %d, want 201", status)
		}
	})
}

// An invitation that is repeated must meet what the first has made.
func TestCollaborations(t *testing.T) {
	t.Parallel()
	const invite = `{"item":{"type":"folder","id":"1001"},"accessible_by":{"type":"user","login":"a@box.test"},"role":"viewer"}`
	tellAll(t, map[string][]step{
		"a life": {
			{"POST /collaborations", invite, 201, `"id":"1004","item":{"type":"folder","id":"1001"}`, nil},
			{"POST /collaborations", invite, 400, `"code":"user_already_collaborator"`, nil},
			{"GET /collaborations/1004", "", 200, `"login":"a@box.test"},"role":"viewer","status":"accepted"`, nil},
			{"PUT /collaborations/1004", `{"role":"editor"}`, 200, `"role":"editor"`, nil},
			{"GET /folders/1001/collaborations", "", 200, `"total_count":1,"entries":[{"type":"collaboration","id":"1004"`, nil},
			{"GET /files/1002/collaborations", "", 200, `"total_count":0`, nil},
			{"DELETE /collaborations/1004", "", 204, "", nil},
			{"GET /collaborations/1004", "", 404, `"code":"not_found"`, nil},
			{"POST /collaborations", invite, 201, "", nil},
		},
		"of a file, by id": {
			{"POST /collaborations", `{"item":{"type":"file","id":"1002"},"accessible_by":{"type":"user","id":"7"},"role":"viewer"}`, 201, "", nil},
			{"POST /collaborations", `{"item":{"type":"file","id":"1002"},"accessible_by":{"type":"user","id":"8"},"role":"viewer"}`, 201, "", nil},
			{"POST /collaborations", `{"item":{"type":"folder","id":"1003"},"accessible_by":{"type":"user","id":"7"},"role":"viewer"}`, 201, "", nil},
			{"GET /files/1002/collaborations", "", 200, `"total_count":2`, nil},
		},
		"the folder goes": {
			{"POST /collaborations", invite, 201, "", nil},
			{"DELETE /folders/1001?recursive=true", "", 204, "", nil},
			{"GET /collaborations/1004", "", 404, `"code":"trashed"`, nil},
			{"DELETE /folders/1001/trash", "", 204, "", nil},
			{"GET /collaborations/1004", "", 404, `"code":"not_found"`, nil},
			{"DELETE /collaborations/1004", "", 404, `"code":"not_found"`, nil},
		},
		"what cannot be": {
			{"POST /collaborations", `{"item":{"type":"folder"}}`, 400, `"name":"accessible_by"`, nil},
			{"POST /collaborations", `{`, 400, `"code":"bad_request"`, nil},
			{"POST /collaborations", `{"item":{"id":"1001"},"accessible_by":{"id":"7"},"role":"viewer"}`, 400, `"code":"invalid_collaboration_item"`, nil},
			{"POST /collaborations", `{"item":{"type":"folder","id":"0"},"accessible_by":{"id":"7"},"role":"viewer"}`, 400, `"code":"collaborations_not_available_on_root_folder"`, nil},
			{"POST /collaborations", `{"item":{"type":"folder","id":"9"},"accessible_by":{"id":"7"},"role":"viewer"}`, 404, `"code":"not_found"`, nil},
			{"GET /folders/9/collaborations", "", 404, `"code":"not_found"`, nil},
			{"POST /collaborations", invite, 201, "", nil},
			{"PUT /collaborations/1004", `{"status":"accepted"}`, 400, `"code":"invalid_status"`, nil},
			{"PUT /collaborations/1004", `{}`, 400, `"name":"role"`, nil},
			{"PUT /collaborations/1004", `{`, 400, `"code":"bad_request"`, nil},
			{"PUT /collaborations/9", `{}`, 404, `"code":"not_found"`, nil},
		},
	})
}
