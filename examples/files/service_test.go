// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

func TestFile(t *testing.T) {
	box, files := start(t)
	id := box.AddFile("0", "plan.txt", []byte("dig here"))
	got, err := files.GetFile(t.Context(), &filesv1.GetFileRequest{FileId: id})
	if err != nil {
		t.Fatal(err)
	}
	want := &filesv1.File{
		Id: id, Name: "plan.txt", Size: 8, FolderId: "0",
		Sha1: "86db518b87de663a04f619314b2521a3d7c4ae3e",
	}
	if diff := cmp.Diff(want, got.GetFile(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestUploadAndDownload(t *testing.T) {
	_, files := start(t)
	for _, size := range []int{0, 1, chunkSize, 3*chunkSize + 7} {
		want := bytes.Repeat([]byte("lights, camera. "), size/16+1)[:size]
		file, err := upload(t.Context(), files, "film.mp4"+string(rune('a'+size%26)), slices.Collect(slices.Chunk(want, 50_000))...)
		if err != nil {
			t.Fatal(err)
		}
		if file.GetSize() != int64(size) {
			t.Errorf("got a file of %d bytes, want %d", file.GetSize(), size)
		}
		got, err := download(t.Context(), files, file.GetId())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %d bytes and error %v, want the %d bytes of the upload", len(got), err, size)
		}
	}
}

func upload(ctx context.Context, files filesv1.FileServiceClient, name string, chunks ...[]byte) (*filesv1.File, error) {
	stream, err := files.UploadFile(ctx)
	if err != nil {
		return nil, err
	}
	_ = stream.Send(uploadOf("0", name))
	for _, chunk := range chunks {
		_ = stream.Send(uploadChunk(chunk))
	}
	resp, err := stream.CloseAndRecv()
	return resp.GetFile(), err
}

func uploadOf(folderID, name string) *filesv1.UploadFileRequest {
	return &filesv1.UploadFileRequest{Part: &filesv1.UploadFileRequest_Metadata{
		Metadata: &filesv1.UploadFileMetadata{FolderId: folderID, Name: name}}}
}

func uploadChunk(chunk []byte) *filesv1.UploadFileRequest {
	return &filesv1.UploadFileRequest{Part: &filesv1.UploadFileRequest_Chunk{Chunk: chunk}}
}

func download(ctx context.Context, files filesv1.FileServiceClient, id string) ([]byte, error) {
	stream, err := files.DownloadFile(ctx, &filesv1.DownloadFileRequest{FileId: id})
	var content []byte
	for err == nil {
		var resp *filesv1.DownloadFileResponse
		resp, err = stream.Recv()
		content = append(content, resp.GetChunk()...)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return content, err
}

func TestFolders(t *testing.T) {
	box, files := start(t)
	made, err := files.CreateFolder(t.Context(), &filesv1.CreateFolderRequest{ParentId: "0", Name: "drafts"})
	if err != nil {
		t.Fatal(err)
	}
	folder := made.GetFolder()
	if folder.GetName() != "drafts" || folder.GetKind() != filesv1.ItemKind_ITEM_KIND_FOLDER {
		t.Errorf("got %v", folder)
	}
	box.AddFile(folder.GetId(), "a.txt", nil)
	request := &filesv1.DeleteFolderRequest{FolderId: folder.GetId()}
	if _, err = files.DeleteFolder(t.Context(), request); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a folder that is not empty: got %v", err)
	}
	request.Recursive = true
	if _, err = files.DeleteFolder(t.Context(), request); err != nil {
		t.Error(err)
	}
	if _, err = files.DeleteFolder(t.Context(), request); status.Code(err) != codes.NotFound {
		t.Errorf("a folder that is gone: got %v", err)
	}
}

func TestListFolder(t *testing.T) {
	box, files := start(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		box.AddFile("0", name, nil)
	}
	empty := box.AddFolder("0", "f")
	tests := []struct {
		folder string
		size   int32
		want   []int
	}{
		{"0", 2, []int{2, 2, 2}},
		{"0", 4, []int{4, 2}},
		{"0", 0, []int{6}},
		{empty, 2, nil},
	}
	for _, tt := range tests {
		got, err := pages(t.Context(), files, &filesv1.ListFolderRequest{FolderId: tt.folder, PageSize: tt.size})
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("folder %s by %d: error %v, %s", tt.folder, tt.size, err, diff)
		}
	}
}

// pages returns how many items the messages have.
func pages(ctx context.Context, files filesv1.FileServiceClient, req *filesv1.ListFolderRequest) ([]int, error) {
	stream, err := files.ListFolder(ctx, req)
	if err != nil {
		return nil, err
	}
	var lengths []int
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return lengths, nil
		}
		if err != nil {
			return lengths, err
		}
		lengths = append(lengths, len(resp.GetItems()))
	}
}

// TestShortPages: Box leaves out what the token may not see.
func TestShortPages(t *testing.T) {
	box, files := start(t)
	short := func(body string) boxtest.Fault { return boxtest.Fault{Status: 200, Body: body} }
	box.Script("GET /folders/{id}/items",
		short(`{"total_count":5,"limit":2,"entries":[]}`),
		short(`{"total_count":5,"limit":2,"entries":[{"type":"web_link","id":"7","name":"w"}]}`),
		short(`{"total_count":5,"limit":2,"entries":[{"type":"file","id":"8","name":"x"}]}`))
	got, err := pages(t.Context(), files, &filesv1.ListFolderRequest{FolderId: "0", PageSize: 2})
	if diff := cmp.Diff([]int{1, 1}, got); diff != "" || err != nil {
		t.Errorf("error %v, %s", err, diff)
	}
	var offsets []string
	for _, r := range box.Requests() {
		offsets = append(offsets, r.Query.Get("offset"))
	}
	if diff := cmp.Diff([]string{"0", "2", "4"}, offsets); diff != "" {
		t.Error(diff)
	}
}

func TestSearch(t *testing.T) {
	box, files := start(t)
	first := box.AddFile("0", "plan A&B.txt", nil)
	box.AddFolder("0", "old plan a&b")
	got, err := files.Search(t.Context(), &filesv1.SearchRequest{Query: "plan a&b", Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := &filesv1.SearchResponse{
		TotalCount: 2,
		Items:      []*filesv1.Item{{Id: first, Name: "plan A&B.txt", Kind: filesv1.ItemKind_ITEM_KIND_FILE}},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestComment(t *testing.T) {
	box, files := start(t)
	id := box.AddFile("0", "plan.txt", nil)
	got, err := files.AddComment(t.Context(), &filesv1.AddCommentRequest{FileId: id, Message: "deeper"})
	if err != nil || got.GetCommentId() == "" {
		t.Errorf("got %v and error %v", got, err)
	}
}

// TestWrapTextStays: the handler's words are for its own logs.
func TestWrapTextStays(t *testing.T) {
	box, files := start(t)
	box.Script("/", boxtest.Error(404, "not_found", "no such file"))
	_, err := files.GetFile(t.Context(), &filesv1.GetFileRequest{FileId: "a/b"})
	if got := status.Convert(err).Message(); got != "no such file" {
		t.Errorf("got message %q", got)
	}
	if got := box.Requests()[0].Path; got != "/files/a/b" { // escaped on the wire: no route of Box matches
		t.Errorf("got path %q", got)
	}
}
