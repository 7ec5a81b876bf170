// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// files is a gRPC service with one method, which is declared to change nothing.
type files struct {
	filesv1.UnimplementedFileServiceServer

	client *http.Client
	url    string
}

func (f *files) GetFile(ctx context.Context, _ *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/folders/0", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer of-one-user")
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, translate.Box.TransportError(req, err)
	}
	defer resp.Body.Close()
	if err := translate.Box.CheckResponse(resp); err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return &filesv1.GetFileResponse{}, err
}

// A service is one replica and its caller, over loopback.
type service struct {
	call  func(context.Context) error
	close func() error
}

// ours is the stack of the README: our caller, our server, and our transport over a gate.
func ours(url string, gate retry.Gate) (*service, error) {
	ctl := retry.New(retry.WithGate(gate), retry.WithSalt([]byte("the same for all")))
	base := &http.Transport{MaxIdleConnsPerHost: callers}
	client := &http.Client{Transport: boxhttp.NewTransport(ctl, base)}
	return start(client, url, interceptors.DialOptions(),
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)))
}

// peer is a service that translates and does nothing else, and a caller that retries as
// go-grpc-middleware does, where it is kindest to the upstream.
func peer(url string) (*service, error) {
	retrying := mwretry.UnaryClientInterceptor(mwretry.WithMax(5),
		mwretry.WithBackoff(mwretry.BackoffExponentialWithJitter(100*time.Millisecond, 0.1)))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	return start(client, url, []grpc.DialOption{grpc.WithChainUnaryInterceptor(retrying)})
}

func start(client *http.Client, url string, dial []grpc.DialOption, opts ...grpc.ServerOption) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer(opts...)
	filesv1.RegisterFileServiceServer(srv, &files{client: client, url: url})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	conn, err := grpc.NewClient(l.Addr().String(), append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
	}, dial...)...)
	if err != nil {
		return nil, err
	}
	caller := filesv1.NewFileServiceClient(conn)
	return &service{
		call: func(ctx context.Context) error {
			_, err := caller.GetFile(ctx, &filesv1.GetFileRequest{FileId: "1"})
			return err
		},
		close: func() error {
			err := conn.Close()
			srv.Stop()
			client.CloseIdleConnections()
			return errors.Join(err, <-served)
		},
	}, nil
}
