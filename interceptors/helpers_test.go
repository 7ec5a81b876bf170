// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// The methods that the tests call, by what they declare.
const (
	readOnly   = filesv1.FileService_GetFile_FullMethodName      // NO_SIDE_EFFECTS
	idempotent = filesv1.FileService_DeleteFolder_FullMethodName // IDEMPOTENT
	undeclared = filesv1.FileService_CreateFolder_FullMethodName

	listFolder = filesv1.FileService_ListFolder_FullMethodName // NO_SIDE_EFFECTS
	uploadFile = filesv1.FileService_UploadFile_FullMethodName // declares nothing
)

const pushbackKey = "grpc-retry-pushback-ms"

type (
	listStream   = grpc.ServerStreamingServer[filesv1.ListFolderResponse]
	uploadStream = grpc.ClientStreamingServer[filesv1.UploadFileRequest, filesv1.UploadFileResponse]
)

// A service is a real gRPC server whose handlers are functions of the test. The
// unary methods share one.
type service struct {
	filesv1.UnimplementedFileServiceServer

	unary  func(context.Context) error
	list   func(listStream) error
	upload func(uploadStream) error

	ctl     *retry.Controller     // nil: one that retries nothing itself, and only tells
	options []interceptors.Option // of the interceptors under test
	outside []grpc.ServerOption   // what comes before them
	bare    bool                  // without them
}

func (s *service) GetFile(ctx context.Context, _ *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	return &filesv1.GetFileResponse{}, s.unary(ctx)
}

func (s *service) DeleteFolder(ctx context.Context, _ *filesv1.DeleteFolderRequest) (*filesv1.DeleteFolderResponse, error) {
	return &filesv1.DeleteFolderResponse{}, s.unary(ctx)
}

func (s *service) CreateFolder(ctx context.Context, _ *filesv1.CreateFolderRequest) (*filesv1.CreateFolderResponse, error) {
	return &filesv1.CreateFolderResponse{}, s.unary(ctx)
}

func (s *service) ListFolder(_ *filesv1.ListFolderRequest, ss listStream) error { return s.list(ss) }

func (s *service) UploadFile(ss uploadStream) error { return s.upload(ss) }

// failing is a service whose every method returns err.
func failing(err error, options ...interceptors.Option) *service {
	return &service{
		options: options,
		unary:   func(context.Context) error { return err },
		list:    func(listStream) error { return err },
		upload:  func(uploadStream) error { return err },
	}
}

// serve starts the server. It ends with the test.
func (s *service) serve(t *testing.T) *bufconn.Listener {
	t.Helper()
	options := s.outside
	if !s.bare {
		ctl := s.ctl
		if ctl == nil {
			ctl = retry.New(retry.WithMaxAttempts(1))
		}
		options = append(options,
			grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl, s.options...)),
			grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl, s.options...)))
	}
	srv := grpc.NewServer(options...)
	filesv1.RegisterFileServiceServer(srv, s)
	lis := bufconn.Listen(64 << 10)
	go func() { _ = srv.Serve(lis) }()
	t.Cleanup(srv.Stop)
	return lis
}

// dial starts the server and returns a stock grpc-go client of it.
func (s *service) dial(t *testing.T, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	lis := s.serve(t)
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	conn, err := grpc.NewClient("passthrough:///bufconn", options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// An answer is all that a caller gets of an RPC.
type answer struct {
	err             error
	header, trailer metadata.MD
	messages        int // received, of a stream
}

// call makes one RPC of any method. Requests are empty, and empty messages of all
// types are alike.
func call(ctx context.Context, conn *grpc.ClientConn, method string) answer {
	switch method {
	case listFolder:
		return callList(ctx, conn)
	case uploadFile:
		return callUpload(ctx, conn)
	}
	var a answer
	a.err = conn.Invoke(ctx, method, &filesv1.GetFileRequest{}, &filesv1.GetFileResponse{}, grpc.Header(&a.header), grpc.Trailer(&a.trailer))
	return a
}

func callList(ctx context.Context, conn *grpc.ClientConn) (a answer) {
	stream, err := filesv1.NewFileServiceClient(conn).ListFolder(ctx, &filesv1.ListFolderRequest{})
	if err != nil {
		return answer{err: err}
	}
	for {
		if _, a.err = stream.Recv(); a.err != nil {
			break
		}
		a.messages++
	}
	if errors.Is(a.err, io.EOF) {
		a.err = nil
	}
	a.header, _ = stream.Header()
	a.trailer = stream.Trailer()
	return a
}

func callUpload(ctx context.Context, conn *grpc.ClientConn) (a answer) {
	stream, err := filesv1.NewFileServiceClient(conn).UploadFile(ctx)
	if err != nil {
		return answer{err: err}
	}
	_, a.err = stream.CloseAndRecv()
	a.header, _ = stream.Header()
	a.trailer = stream.Trailer()
	return a
}

// ask calls one method of a service that is there for this call only.
func ask(t *testing.T, s *service, method string) answer {
	t.Helper()
	return call(t.Context(), s.dial(t), method)
}

// retryInfo is the wait of RetryInfo, and how many of them there are.
func retryInfo(err error) (delay time.Duration, n int) {
	for _, d := range status.Convert(err).Details() {
		if r, ok := d.(*errdetails.RetryInfo); ok {
			delay = r.GetRetryDelay().AsDuration()
			n++
		}
	}
	return delay, n
}

// upstream translates an answer. Fields are header names and values in turn.
func upstream(tr *translate.Translator, method string, code int, body string, fields ...string) error {
	h := make(http.Header)
	for i := 0; i+1 < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return tr.Translate(translate.Answer{Method: method, Status: code, Header: h, Body: []byte(body)})
}

// box is an error of Box with the usual body.
func box(method string, status int, code string, fields ...string) error {
	body := fmt.Sprintf(`{"type":"error","status":%d,"code":%q,"message":"Box says no","request_id":"req1"}`, status, code)
	return upstream(translate.Box, method, status, body, fields...)
}

// The rest is for calling an interceptor as a function, without a server.

func unaryInfo(method string) *grpc.UnaryServerInfo { return &grpc.UnaryServerInfo{FullMethod: method} }

func failingHandler(err error) grpc.UnaryHandler {
	return func(context.Context, any) (any, error) { return nil, err }
}

func newIsolated() grpc.UnaryServerInterceptor {
	return interceptors.UnaryServerInterceptor(retry.New())
}
