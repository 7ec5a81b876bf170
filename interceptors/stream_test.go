// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
)

// Headers of a stream are there before its first message: callers read from them
// how to read the messages. The handler goes on only when the caller has them.
func TestHeadersComeBeforeTheFirstMessage(t *testing.T) {
	t.Parallel()
	opens := map[string]func(listStream) error{
		"with the first message": func(ss listStream) error { return ss.Send(&filesv1.ListFolderResponse{}) },
		"with SendHeader":        func(ss listStream) error { return ss.SendHeader(nil) },
		"with SendHeader of the context": func(ss listStream) error {
			return grpc.SendHeader(ss.Context(), nil)
		},
	}
	for name, open := range opens {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := make(chan struct{})
			s := failing(nil)
			s.list = func(ss listStream) error {
				_ = grpc.SetHeader(ss.Context(), metadata.Pairs("x-ctx", "1"))
				_ = ss.SetHeader(metadata.Pairs("x-stream", "1"))
				if err := open(ss); err != nil {
					return err
				}
				select {
				case <-seen:
				case <-ss.Context().Done():
				}
				return ss.Send(&filesv1.ListFolderResponse{})
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			stream, err := filesv1.NewFileServiceClient(s.dial(t)).ListFolder(ctx, &filesv1.ListFolderRequest{})
			if err != nil {
				t.Fatal(err)
			}
			header, err := stream.Header()
			close(seen)
			if diff := cmp.Diff(metadata.MD{"x-ctx": {"1"}, "x-stream": {"1"}}, grpcOnly(header)); diff != "" || err != nil {
				t.Errorf("header before the handler went on: %v (-want +got):\n%s", err, diff)
			}
			for err == nil {
				_, err = stream.Recv()
			}
			if !errors.Is(err, io.EOF) {
				t.Errorf("stream = %v, want its end", err)
			}
		})
	}
}

// Before its first message a failed stream can still be retried by the caller's
// gRPC library, if nothing was sent.
func TestAStreamThatFailsBeforeItsFirstMessage(t *testing.T) {
	t.Parallel()
	s := failing(nil)
	s.list = func(ss listStream) error {
		_ = grpc.SetHeader(ss.Context(), metadata.Pairs("x-held", "ctx"))
		_ = ss.SetHeader(metadata.Pairs("x-held", "stream"))
		ss.SetTrailer(metadata.Pairs("x-trailer", "stream"))
		return unavailable
	}
	a := ask(t, s, listFolder)
	if len(a.header) != 0 {
		t.Errorf("header = %v, want none", a.header)
	}
	if diff := cmp.Diff([]string{"ctx", "stream"}, a.trailer["x-held"]); diff != "" {
		t.Errorf("x-held in the trailer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"stream"}, a.trailer["x-trailer"]); diff != "" {
		t.Errorf("x-trailer (-want +got):\n%s", diff)
	}
	checkTold(t, a, waiting(time.Second))
}

// After its first message a stream's headers are gone to the caller, and its error
// must come as whole as before it.
func TestAStreamThatFailsAfterItsFirstMessage(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]interceptors.Option{"isolated": nil, "not isolated": {interceptors.WithoutIsolation()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := failing(nil, options...)
			s.list = func(ss listStream) error {
				_ = ss.SetHeader(metadata.Pairs("x-header", "1"))
				for range 3 {
					if err := ss.Send(&filesv1.ListFolderResponse{}); err != nil {
						return err
					}
				}
				if ss.SetHeader(metadata.Pairs("x-late", "1")) == nil {
					t.Error("SetHeader after the first message = nil, want an error as without interceptors")
				}
				ss.SetTrailer(metadata.Pairs("x-trailer", "1"))
				return unavailable
			}
			a := ask(t, s, listFolder)
			if a.messages != 3 {
				t.Errorf("%d messages, want 3", a.messages)
			}
			if diff := cmp.Diff(metadata.MD{"x-header": {"1"}}, grpcOnly(a.header)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if got := a.trailer["x-trailer"]; len(got) != 1 {
				t.Errorf("x-trailer = %q, want one", got)
			}
			checkTold(t, a, waiting(time.Second))
			if diff := cmp.Diff(factsOf(t, unavailable).Body, factsOf(t, a.err).Body); diff != "" {
				t.Errorf("Body (-returned +received):\n%s", diff)
			}
		})
	}
}

// Uploads fail with part of the stream unread. The caller must see why, and not a
// broken stream.
func TestAnUploadThatFailsHalfWay(t *testing.T) {
	t.Parallel()
	s := failing(nil)
	received := 0
	s.upload = func(ss uploadStream) error {
		_ = ss.SetHeader(metadata.Pairs("x-held", "1"))
		for range 2 {
			if _, err := ss.Recv(); err != nil {
				return err
			}
			received++
		}
		return unavailable
	}
	stream, err := filesv1.NewFileServiceClient(s.dial(t)).UploadFile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		err = stream.Send(&filesv1.UploadFileRequest{Part: &filesv1.UploadFileRequest_Chunk{Chunk: []byte("x")}})
	}
	_, err = stream.CloseAndRecv()
	a := answer{err: err, trailer: stream.Trailer()}
	checkTold(t, a, stop)
	if got := factsOf(t, err).Reason; got != "UNAVAILABLE" || received != 2 {
		t.Errorf("Reason = %q after %d messages, want UNAVAILABLE after 2", got, received)
	}
	if got := a.trailer["x-held"]; len(got) != 1 {
		t.Errorf("x-held = %q, want it in the trailer", got)
	}
}

// grpc-go refuses a header that is not printable ASCII, such as a file name with a
// line break in it, and the stream goes on without it. Held back and sent later,
// it would cost the caller the messages, or the code of the error.
func TestAnIllegalHeaderIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{"success": nil, "failure": unavailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := func(ss listStream) error {
				if ss.SetHeader(metadata.Pairs("x-name", "a\nb.txt")) == nil {
					t.Error("SetHeader = nil, want the error that grpc-go gives")
				}
				if want != nil {
					return want
				}
				return ss.Send(&filesv1.ListFolderResponse{})
			}
			for _, s := range []*service{bare(failing(nil)), failing(nil)} {
				s.list = list
				if a := ask(t, s, listFolder); status.Code(a.err) != status.Code(want) {
					t.Errorf("error = %v, want code %v; bare: %v", a.err, status.Code(want), s.bare)
				}
			}
		})
	}
}
