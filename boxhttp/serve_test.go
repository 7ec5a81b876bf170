// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A handler is what an RPC does. GetFile declares that it has no side effects,
// CreateFolder declares nothing.
type handler struct {
	filesv1.UnimplementedFileServiceServer

	run  func(ctx context.Context) error
	runs int
}

func (h *handler) GetFile(ctx context.Context, _ *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	h.runs++
	return &filesv1.GetFileResponse{}, h.run(ctx)
}

func (h *handler) CreateFolder(ctx context.Context, _ *filesv1.CreateFolderRequest) (*filesv1.CreateFolderResponse, error) {
	h.runs++
	return &filesv1.CreateFolderResponse{}, h.run(ctx)
}

// serve puts the interceptors before a handler, and returns a caller who calls once.
func (r *rig) serve(t *testing.T, h *handler) *caller {
	t.Helper()
	srv := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(r.ctl)))
	filesv1.RegisterFileServiceServer(srv, h)
	listener := bufconn.Listen(1 << 16)
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:box",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &caller{filesv1.NewFileServiceClient(conn)}
}

type caller struct{ files filesv1.FileServiceClient }

// seen is what a caller gets.
type seen struct {
	code     codes.Code
	reason   string
	outcome  string
	attempts int
	again    bool   // there is a RetryInfo
	pushback string // its sign
}

func (c *caller) call(ctx context.Context, method string) seen {
	var trailer metadata.MD
	var err error
	if method == "GetFile" {
		_, err = c.files.GetFile(ctx, &filesv1.GetFileRequest{}, grpc.Trailer(&trailer))
	} else {
		_, err = c.files.CreateFolder(ctx, &filesv1.CreateFolderRequest{}, grpc.Trailer(&trailer))
	}
	s := seen{code: status.Code(err)}
	if e, ok := translate.FromError(err); ok {
		s.reason, s.outcome, s.attempts = e.Reason(), strings.TrimPrefix(e.Outcome().String(), "OUTCOME_"), e.Attempts()
		_, s.again = e.RetryDelay()
	}
	if p := strings.Join(trailer["grpc-retry-pushback-ms"], ","); p != "" {
		s.pushback = "+"
		if strings.HasPrefix(p, "-") {
			s.pushback = "-"
		}
	}
	return s
}

// ask makes one request as a service does.
func (r *rig) ask(ctx context.Context, method, path, body string) error {
	return r.askWith(ctx, method, path, strings.NewReader(body))
}

func (r *rig) askWith(ctx context.Context, method, path string, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, method, r.box.URL+path, body)
	if err != nil {
		return err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return translate.Box.TransportError(req, err)
	}
	if err := translate.Box.CheckResponse(resp); err != nil {
		return err
	}
	return resp.Body.Close()
}
