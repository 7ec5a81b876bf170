// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

const (
	getFile      = "files.v1.FileService/GetFile"
	listFolder   = "files.v1.FileService/ListFolder"
	uploadFile   = "files.v1.FileService/UploadFile"
	createFolder = "files.v1.FileService/CreateFolder"
)

// A service fails as Box does, or succeeds where the id is "ok".
type service struct {
	filesv1.UnimplementedFileServiceServer

	seen chan metadata.MD // of GetFile, where somebody listens
}

func limited(string) error {
	return translate.Box.Translate(translate.Answer{Status: 429, Method: http.MethodGet, Header: http.Header{"Retry-After": {"30"}},
		Body: []byte(`{"type":"error","status":429,"code":"rate_limit_exceeded","message":"Slow down","request_id":"abc"}`)})
}

func (s *service) GetFile(ctx context.Context, in *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		md.Set("deadline", deadline.String())
	}
	select {
	case s.seen <- md:
	default:
	}
	_ = grpc.SetHeader(ctx, metadata.Pairs("x-served-by", "here", "x-raw-bin", "\x00\x01"))
	if in.GetFileId() == "ok" {
		return &filesv1.GetFileResponse{File: &filesv1.File{Id: "ok", Name: "Pläne.txt"}}, nil
	}
	return nil, limited(in.GetFileId())
}

func (*service) ListFolder(_ *filesv1.ListFolderRequest, stream grpc.ServerStreamingServer[filesv1.ListFolderResponse]) error {
	for range 12 {
		if err := stream.Send(&filesv1.ListFolderResponse{Items: []*filesv1.Item{{Id: "7"}}}); err != nil {
			return err
		}
	}
	return limited("")
}

func (*service) UploadFile(stream grpc.ClientStreamingServer[filesv1.UploadFileRequest, filesv1.UploadFileResponse]) error {
	for n := int64(0); ; n++ {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return stream.SendAndClose(&filesv1.UploadFileResponse{File: &filesv1.File{Size: n}})
		} else if err != nil {
			return err
		}
	}
}

// serve starts a server on loopback and returns its address.
func serve(t *testing.T, s *service, register func(*grpc.Server), opts ...grpc.ServerOption) string {
	t.Helper()
	ctl := retry.New()
	srv := grpc.NewServer(append(opts,
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)),
		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl)))...)
	filesv1.RegisterFileServiceServer(srv, s)
	if register != nil {
		register(srv)
	}
	return listen(t, srv.Serve, srv.Stop)
}

func reflected(srv *grpc.Server) { reflection.Register(srv) }

func listen(t *testing.T, serve func(net.Listener) error, stop func()) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve(l)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return l.Addr().String()
}

// asked runs explain against a server without TLS and wants it to work.
func asked(t *testing.T, address string, args ...string) string {
	t.Helper()
	exit, out, errOut := boxgrpc(t, "", append([]string{"explain", "-target", address, "-plaintext"}, args...)...)
	if exit != 0 || errOut != "" {
		t.Fatalf("explain %q: exit status %d, %s", args, exit, errOut)
	}
	return out
}

// wantFailure checks what comes of a server that cannot be asked: one line on standard
// error, exit status 1.
func wantFailure(t *testing.T, want string, args ...string) {
	t.Helper()
	exit, out, errOut := boxgrpc(t, "", args...)
	if exit != 1 || out != "" {
		t.Errorf("%q: exit status %d and output %q, want 1 and none", args, exit, out)
	}
	wantLine(t, errOut, want)
}
