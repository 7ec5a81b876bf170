// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime/multipart"
	"net/http"
	"sync"

	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

type uploadStream = grpc.ClientStreamingServer[filesv1.UploadFileRequest, filesv1.UploadFileResponse]

// UploadFile passes the content on while it comes; no more than a message of it is
// ever held.
func (s *service) UploadFile(stream uploadStream) error {
	first, err := stream.Recv()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	wanted := first.GetMetadata()
	if wanted == nil {
		return check(field{"metadata", "has to be the first message"})
	}
	if err := check(text("metadata.folder_id", wanted.GetFolderId()), text("metadata.name", wanted.GetName())); err != nil {
		return err
	}
	attributes := creation{Name: wanted.GetName(), Parent: reference{ID: wanted.GetFolderId()}}
	file, err := s.box.uploadOnce(stream.Context(), attributes, &content{stream: stream})
	if broken := (streamError{}); errors.As(err, &broken) {
		return broken.error
	}
	if err != nil {
		return fmt.Errorf("upload %q to folder %s: %w", wanted.GetName(), wanted.GetFolderId(), err)
	}
	return stream.SendAndClose(&filesv1.UploadFileResponse{File: file.file()})
}

// content reads what the messages after the first one carry.
type content struct {
	stream uploadStream
	rest   []byte // of the last message
}

// streamError is the fault of the caller's stream, not of Box.
type streamError struct{ error }

func (c *content) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		msg, err := c.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return 0, io.EOF
		case err != nil:
			return 0, streamError{err}
		case msg.GetMetadata() != nil:
			return 0, streamError{check(field{"metadata", "has to be the first message and no other"})}
		}
		c.rest = msg.GetChunk()
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// uploadOnce cannot send a caller's stream twice. But after an answer that leaves it open
// it looks whether the file is there.
func (c *client) uploadOnce(ctx context.Context, attributes creation, content io.Reader) (item, error) {
	sum := &checksum{hash: sha1.New()}
	once := c.ctl.With(retry.WithMaxAttempts(1))
	op := retry.Operation{Name: "upload file", Group: "upload", Safety: retry.SingleUpstreamCall}
	return retry.Do(ctx, once, op, func(ctx context.Context) (item, error) {
		return c.upload(ctx, attributes, io.TeeReader(content, sum))
	}, boxhttp.UploadedFile[item](c.look, attributes.Parent.ID, attributes.Name, sum.String))
}

// checksum is what was read so far. An upload can still be read when its answer is there.
type checksum struct {
	mu   sync.Mutex
	hash hash.Hash
}

func (c *checksum) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hash.Write(p)
}

func (c *checksum) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return hex.EncodeToString(c.hash.Sum(nil))
}

// upload sends a form while its content is being read. If Box answers before the
// end of it, net/http waits until its read of the form is over. The pipe ends that
// read at once, where the caller's stream would hold it until the next message; the
// goroutine ends with the RPC.
func (c *client) upload(ctx context.Context, attributes creation, content io.Reader) (item, error) {
	body, sink := io.Pipe()
	form := multipart.NewWriter(sink)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.uploadURL+"/files/content", body)
	if err != nil {
		return item{}, translate.Box.TransportError(nil, err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	go func() { _ = sink.CloseWithError(writeForm(form, attributes, content)) }()
	resp, err := c.send(req)
	if err != nil {
		return item{}, err
	}
	return uploaded(resp)
}

// writeForm puts the attributes first, without which Box would not know what to do
// with the file.
func writeForm(form *multipart.Writer, attributes creation, content io.Reader) error {
	part, err := form.CreateFormField("attributes")
	if err != nil {
		return err
	}
	if err := json.NewEncoder(part).Encode(attributes); err != nil {
		return err
	}
	if part, err = form.CreateFormFile("file", attributes.Name); err != nil {
		return err
	}
	if _, err := io.Copy(part, content); err != nil {
		return err
	}
	return form.Close()
}

// uploaded reads the answer: a list of one.
func uploaded(resp *http.Response) (item, error) {
	var list page
	if err := decode(resp, &list); err != nil {
		return item{}, err
	}
	if len(list.Entries) == 0 {
		return item{}, translate.Box.TransportError(resp.Request, &json.UnmarshalTypeError{Value: "empty array", Field: "entries"})
	}
	return list.Entries[0], nil
}
