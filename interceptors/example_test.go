// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"

	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// files is a service in front of Box.
type files struct {
	filesv1.UnimplementedFileServiceServer
	box string // its address
}

// GetFile asks Box.
func (f *files) GetFile(ctx context.Context, req *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.box+"/2.0/files/"+url.PathEscape(req.GetFileId()), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, translate.Box.TransportError(r, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := translate.Box.CheckResponse(resp); err != nil {
		return nil, fmt.Errorf("get file %s: %w", req.GetFileId(), err)
	}
	return &filesv1.GetFileResponse{}, nil // here the body would be read
}

func Example() {
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = fmt.Fprint(w, `{"type":"error","status":429,"code":"rate_limit_exceeded","message":"Request rate limit exceeded"}`)
	}))
	defer busy.Close()

	// The three lines.
	ctl := retry.New()
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)),
		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl)))

	filesv1.RegisterFileServiceServer(srv, &files{box: busy.URL})
	lis := bufconn.Listen(1 << 16)
	go func() { _ = srv.Serve(lis) }()
	defer srv.Stop()

	// A caller in Go. Others read the same details with their own status API.
	conn, err := grpc.NewClient("passthrough:///files", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		log.Fatal(err) //nolint:gocritic // an example
	}
	defer func() { _ = conn.Close() }()
	_, err = filesv1.NewFileServiceClient(conn).GetFile(context.Background(), &filesv1.GetFileRequest{FileId: "7"})
	fmt.Println(status.Code(err))
	if e, ok := translate.FromError(err); ok {
		wait, again := e.RetryDelay()
		fmt.Println(e.Domain(), e.Reason(), e)
		fmt.Println("send again:", again, "after", wait)
	}
	// Output:
	// ResourceExhausted
	// api.box.com RATE_LIMIT_EXCEEDED Request rate limit exceeded
	// send again: true after 30s
}

// A schema that cannot be changed declares nothing; the service says what it knows.
func ExampleWithSafety() {
	reads := selector.MatchFunc(func(_ context.Context, c mwinterceptors.CallMeta) bool {
		return c.Service == "legacy.Files" && c.Method == "Fetch"
	})
	interceptor := interceptors.UnaryServerInterceptor(retry.New(), interceptors.WithSafety(retry.ReadOnly, reads))

	busy := func(context.Context, any) (any, error) {
		return nil, translate.Box.Translate(translate.Answer{Method: http.MethodPost, Status: http.StatusServiceUnavailable})
	}
	for _, method := range []string{"/legacy.Files/Fetch", "/legacy.Files/Store"} {
		_, err := interceptor(context.Background(), nil, &grpc.UnaryServerInfo{FullMethod: method}, busy)
		if e, ok := translate.FromError(err); ok {
			_, again := e.RetryDelay()
			fmt.Println(method, "may be sent again:", again)
		}
	}
	// Output:
	// /legacy.Files/Fetch may be sent again: true
	// /legacy.Files/Store may be sent again: false
}
