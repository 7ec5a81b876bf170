// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// TestRequiredFields: the service refuses by itself, and names the fields.
func TestRequiredFields(t *testing.T) {
	box, files := start(t)
	tests := map[string]struct {
		call func(context.Context) error
		want []string
	}{
		"GetFile": {func(ctx context.Context) error {
			_, err := files.GetFile(ctx, &filesv1.GetFileRequest{})
			return err
		}, []string{"file_id"}},
		"GetFile, a path": {func(ctx context.Context) error {
			_, err := files.GetFile(ctx, &filesv1.GetFileRequest{FileId: ".."})
			return err
		}, []string{"file_id"}},
		"Search": {func(ctx context.Context) error {
			_, err := files.Search(ctx, &filesv1.SearchRequest{})
			return err
		}, []string{"query"}},
		"ListFolder": {func(ctx context.Context) error {
			_, err := pages(ctx, files, &filesv1.ListFolderRequest{})
			return err
		}, []string{"folder_id"}},
		"DownloadFile": {func(ctx context.Context) error {
			_, err := download(ctx, files, "")
			return err
		}, []string{"file_id"}},
		"UploadFile": {func(ctx context.Context) error {
			_, err := upload(ctx, files, "")
			return err
		}, []string{"metadata.name"}},
		"CreateFolder": {func(ctx context.Context) error {
			_, err := files.CreateFolder(ctx, &filesv1.CreateFolderRequest{})
			return err
		}, []string{"parent_id", "name"}},
		"DeleteFolder": {func(ctx context.Context) error {
			_, err := files.DeleteFolder(ctx, &filesv1.DeleteFolderRequest{})
			return err
		}, []string{"folder_id"}},
		"AddComment": {func(ctx context.Context) error {
			_, err := files.AddComment(ctx, &filesv1.AddCommentRequest{})
			return err
		}, []string{"file_id", "message"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.call(t.Context())
			if diff := cmp.Diff(tt.want, violations(err)); status.Code(err) != codes.InvalidArgument || diff != "" {
				t.Errorf("got %v, %s", err, diff)
			}
		})
	}
	if got := box.Requests(); len(got) > 0 {
		t.Errorf("Box was asked: %v", got)
	}
}

// violations are the fields that an error names.
func violations(err error) []string {
	var fields []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}
