// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// rpc is a call as a scene makes it, and the request to Box that it leads to. The
// call returns how many messages of a stream came, or unary.
type rpc struct {
	asks string
	call func(context.Context, filesv1.FileServiceClient, *stage) (messages int, err error)
}

const unary = -1

var rpcs = map[string]rpc{
	"GetFile":      {"GET /files/{id}", callGetFile},
	"Search":       {"GET /search", callSearch},
	"ListFolder":   {"GET /folders/{id}/items", callListFolder},
	"DownloadFile": {"GET /files/{id}/content", callDownloadFile},
	"UploadFile":   {"POST /files/content", callUploadFile},
	"CreateFolder": {"POST /folders", callCreateFolder},
	"DeleteFolder": {"DELETE /folders/{id}", callDeleteFolder},
	"AddComment":   {"POST /comments", callAddComment},
}

func callGetFile(ctx context.Context, c filesv1.FileServiceClient, st *stage) (int, error) {
	_, err := c.GetFile(ctx, &filesv1.GetFileRequest{FileId: st.fileID})
	return unary, err
}

func callSearch(ctx context.Context, c filesv1.FileServiceClient, _ *stage) (int, error) {
	_, err := c.Search(ctx, &filesv1.SearchRequest{Query: "plan"})
	return unary, err
}

// callListFolder asks for small pages, so that there are two.
func callListFolder(ctx context.Context, c filesv1.FileServiceClient, st *stage) (int, error) {
	return count(c.ListFolder(ctx, &filesv1.ListFolderRequest{FolderId: st.folderID, PageSize: 2}))
}

func callDownloadFile(ctx context.Context, c filesv1.FileServiceClient, st *stage) (int, error) {
	return count(c.DownloadFile(ctx, &filesv1.DownloadFileRequest{FileId: st.fileID}))
}

// count receives messages to the end of a stream.
func count[T any](stream grpc.ServerStreamingClient[T], err error) (int, error) {
	for n := 0; ; n++ {
		if err == nil {
			_, err = stream.Recv()
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// callUploadFile does not look at the errors of Send: they only say that the call
// has ended, and CloseAndRecv says how.
func callUploadFile(ctx context.Context, c filesv1.FileServiceClient, _ *stage) (int, error) {
	stream, err := c.UploadFile(ctx)
	if err != nil {
		return unary, err
	}
	_ = stream.Send(&filesv1.UploadFileRequest{Part: &filesv1.UploadFileRequest_Metadata{
		Metadata: &filesv1.UploadFileMetadata{FolderId: "0", Name: "film.mp4"}}})
	_ = stream.Send(&filesv1.UploadFileRequest{Part: &filesv1.UploadFileRequest_Chunk{Chunk: []byte("lights")}})
	_, err = stream.CloseAndRecv()
	return unary, err
}

func callCreateFolder(ctx context.Context, c filesv1.FileServiceClient, _ *stage) (int, error) {
	_, err := c.CreateFolder(ctx, &filesv1.CreateFolderRequest{ParentId: "0", Name: "reports"})
	return unary, err
}

func callDeleteFolder(ctx context.Context, c filesv1.FileServiceClient, st *stage) (int, error) {
	_, err := c.DeleteFolder(ctx, &filesv1.DeleteFolderRequest{FolderId: st.folderID, Recursive: true})
	return unary, err
}

func callAddComment(ctx context.Context, c filesv1.FileServiceClient, st *stage) (int, error) {
	_, err := c.AddComment(ctx, &filesv1.AddCommentRequest{FileId: st.fileID, Message: "deeper"})
	return unary, err
}
