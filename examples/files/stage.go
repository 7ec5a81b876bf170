// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// setting is one of the services that the scenes need.
type setting int

const (
	asUser    setting = iota // the token is the caller's
	asService                // the token is the service's own
	boxDown                  // nothing listens where Box should be
)

// stage is a fake Box, services in front of it, and a plain caller of each.
type stage struct {
	box      *boxtest.Server
	fileID   string
	folderID string
	callers  map[setting]filesv1.FileServiceClient
	trailer  metadata.MD // of the last call
	closers  []func()
}

// newStage furnishes the fake Box and starts the services.
func newStage() (*stage, error) {
	st := &stage{box: boxtest.NewServer(), callers: map[setting]filesv1.FileServiceClient{}}
	st.closers = append(st.closers, st.box.Close)
	st.fileID = st.box.AddFile("0", "plan.txt", []byte("dig here"))
	st.folderID = st.box.AddFolder("0", "drafts")
	for _, name := range []string{"one.txt", "two.txt", "three.txt"} {
		st.box.AddFile(st.folderID, name, nil)
	}
	for in, box := range clients(st.box.URL) {
		if err := st.open(in, box); err != nil {
			st.close()
			return nil, err
		}
	}
	return st, nil
}

// clients are what the services talk to Box with.
func clients(url string) map[setting]*client {
	gone := boxtest.NewServer()
	gone.Close()
	all := map[setting]*client{
		asUser:    newClient(url, "a user's token"),
		asService: newClient(url, "the service's token"),
		boxDown:   newClient(gone.URL, "a user's token"),
	}
	all[asService].translator = translate.Box.With(translate.WithServiceCredentials())
	return all
}

// open starts a service, and a caller that has no service config, no interceptors,
// and so nothing of boxgrpc.
func (st *stage) open(in setting, box *client) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := newServer(box)
	go func() { _ = srv.Serve(listener) }()
	st.closers = append(st.closers, srv.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.Trailer(&st.trailer)))
	if err != nil {
		return err
	}
	st.closers = append(st.closers, func() { _ = conn.Close() })
	st.callers[in] = filesv1.NewFileServiceClient(conn)
	return nil
}

func (st *stage) close() {
	for _, closer := range st.closers {
		closer()
	}
}
