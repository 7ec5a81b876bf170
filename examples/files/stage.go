// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// setting is the service that a scene needs.
type setting int

const (
	asUser    setting = iota // the token is the caller's
	asService                // the token is the service's own
	boxDown                  // nothing listens where Box should be
)

// stage is a fake Box, a service in front of it, and two callers. All of it is in
// memory.
type stage struct {
	box      *boxtest.Server
	fileID   string
	folderID string
	plain    filesv1.FileServiceClient // has nothing of boxgrpc, and no retry
	ours     filesv1.FileServiceClient // has the client interceptors
	trailer  metadata.MD               // of the last call
	closers  []func()
}

// serviceWait is the longest wait that the service waits out itself. Longer ones are
// the callers'.
const serviceWait = time.Second

// newStage furnishes the fake Box and starts the service.
func newStage(in setting) (*stage, error) {
	st := &stage{box: boxtest.NewInMemory()}
	st.closers = append(st.closers, st.box.Close)
	st.fileID = st.box.AddFile("0", "plan.txt", []byte("dig here"))
	st.folderID = st.box.AddFolder("0", "drafts")
	for _, name := range []string{"one.txt", "two.txt", "three.txt"} {
		st.box.AddFile(st.folderID, name, nil)
	}
	if in == boxDown {
		st.box.Close()
	}
	ctl := retry.New(retry.WithMaxWait(serviceWait))
	box := newClient(st.box.URL, "token", ctl, st.box.Client().Transport)
	if in == asService {
		box.translator = translate.Box.With(translate.WithServiceCredentials())
	}
	return st, st.open(newServer(box))
}

// open starts the service, and the callers.
func (st *stage) open(srv *grpc.Server) (err error) {
	listener := bufconn.Listen(1 << 16)
	go func() { _ = srv.Serve(listener) }()
	st.closers = append(st.closers, srv.Stop)
	if st.plain, err = st.caller(listener); err != nil {
		return err
	}
	st.ours, err = st.caller(listener, interceptors.DialOptions()...)
	return err
}

func (st *stage) caller(listener *bufconn.Listener, options ...grpc.DialOption) (filesv1.FileServiceClient, error) {
	conn, err := grpc.NewClient("passthrough:files", append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithDefaultCallOptions(grpc.Trailer(&st.trailer)))...)
	if err != nil {
		return nil, err
	}
	st.closers = append(st.closers, func() { _ = conn.Close() })
	return filesv1.NewFileServiceClient(conn), nil
}

func (st *stage) close() {
	for _, closer := range slices.Backward(st.closers) {
		closer()
	}
}
