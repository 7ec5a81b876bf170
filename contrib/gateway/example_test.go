// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	filesgw "github.com/boxgrpc/boxgrpc/contrib/gateway/internal/gen/files/v1"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

func Example() {
	conn, stop := service() // in front of Box, which has too much to do
	defer stop()

	mux := runtime.NewServeMux(gateway.Errors(gateway.WithDefault(gateway.MediaTypeProblem)))
	if err := filesgw.RegisterFileServiceHandler(context.Background(), mux, conn); err != nil {
		log.Fatal(err) //nolint:gocritic // an example
	}
	web := httptest.NewServer(mux)
	defer web.Close()

	req, _ := http.NewRequest(http.MethodGet, web.URL+"/v1/files/7", nil)
	req.Header.Set("Accept-Language", "ja")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	sent, _ := io.ReadAll(resp.Body)
	_ = json.Indent(&body, sent, "", "  ")
	fmt.Println(resp.Status)
	fmt.Println("Retry-After:", resp.Header.Get("Retry-After"))
	fmt.Println("Content-Type:", resp.Header.Get("Content-Type"))
	fmt.Println(body.String())
	// Output:
	// 429 Too Many Requests
	// Retry-After: 30
	// Content-Type: application/problem+json
	// {
	//   "type": "about:blank",
	//   "title": "Too Many Requests",
	//   "status": 429,
	//   "detail": "短い間にBoxへのアクセスが集中したため、今回の操作は行われませんでした。少し待ってから、もう一度お試しください。",
	//   "message": "Slow down",
	//   "code": "RESOURCE_EXHAUSTED",
	//   "domain": "api.box.com",
	//   "reason": "RATE_LIMIT_EXCEEDED",
	//   "outcome": "NOT_APPLIED",
	//   "requestId": "abc",
	//   "retryAfter": 30
	// }
}

// service starts the three lines of boxgrpc's README.
func service() (conn *grpc.ClientConn, stop func()) {
	box := boxtest.NewServer()
	busy := boxtest.Fault{Status: 429, Body: `{"type":"error","status":429,"code":"rate_limit_exceeded","message":"Slow down","request_id":"abc"}`}
	box.Script("GET /files/{id}", busy.With("Retry-After", "30"))

	ctl := retry.New()
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)),
		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl)))
	filesv1.RegisterFileServiceServer(srv, &files{box: box, translate: translate.Box})
	listener := bufconn.Listen(1 << 16)
	go func() { _ = srv.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:files", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		log.Fatal(err)
	}
	return conn, func() {
		_ = conn.Close()
		srv.Stop()
		box.Close()
	}
}
