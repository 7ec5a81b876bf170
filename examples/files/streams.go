// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"google.golang.org/grpc"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// ListFolder sends each page when it is there. After the first one an error can
// only end the stream.
func (s *service) ListFolder(req *filesv1.ListFolderRequest, stream grpc.ServerStreamingServer[filesv1.ListFolderResponse]) error {
	if err := check(id("folder_id", req.GetFolderId())); err != nil {
		return err
	}
	for offset, more := int64(0), true; more; {
		p, err := s.listPage(stream.Context(), req, offset)
		if err != nil {
			return fmt.Errorf("list folder %s from %d: %w", req.GetFolderId(), offset, err)
		}
		if len(p.Entries) > 0 {
			if err := stream.Send(&filesv1.ListFolderResponse{Items: p.items()}); err != nil {
				return err
			}
		}
		offset, more = p.next(offset)
	}
	return nil
}

func (s *service) listPage(ctx context.Context, req *filesv1.ListFolderRequest, offset int64) (p page, err error) {
	query := url.Values{"offset": {strconv.FormatInt(offset, 10)}}
	limit(query, req.GetPageSize())
	err = s.box.getJSON(ctx, "/folders/"+url.PathEscape(req.GetFolderId())+"/items?"+query.Encode(), &p)
	return p, err
}

func (s *service) DownloadFile(req *filesv1.DownloadFileRequest, stream grpc.ServerStreamingServer[filesv1.DownloadFileResponse]) error {
	if err := check(id("file_id", req.GetFileId())); err != nil {
		return err
	}
	resp, err := s.box.get(stream.Context(), "/files/"+url.PathEscape(req.GetFileId())+"/content")
	if err != nil {
		return fmt.Errorf("download file %s: %w", req.GetFileId(), err)
	}
	defer resp.Body.Close() //nolint:errcheck // its last read has told all
	if err := sendContent(resp, stream); err != nil {
		return fmt.Errorf("download file %s: %w", req.GetFileId(), err)
	}
	return nil
}

// chunkSize is the most that one message of a download holds.
const chunkSize = 64 << 10

func sendContent(resp *http.Response, stream grpc.ServerStreamingServer[filesv1.DownloadFileResponse]) error {
	for {
		chunk := make([]byte, chunkSize) // a new one: SendMsg may keep its message
		n, err := resp.Body.Read(chunk)
		if n > 0 {
			if err := stream.Send(&filesv1.DownloadFileResponse{Chunk: chunk[:n]}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return translate.Box.TransportError(resp.Request, err)
		}
	}
}
