// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"context"
	"maps"
	"net"
	"slices"
	"testing"

	"google.golang.org/grpc"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// teller is a service that only translates. By it callers meet what the example
// service cannot: its requests are GET, POST and DELETE, without conditions, to Box.
type teller struct {
	filesv1.UnimplementedFileServiceServer

	errs map[string]error // by the name of the case
}

func (s *teller) GetFile(_ context.Context, req *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	return &filesv1.GetFileResponse{}, s.errs[req.GetFileId()]
}

// start starts the service and returns its address.
func (s *teller) start(t *testing.T) (target string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer()
	filesv1.RegisterFileServiceServer(srv, s)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	t.Cleanup(func() {
		srv.Stop()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return listener.Addr().String()
}

// toldCases are the failures that the example cannot meet, of each upstream.
func toldCases(t *testing.T) []callCase {
	t.Helper()
	var cases []callCase
	s := &teller{errs: make(map[string]error)}
	target := s.start(t)
	for _, upstream := range slices.Sorted(maps.Keys(upstreams)) {
		for _, v := range read[vector](t, "vectors/"+upstream+".jsonl", true) {
			if v.Want.GRPCCode == "OK" || upstream == "box" && v.inReach() {
				continue
			}
			err := upstreams[upstream].Translate(v.answer())
			v.Name = upstream + ": " + v.Name
			s.errs[v.Name] = err
			cases = append(cases, callCase{vector: v, teller: target})
		}
	}
	return cases
}
