// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// full answers before it has read the upload.
var full http.HandlerFunc = func(w http.ResponseWriter, _ *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex() // else net/http waits for the whole body
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"type":"error","status":403,"code":"storage_limit_exceeded","message":"full"}`)
}

// begin starts an upload and sends its first messages.
func begin(ctx context.Context, t *testing.T, files filesv1.FileServiceClient, messages ...*filesv1.UploadFileRequest) uploadCall {
	t.Helper()
	stream, err := files.UploadFile(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if err := stream.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	return uploadCall{stream}
}

type uploadCall struct {
	filesv1.FileService_UploadFileClient
}

// outcome waits for the end of a call whose caller has not said its last word.
func (c uploadCall) outcome() error { return c.RecvMsg(new(filesv1.UploadFileResponse)) }

// checkNoLeak fails if an upload's goroutine is still there.
func checkNoLeak(t *testing.T) {
	t.Helper()
	synctest.Wait()
	var stacks bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stacks.String(), "(*client).upload") {
		t.Errorf("the upload goes on:\n%s", stacks.String())
	}
}

func TestUploadIsAnsweredEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := startInBubble(t, full)
		call := begin(t.Context(), t, files, uploadOf("0", "film.mp4"), uploadChunk([]byte("lights")))
		if err := call.outcome(); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("got %v", err)
		}
		checkNoLeak(t)
	})
}

// TestUploadIsAnsweredEarlyHTTP2: as Box speaks it. There, closing the answer waits
// for the request's body.
func TestUploadIsAnsweredEarlyHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(full)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	c := newClient(srv.URL, "token", retry.New(), srv.Client().Transport)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	call := begin(ctx, t, filesv1.NewFileServiceClient(dial(t, newServer(c))), uploadOf("0", "film.mp4"), uploadChunk([]byte("lights")))
	if err := call.outcome(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
}

func TestUploadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := new(boxtest.Server)
		files := startInBubble(t, box)
		ctx, cancel := context.WithCancel(t.Context())
		call := begin(ctx, t, files, uploadOf("0", "film.mp4"), uploadChunk([]byte("lights")))
		synctest.Wait() // Box has the beginning
		cancel()
		if err := call.outcome(); status.Code(err) != codes.Canceled {
			t.Errorf("got %v", err)
		}
		checkNoLeak(t)
		if n := len(box.Requests()); n != 1 {
			t.Errorf("Box got %d requests, want the one that broke off", n)
		}
		if got, err := pages(t.Context(), files, &filesv1.ListFolderRequest{FolderId: "0"}); len(got) > 0 || err != nil {
			t.Errorf("half a file was stored: %v, error %v", got, err)
		}
	})
}

// TestUploadIsNotAnswered: the caller has said all, Box says nothing.
func TestUploadIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := startInBubble(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := upload(ctx, files, "film.mp4", []byte("lights")); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
		checkNoLeak(t)
		_, err := upload(t.Context(), files, "film.mp4", []byte("lights")) // without a deadline
		if e, ok := translate.FromError(err); !ok || e.Reason() != "UPSTREAM_TIMEOUT" {
			t.Errorf("got %v", err)
		}
		checkNoLeak(t)
	})
}

// TestUploadBreaksItsRules: the caller's own mistakes are not Box's failures.
func TestUploadBreaksItsRules(t *testing.T) {
	tests := []struct {
		name     string
		messages []*filesv1.UploadFileRequest
		want     codes.Code
		field    string
	}{
		{"nothing", nil, codes.InvalidArgument, "metadata"},
		{"no metadata", []*filesv1.UploadFileRequest{uploadChunk([]byte("lights"))}, codes.InvalidArgument, "metadata"},
		{"no folder", []*filesv1.UploadFileRequest{uploadOf("", "a")}, codes.InvalidArgument, "metadata.folder_id"},
		{"metadata again", []*filesv1.UploadFileRequest{uploadOf("0", "a"), uploadOf("0", "b")}, codes.InvalidArgument, "metadata"},
		{"too long a message", []*filesv1.UploadFileRequest{uploadOf("0", "a"), uploadChunk(make([]byte, 5<<20))}, codes.ResourceExhausted, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, files := start(t)
			stream, err := files.UploadFile(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range tt.messages {
				_ = stream.Send(m) // the end of the call says what went wrong
			}
			_, err = stream.CloseAndRecv()
			if status.Code(err) != tt.want || strings.Join(violations(err), " ") != tt.field {
				t.Errorf("got %v, want %v for %q", err, tt.want, tt.field)
			}
		})
	}
}
