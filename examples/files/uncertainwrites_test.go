// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/retry"
)

// An uncertain write is an RPC of the example that changes something, called once by a
// caller that has nothing of boxgrpc.
type uncertain struct {
	name     string
	pattern  string // of Box's request
	look     string // of the first request that looks
	call     func(context.Context, filesv1.FileServiceClient) (id string, trailer metadata.MD, err error)
	list     string // where Box has it
	sign     string // of it in that list
	want     int    // how many there are in the end
	onlyOnce bool   // the service cannot send it a second time
}

func uncertainWrites() []uncertain {
	return []uncertain{
		{
			"CreateFolder", "POST /folders", "GET /folders/{id}/items", callUncertainCreate,
			"/folders/0/items", `"name":"reports"`, 1, false,
		},
		{
			"UploadFile", "POST /files/content", "GET /folders/{id}/items", callUncertainUpload,
			"/folders/0/items", `"name":"film.mp4"`, 1, true,
		},
		{
			"AddComment", "POST /comments", "GET /files/{id}/comments", callUncertainComment,
			"/files/1001/comments", `"message":"deeper"`, 1, false,
		},
		{
			"DeleteFolder", "DELETE /folders/{id}", "GET /folders/{id}", callUncertainDelete,
			"/folders/0/items", `"name":"drafts"`, 0, false,
		},
	}
}

func callUncertainCreate(ctx context.Context, c filesv1.FileServiceClient) (string, metadata.MD, error) {
	var trailer metadata.MD
	resp, err := c.CreateFolder(ctx, &filesv1.CreateFolderRequest{ParentId: "0", Name: "reports"}, grpc.Trailer(&trailer))
	return resp.GetFolder().GetId(), trailer, err
}

func callUncertainUpload(ctx context.Context, c filesv1.FileServiceClient) (string, metadata.MD, error) {
	stream, err := c.UploadFile(ctx)
	if err != nil {
		return "", nil, err
	}
	_ = stream.Send(uploadOf("0", "film.mp4"))
	_ = stream.Send(uploadChunk([]byte("lights")))
	resp, err := stream.CloseAndRecv()
	return resp.GetFile().GetId(), stream.Trailer(), err
}

func callUncertainComment(ctx context.Context, c filesv1.FileServiceClient) (string, metadata.MD, error) {
	var trailer metadata.MD
	resp, err := c.AddComment(ctx, &filesv1.AddCommentRequest{FileId: "1001", Message: "deeper"}, grpc.Trailer(&trailer))
	return resp.GetCommentId(), trailer, err
}

func callUncertainDelete(ctx context.Context, c filesv1.FileServiceClient) (string, metadata.MD, error) {
	var trailer metadata.MD
	_, err := c.DeleteFolder(ctx, &filesv1.DeleteFolderRequest{FolderId: "1002"}, grpc.Trailer(&trailer))
	return "", trailer, err
}

// uncertainStage is a Box with a file 1001 and a folder 1002, and the service before it.
// change may change the client first.
func uncertainStage(t *testing.T, change func(*client)) (*boxtest.Server, filesv1.FileServiceClient) {
	t.Helper()
	box := boxtest.NewInMemory()
	t.Cleanup(box.Close)
	t.Cleanup(box.Client().CloseIdleConnections)
	box.AddFile("0", "plan.txt", nil)
	box.AddFolder("0", "drafts")
	c := newClient(box.URL, "token", retry.New(), box.Client().Transport)
	if change != nil {
		change(c)
	}
	return box, filesv1.NewFileServiceClient(dial(t, newServer(c)))
}

// checkLeft fails the test unless Box has what it should have, once.
func checkLeft(t *testing.T, box *boxtest.Server, w uncertain, want int) {
	t.Helper()
	box.Reset()
	var list struct {
		Entries []struct{ Name, Message string }
	}
	c := &client{url: box.URL, http: &http.Client{Transport: signer{"token", box.Client().Transport}}, translator: newClient(box.URL, "", retry.New(), nil).translator}
	if err := c.getJSON(t.Context(), w.list, &list); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range list.Entries {
		if strings.Contains(`"name":"`+e.Name+`"`, w.sign) || strings.Contains(`"message":"`+e.Message+`"`, w.sign) {
			n++
		}
	}
	if n != want {
		t.Errorf("Box has it %d times, want %d", n, want)
	}
}

// checkUnknown fails the test unless the caller is told that nobody knows, and not to try
// again.
func checkUnknown(t *testing.T, err error, trailer metadata.MD) {
	t.Helper()
	got := newSeen(unary, err, trailer)
	if got.code != codes.Unavailable || got.outcome != boxgrpcv1.Outcome_OUTCOME_UNKNOWN || got.again || got.pushback != "-1" {
		t.Errorf("got %v, outcome %v, RetryInfo %t, pushback %q: %v", got.code, got.outcome, got.again, got.pushback, err)
	}
}
