// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	filesgw "github.com/boxgrpc/boxgrpc/contrib/gateway/internal/gen/files/v1"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// files is a service in front of Box.
type files struct {
	filesv1.UnimplementedFileServiceServer
	box       *boxtest.Server
	translate *translate.Translator
}

func (f *files) ask(ctx context.Context, method, path string) error {
	req, err := http.NewRequestWithContext(ctx, method, f.box.URL+path, strings.NewReader("{}"))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer token")
	resp, err := f.box.Client().Do(req)
	if err != nil {
		return f.translate.TransportError(req, err)
	}
	defer resp.Body.Close()
	return f.translate.CheckResponse(resp)
}

func (f *files) GetFile(ctx context.Context, in *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	return &filesv1.GetFileResponse{}, f.ask(ctx, http.MethodGet, "/files/"+url.PathEscape(in.GetFileId()))
}

func (f *files) CreateFolder(ctx context.Context, _ *filesv1.CreateFolderRequest) (*filesv1.CreateFolderResponse, error) {
	return &filesv1.CreateFolderResponse{}, f.ask(ctx, http.MethodPost, "/folders")
}

// ListFolder asks for each page as many as there are.
func (f *files) ListFolder(_ *filesv1.ListFolderRequest, s grpc.ServerStreamingServer[filesv1.ListFolderResponse]) error {
	for range 3 {
		if err := f.ask(s.Context(), http.MethodGet, "/folders/0/items"); err != nil {
			return err
		}
		if err := s.Send(&filesv1.ListFolderResponse{Items: []*filesv1.Item{{Id: "1"}}}); err != nil {
			return err
		}
	}
	return nil
}

// failing fails with any error, a stream after some messages.
type failing struct {
	filesv1.UnimplementedFileServiceServer
	err   error
	after int
}

func (f failing) GetFile(ctx context.Context, _ *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	_ = grpc.SetTrailer(ctx, map[string][]string{"secret-trailer": {"s3cret"}})
	_ = grpc.SetHeader(ctx, map[string][]string{"secret-header": {"s3cret"}})
	return nil, f.err
}

func (f failing) ListFolder(_ *filesv1.ListFolderRequest, s grpc.ServerStreamingServer[filesv1.ListFolderResponse]) error {
	for range f.after {
		if err := s.Send(&filesv1.ListFolderResponse{Items: []*filesv1.Item{{Id: "1"}}}); err != nil {
			return err
		}
	}
	return f.err
}

// inFrontOf starts a service, a gateway in front of it, and a web server.
func inFrontOf(t *testing.T, svc filesv1.FileServiceServer, opts ...runtime.ServeMuxOption) string {
	t.Helper()
	mux := runtime.NewServeMux(opts...)
	if err := filesgw.RegisterFileServiceHandler(t.Context(), mux, dial(t, svc)); err != nil {
		t.Fatal(err)
	}
	return serve(t, mux)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	return web.URL
}

func dial(t *testing.T, svc filesv1.FileServiceServer) *grpc.ClientConn {
	t.Helper()
	ctl := retry.New(retry.WithMaxAttempts(1), retry.WithGate(nil))
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)),
		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl)))
	filesv1.RegisterFileServiceServer(srv, svc)
	listener := bufconn.Listen(1 << 16)
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:files", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// inFrontOfBox is the same for a service in front of a fake Box.
func inFrontOfBox(t *testing.T, opts ...gateway.Option) (*boxtest.Server, string) {
	t.Helper()
	box := boxtest.NewServer()
	t.Cleanup(box.Close)
	return box, inFrontOf(t, &files{box: box, translate: translate.Box}, gateway.Errors(opts...))
}

// An answer is what an HTTP client sees.
type answer struct {
	status          int
	header, trailer http.Header
	body            string
}

// json is the body as a JSON value.
func (a *answer) json(t *testing.T) map[string]any {
	t.Helper()
	return object(t, a.body)
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// ask sends a request with header fields in pairs.
func ask(t *testing.T, method, address string, header ...string) *answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &answer{resp.StatusCode, resp.Header, resp.Trailer, string(body)}
}

func get(t *testing.T, address string, header ...string) *answer {
	t.Helper()
	return ask(t, http.MethodGet, address, header...)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// languageOf tells the language that it was asked for.
type languageOf struct {
	filesv1.UnimplementedFileServiceServer
	got []string
}

func (l *languageOf) GetFile(ctx context.Context, _ *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	l.got = metadata.ValueFromIncomingContext(ctx, "accept-language")
	return &filesv1.GetFileResponse{}, nil
}

// held sends one page, and ends when it is let go.
type held struct {
	filesv1.UnimplementedFileServiceServer
	until <-chan struct{}
}

func (h held) ListFolder(_ *filesv1.ListFolderRequest, s grpc.ServerStreamingServer[filesv1.ListFolderResponse]) error {
	defer func() { <-h.until }()
	return s.Send(&filesv1.ListFolderResponse{})
}
