// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// made is what the service reads of an item.
type made struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Entries []made `json:"entries"`
}

// A write is one of the writes that can be looked for.
type write struct {
	name    string
	pattern string // of its request
	safety  retry.Safety
	look    string // pattern of the look-up's first request
	request func(*rig) (method, path, contentType, body string)
	// what the reconcile function looks for
	reconcile func(*rig, *boxhttp.Lookup) func(context.Context, *translate.Error) (made, bool, error)
	left      func(*testing.T, *rig) int // how many there are in the end
	want      int
}

const (
	content = "lights, camera"
	message = "deeper"
)

// furniture is what the writes need: one file, and one folder to be deleted or shared.
func (r *rig) furnish() { r.box.AddFile("0", "plan.txt", nil); r.box.AddFolder("0", "old") }

const (
	fileID   = "1001"
	folderID = "1002"
)

func writes() []write {
	jsonWrite := func(method, path, body string) func(*rig) (string, string, string, string) {
		return func(*rig) (string, string, string, string) { return method, path, "application/json", body }
	}
	return []write{
		{
			"create folder", "POST /folders", retry.SingleUpstreamCall, "GET /folders/{id}/items",
			jsonWrite("POST", "/folders", `{"name":"reports","parent":{"id":"0"}}`),
			func(_ *rig, l *boxhttp.Lookup) func(context.Context, *translate.Error) (made, bool, error) {
				return boxhttp.CreatedFolder[made](l, "0", "reports")
			}, count("/folders/0/items", `"name":"reports"`), 1,
		},
		{
			"upload file", "POST /files/content", retry.SingleUpstreamCall, "GET /folders/{id}/items", uploadRequest,
			func(_ *rig, l *boxhttp.Lookup) func(context.Context, *translate.Error) (made, bool, error) {
				return boxhttp.UploadedFile[made](l, "0", "film.mp4", func() string {
					sum := sha1.Sum([]byte(content))
					return strings.ToUpper(hex.EncodeToString(sum[:]))
				})
			}, count("/folders/0/items", `"name":"film.mp4"`), 1,
		},
		{
			"delete folder", "DELETE /folders/{id}", retry.Idempotent, "GET /folders/{id}", jsonWrite("DELETE", "/folders/"+folderID, ""),
			func(_ *rig, l *boxhttp.Lookup) func(context.Context, *translate.Error) (made, bool, error) {
				return boxhttp.Deleted[made](l, "/folders/"+folderID)
			}, count("/folders/0/items", `"name":"old"`), 0,
		},
		{
			"add comment", "POST /comments", retry.SingleUpstreamCall, "GET /files/{id}/comments",
			jsonWrite("POST", "/comments", `{"message":"deeper","item":{"type":"file","id":"`+fileID+`"}}`),
			func(_ *rig, l *boxhttp.Lookup) func(context.Context, *translate.Error) (made, bool, error) {
				return boxhttp.AddedComment[made](l, fileID, message)
			}, count("/files/"+fileID+"/comments", `"type":"comment"`), 1,
		},
		{
			"add collaboration", "POST /collaborations", retry.SingleUpstreamCall, "GET /folders/{id}/collaborations",
			jsonWrite("POST", "/collaborations", `{"item":{"type":"folder","id":"`+folderID+`"},"accessible_by":{"type":"user","login":"a@b.test"},"role":"editor"}`),
			func(_ *rig, l *boxhttp.Lookup) func(context.Context, *translate.Error) (made, bool, error) {
				return boxhttp.AddedCollaboration[made](l, "/folders/"+folderID, "A@b.test", "editor")
			}, count("/folders/"+folderID+"/collaborations", `"role":"editor"`), 1,
		},
	}
}

func uploadRequest(*rig) (method, path, contentType, body string) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	_ = form.WriteField("attributes", `{"name":"film.mp4","parent":{"id":"0"}}`)
	file, _ := form.CreateFormFile("file", "film.mp4")
	_, _ = io.WriteString(file, content)
	_ = form.Close()
	return "POST", "/files/content", form.FormDataContentType(), b.String()
}

// count asks Box itself, beside all faults and counts.
func count(path, sign string) func(*testing.T, *rig) int {
	return func(t *testing.T, r *rig) int {
		t.Helper()
		r.box.Reset()
		plain := &http.Client{Transport: signer{bearer("token"), r.box.Client().Transport}}
		got := do(t.Context(), t, plain, "GET", r.box.URL+path, nil)
		if got.status != 200 {
			t.Fatalf("got %+v", got)
		}
		return strings.Count(got.body, sign)
	}
}

// once sends the write one time.
func (r *rig) once(ctx context.Context, w write) (made, error) {
	method, path, contentType, body := w.request(r)
	req, err := http.NewRequestWithContext(ctx, method, r.box.URL+path, strings.NewReader(body))
	if err != nil {
		return made{}, err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := r.client.Do(req)
	if err != nil {
		return made{}, translate.Box.TransportError(req, err)
	}
	defer resp.Body.Close()
	if err := translate.Box.CheckResponse(resp); err != nil {
		return made{}, err
	}
	var m made
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusNoContent {
		err = json.Unmarshal(data, &m)
	}
	if len(m.Entries) == 1 { // an upload
		m = m.Entries[0]
	}
	return m, translate.Box.TransportError(req, err)
}

// write writes as a service does, and looks where that is needed.
func (r *rig) write(ctx context.Context, w write) (made, error) {
	return retry.Do(ctx, r.ctl, retry.Operation{Name: w.name, Safety: w.safety},
		func(ctx context.Context) (made, error) { return r.once(ctx, w) },
		w.reconcile(r, r.lookup()))
}

// checkFailed fails the test unless err is what a caller must get where nobody knows what
// became of a write.
func checkFailed(t *testing.T, err error) {
	t.Helper()
	e, ok := translate.FromError(err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if code := e.Code(); code != codes.Unavailable && code != codes.Internal || e.Outcome() != boxgrpcv1.Outcome_OUTCOME_UNKNOWN {
		t.Errorf("got %v with %v: %v", code, e.Outcome(), err)
	}
	if _, again := e.RetryDelay(); again {
		t.Errorf("the caller is told to send it again: %v", err)
	}
}

func (r *rig) lookup() *boxhttp.Lookup { return boxhttp.NewLookup(r.client, r.box.URL+"/") }
