// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// TestRedirect: Box sends downloads to another host, which must not get the token.
func TestRedirect(t *testing.T) {
	tokens := make(chan []string, 1)
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens <- r.Header.Values("Authorization")
		_, _ = w.Write([]byte("dig here"))
	}))
	defer store.Close()
	box, files := start(t)
	elsewhere := strings.Replace(store.URL, "127.0.0.1", "localhost", 1)
	box.Script("GET /files/{id}/content", boxtest.Fault{Status: 302}.With("Location", elsewhere+"/blob"))
	got, err := download(t.Context(), files, "1")
	if err != nil || string(got) != "dig here" {
		t.Fatalf("got %q and error %v", got, err)
	}
	if got := <-tokens; got != nil {
		t.Errorf("another host got %q", got)
	}
	if got := box.Requests()[0].Header.Get("Authorization"); got != "Bearer token" {
		t.Errorf("Box got %q", got)
	}
}

// TestDownloadBreaksOff: chunks that came stay, and the error follows.
func TestDownloadBreaksOff(t *testing.T) {
	box, files := start(t)
	id := box.AddFile("0", "film.mp4", bytes.Repeat([]byte("x"), 3*chunkSize))
	box.Script("GET /files/{id}/content", boxtest.Fault{CutAfter: 2 * chunkSize})
	got, err := download(t.Context(), files, id)
	if len(got) != 2*chunkSize || status.Code(err) != codes.Unavailable {
		t.Errorf("got %d bytes and %v", len(got), err)
	}
}

// TestUnreadableAnswer: a success that is no JSON shows nothing of itself.
func TestUnreadableAnswer(t *testing.T) {
	box, files := start(t)
	for _, body := range []string{"", "<html>secret</html>", `{"name":1}`, `[]`} {
		box.Script("GET /files/{id}", boxtest.Fault{Status: 200, Body: body})
		_, err := files.GetFile(t.Context(), &filesv1.GetFileRequest{FileId: "1"})
		if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "json") {
			t.Errorf("body %q: got %v", body, err)
		}
	}
	box.Script("POST /files/content", boxtest.Fault{Status: 201, Body: `{"entries":[]}`})
	if _, err := upload(t.Context(), files, "a"); status.Code(err) != codes.Internal {
		t.Errorf("an upload without an entry: got %v", err)
	}
}

func TestNextPage(t *testing.T) {
	tests := []struct {
		page   page
		offset int64
		want   int64
		more   bool
	}{
		{page{TotalCount: 5, Limit: 2, Entries: make([]item, 2)}, 0, 2, true},
		{page{TotalCount: 5, Limit: 2, Entries: make([]item, 1)}, 4, 6, false},
		{page{TotalCount: 5, Limit: 2}, 2, 4, true},
		{page{TotalCount: 5, Entries: make([]item, 3)}, 0, 3, true},
		{page{TotalCount: 5}, 0, 0, false}, // a list that does not move ends
		{page{TotalCount: 5, Limit: -3}, 4, 4, false},
		{page{}, 0, 0, false},
	}
	for _, tt := range tests {
		if got, more := tt.page.next(tt.offset); got != tt.want || more != tt.more {
			t.Errorf("%+v at %d: got %d, %t; want %d, %t", tt.page, tt.offset, got, more, tt.want, tt.more)
		}
	}
}
