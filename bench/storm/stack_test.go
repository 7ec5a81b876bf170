// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// over asks the upstream through this transport, as a handler does: one request, and
// its failure translated. Every stack ends here, the peers' too, so that all of them
// fail with the same status and only the retrying differs.
func over(transport http.RoundTripper) call {
	client := &http.Client{Transport: transport}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://box.invalid/2.0/files/1", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer of-one-user")
		resp, err := client.Do(req)
		if err != nil {
			return translate.Box.TransportError(req, err)
		}
		defer resp.Body.Close()
		if err := translate.Box.CheckResponse(resp); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
}

// files is a gRPC service with one method that is declared to change nothing.
type files struct {
	filesv1.UnimplementedFileServiceServer

	get call
}

func (f files) GetFile(ctx context.Context, _ *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	if err := f.get(ctx); err != nil {
		return nil, err
	}
	return &filesv1.GetFileResponse{}, nil
}

// A hop is a gRPC service and its caller: what stands on either side of the wire.
type hop struct {
	server []grpc.UnaryServerInterceptor
	client []grpc.DialOption
}

// to puts the hop before a handler. Both sides are grpc-go itself; the wire is memory.
func (h hop) to(t *testing.T, handler call) call {
	t.Helper()
	wire := bufconn.Listen(1 << 20)
	srv := grpc.NewServer(grpc.ChainUnaryInterceptor(h.server...))
	filesv1.RegisterFileServiceServer(srv, files{get: handler})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(wire) }()
	conn, err := grpc.NewClient("passthrough:///files", append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return wire.DialContext(ctx) }),
	}, h.client...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		srv.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	client := filesv1.NewFileServiceClient(conn)
	return func(ctx context.Context) error {
		_, err := client.GetFile(ctx, &filesv1.GetFileRequest{FileId: "1"})
		return err
	}
}
