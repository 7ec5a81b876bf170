// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// A tap is the server's side of an RPC. It notes what goes out, and passes it on if
// there is something below.
type tap struct {
	ctx   context.Context
	below grpc.ServerTransportStream
	ss    grpc.ServerStream

	mu              sync.Mutex
	header, trailer metadata.MD
	opened          bool
	messages        []string
}

func (*tap) Method() string { return "" }

func (t *tap) SetHeader(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.header = metadata.Join(t.header, md)
	if t.below != nil {
		return t.below.SetHeader(md)
	}
	return nil
}

func (t *tap) SendHeader(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened, t.header = true, metadata.Join(t.header, md)
	if t.below != nil {
		return t.below.SendHeader(md)
	}
	return nil
}

func (t *tap) SetTrailer(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trailer = metadata.Join(t.trailer, md)
	if t.below != nil {
		return t.below.SetTrailer(md)
	}
	return nil
}

// tappedStream is a tap as a ServerStream.
type tappedStream struct{ *tap }

func (s tappedStream) SetTrailer(md metadata.MD) { _ = s.tap.SetTrailer(md) }
func (s tappedStream) Context() context.Context  { return s.ctx }

func (s tappedStream) SendMsg(m any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = true
	s.messages = append(s.messages, m.(*filesv1.ListFolderResponse).GetItems()[0].GetName())
	if s.ss != nil {
		return s.ss.SendMsg(m)
	}
	return nil
}

func (s tappedStream) RecvMsg(m any) error {
	if s.ss != nil {
		return s.ss.RecvMsg(m)
	}
	m.(*filesv1.ListFolderRequest).FolderId = modelRequestText
	return nil
}
