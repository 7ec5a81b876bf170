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
	"os"
	"sync/atomic"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// serving starts a gRPC server for f and returns how to get there.
func serving(f *files, options ...grpc.ServerOption) (dialer grpc.DialOption, stop func()) {
	srv, lis := grpc.NewServer(options...), bufconn.Listen(1<<16)
	filesv1.RegisterFileServiceServer(srv, f)
	go func() { _ = srv.Serve(lis) }()
	return grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }), srv.Stop
}

// A caller whose server leaves the retrying to it, as servers without anything of ours
// do. One call has its own settings.
func ExampleDialOptions() {
	var requests atomic.Int32
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) <= 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer upstream.Close()
	dialer, stop := serving(&files{box: upstream.URL})
	defer stop()

	options := append(interceptors.DialOptions(interceptors.WithRetry(retry.WithBackoff(time.Millisecond, 4*time.Millisecond))),
		dialer, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient("passthrough:///files", options...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()

	client := filesv1.NewFileServiceClient(conn)
	once := interceptors.WithRetry(retry.WithMaxAttempts(1))
	_, err = client.GetFile(context.Background(), &filesv1.GetFileRequest{FileId: "7"}, once)
	fmt.Println(status.Code(err), requests.Load())
	_, err = client.GetFile(context.Background(), &filesv1.GetFileRequest{FileId: "7"})
	fmt.Println(status.Code(err), requests.Load())
	// Output:
	// Unavailable 1
	// OK 3
}

// The order of a chain: what turns panics into errors, what logs, what turns callers
// away, and ours last, nearest to the handler. Then the log line has what callers got,
// and which request of Box it was.
func ExampleUnaryServerInterceptor_chain() {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"type":"error","status":404,"code":"not_found","message":"Not Found","request_id":"abc123"}`)
	}))
	defer upstream.Close()
	logger := logging.LoggerFunc(func(_ context.Context, _ logging.Level, msg string, fields ...any) {
		line := log.New(os.Stdout, "", 0)
		for i := logging.Fields(fields).Iterator(); i.Next(); {
			switch key, value := i.At(); key {
			case "grpc.method", "grpc.code", "boxgrpc.code", "boxgrpc.reason", "boxgrpc.request_id", "boxgrpc.attempts", "boxgrpc.outcome":
				line.Println(msg, key, value)
			}
		}
	})
	authFunc := func(ctx context.Context) (context.Context, error) {
		_, err := auth.AuthFromMD(ctx, "bearer")
		return ctx, err
	}

	ctl := retry.New()
	dialer, stop := serving(&files{box: upstream.URL},
		grpc.ChainUnaryInterceptor(
			recovery.UnaryServerInterceptor(),
			logging.UnaryServerInterceptor(logger, logging.WithLogOnEvents(logging.FinishCall)),
			auth.UnaryServerInterceptor(authFunc),
			interceptors.UnaryServerInterceptor(ctl)),
		grpc.ChainStreamInterceptor(
			recovery.StreamServerInterceptor(),
			logging.StreamServerInterceptor(logger, logging.WithLogOnEvents(logging.FinishCall)),
			auth.StreamServerInterceptor(authFunc),
			interceptors.StreamServerInterceptor(ctl)))
	defer stop()

	conn, err := grpc.NewClient("passthrough:///files", dialer, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "bearer of good news")
	_, _ = filesv1.NewFileServiceClient(conn).GetFile(ctx, &filesv1.GetFileRequest{FileId: "7"})
	// Unordered output:
	// finished call grpc.method GetFile
	// finished call grpc.code NotFound
	// finished call boxgrpc.code not_found
	// finished call boxgrpc.reason NOT_FOUND
	// finished call boxgrpc.request_id abc123
	// finished call boxgrpc.attempts 1
	// finished call boxgrpc.outcome NOT_APPLIED
}
