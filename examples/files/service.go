// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// service wraps Box. Its handlers return the client's errors, wrapped for its own
// logs as anywhere else: the wrap text does not reach callers.
type service struct {
	filesv1.UnimplementedFileServiceServer
	box *client
}

func (s *service) GetFile(ctx context.Context, req *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	if err := check(id("file_id", req.GetFileId())); err != nil {
		return nil, err
	}
	var file item
	if err := s.box.getJSON(ctx, "/files/"+url.PathEscape(req.GetFileId()), &file); err != nil {
		return nil, fmt.Errorf("get file %s: %w", req.GetFileId(), err)
	}
	return &filesv1.GetFileResponse{File: file.file()}, nil
}

func (s *service) Search(ctx context.Context, req *filesv1.SearchRequest) (*filesv1.SearchResponse, error) {
	if err := check(text("query", req.GetQuery())); err != nil {
		return nil, err
	}
	query := url.Values{"query": {req.GetQuery()}}
	limit(query, req.GetLimit())
	var found page
	if err := s.box.getJSON(ctx, "/search?"+query.Encode(), &found); err != nil {
		return nil, fmt.Errorf("search for %q: %w", req.GetQuery(), err)
	}
	return &filesv1.SearchResponse{Items: found.items(), TotalCount: found.TotalCount}, nil
}

// limit leaves the length of a page to Box if it is 0, and the judgement of any
// other number too.
func limit(query url.Values, n int32) {
	if n != 0 {
		query.Set("limit", strconv.Itoa(int(n)))
	}
}

func (s *service) CreateFolder(ctx context.Context, req *filesv1.CreateFolderRequest) (*filesv1.CreateFolderResponse, error) {
	if err := check(text("parent_id", req.GetParentId()), text("name", req.GetName())); err != nil {
		return nil, err
	}
	folder, err := s.box.createFolder(ctx, creation{Name: req.GetName(), Parent: reference{ID: req.GetParentId()}})
	if err != nil {
		return nil, fmt.Errorf("create folder %q in %s: %w", req.GetName(), req.GetParentId(), err)
	}
	return &filesv1.CreateFolderResponse{Folder: folder.item()}, nil
}

func (s *service) DeleteFolder(ctx context.Context, req *filesv1.DeleteFolderRequest) (*filesv1.DeleteFolderResponse, error) {
	if err := check(id("folder_id", req.GetFolderId())); err != nil {
		return nil, err
	}
	if err := s.box.deleteFolder(ctx, req.GetFolderId(), req.GetRecursive()); err != nil {
		return nil, fmt.Errorf("delete folder %s: %w", req.GetFolderId(), err)
	}
	return &filesv1.DeleteFolderResponse{}, nil
}

func (s *service) AddComment(ctx context.Context, req *filesv1.AddCommentRequest) (*filesv1.AddCommentResponse, error) {
	if err := check(text("file_id", req.GetFileId()), text("message", req.GetMessage())); err != nil {
		return nil, err
	}
	made, err := s.box.addComment(ctx, comment{Message: req.GetMessage(), Item: reference{Type: "file", ID: req.GetFileId()}})
	if err != nil {
		return nil, fmt.Errorf("comment on file %s: %w", req.GetFileId(), err)
	}
	return &filesv1.AddCommentResponse{CommentId: made.ID}, nil
}
