// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"io"
	"strconv"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// A modelWire carries RPCs: the functions below, or grpc-go.
type modelWire struct {
	unary   grpc.UnaryInvoker
	stream  grpc.Streamer
	obeying bool // it has grpc-go's own retry where the caller has
}

// wireOf is gRPC without HTTP/2: enough of it for an interceptor, at the price of a
// few microseconds.
func wireOf(w *modelWorld) modelWire {
	return modelWire{unary: w.invoke, stream: w.newStream}
}

func (w *modelWorld) invoke(ctx context.Context, method string, _, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
	if err := w.depart(ctx); err != nil {
		return err
	}
	inner, cancel := modelIncoming(ctx)
	defer cancel()
	t := &tap{}
	resp, err := w.serveUnary(inner, t, &filesv1.GetFileRequest{FileId: modelRequestText}, &grpc.UnaryServerInfo{FullMethod: method})
	for _, o := range opts {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = t.header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = t.trailer
		}
	}
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	if err == nil {
		proto.Merge(reply.(proto.Message), resp.(proto.Message))
	}
	return overTheWire(err)
}

// depart fails where an RPC does not get to the server. Its caller gets no trailer then.
func (w *modelWorld) depart(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	if len(w.rpcs)+1 != w.lost {
		return nil
	}
	err := status.Error(codes.Unavailable, "connection error")
	w.rpcs = append(w.rpcs, &modelRPC{before: len(w.rpcs), start: w.now(), end: w.now(), err: err})
	return err
}

// modelIncoming is the context that a server would have.
func modelIncoming(ctx context.Context) (context.Context, context.CancelFunc) {
	md, _ := metadata.FromOutgoingContext(ctx)
	return context.WithCancel(metadata.NewIncomingContext(ctx, md.Copy()))
}

// overTheWire is err after a server has encoded and a client decoded it.
func overTheWire(err error) error {
	if err == nil {
		return nil
	}
	st, ok := status.FromError(err)
	if !ok {
		st = status.FromContextError(err)
	}
	b, _ := proto.Marshal(st.Proto())
	var p spb.Status
	_ = proto.Unmarshal(b, &p)
	return status.ErrorProto(&p)
}

// serveUnary is what both wires do with an RPC that has arrived.
func (w *modelWorld) serveUnary(ctx context.Context, t *tap, req any, info *grpc.UnaryServerInfo) (any, error) {
	rpc := w.arrive(ctx)
	ctx = grpc.NewContextWithServerTransportStream(context.WithValue(ctx, modelRPCKey{}, rpc), t)
	resp, err := w.unary(ctx, req, info, func(ctx context.Context, req any) (any, error) {
		out := modelOut{sendHeader: func(md metadata.MD) error { return grpc.SendHeader(ctx, md) }}
		value, err := w.handle(ctx, req.(*filesv1.GetFileRequest).GetFileId(), out)
		return &filesv1.GetFileResponse{File: &filesv1.File{Name: value}}, err
	})
	if err == nil {
		rpc.value = resp.(*filesv1.GetFileResponse).GetFile().GetName()
	}
	w.leave(rpc, t, err)
	return resp, err
}

func (w *modelWorld) serveStream(t *tap, info *grpc.StreamServerInfo) error {
	rpc := w.arrive(t.ctx)
	t.ctx = grpc.NewContextWithServerTransportStream(context.WithValue(t.ctx, modelRPCKey{}, rpc), t)
	err := w.server(nil, tappedStream{t}, info, func(_ any, ss grpc.ServerStream) error {
		var req filesv1.ListFolderRequest
		if err := ss.RecvMsg(&req); err != nil {
			return err
		}
		out := modelOut{sendHeader: ss.SendHeader, send: func(text string) error {
			return ss.SendMsg(&filesv1.ListFolderResponse{Items: []*filesv1.Item{{Name: text}}})
		}}
		_, err := w.handle(ss.Context(), req.GetFolderId(), out)
		return err
	})
	rpc.messages = t.messages
	w.leave(rpc, t, err)
	return err
}

func (w *modelWorld) arrive(ctx context.Context) *modelRPC {
	w.mu.Lock()
	defer w.mu.Unlock()
	rpc := &modelRPC{start: w.now()}
	md, _ := metadata.FromIncomingContext(ctx)
	for _, key := range []string{"grpc-previous-rpc-attempts", "x-retry-attempt"} {
		for _, v := range md[key] {
			n, _ := strconv.Atoi(v)
			rpc.before = max(rpc.before, n)
		}
	}
	w.rpcs = append(w.rpcs, rpc)
	return rpc
}

func (w *modelWorld) leave(rpc *modelRPC, t *tap, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	rpc.end, rpc.err = w.now(), err
	rpc.opened = t.opened || len(t.header) > 0
	rpc.header, rpc.trailer = t.header.Copy(), t.trailer.Copy()
}

// pipeStream is the caller's side of a server stream. The handler runs to its end
// when the first message is asked for.
type pipeStream struct {
	ctx    context.Context
	w      *modelWorld
	method string
	t      *tap
	err    error
	next   int
}

func (w *modelWorld) newStream(ctx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := w.depart(ctx); err != nil {
		return nil, err
	}
	return &pipeStream{ctx: ctx, w: w, method: method}, nil
}

func (p *pipeStream) RecvMsg(m any) error {
	if p.t == nil {
		inner, cancel := modelIncoming(p.ctx)
		p.t = &tap{ctx: inner}
		p.err = p.w.serveStream(p.t, &grpc.StreamServerInfo{FullMethod: p.method, IsServerStream: true})
		cancel()
	}
	if p.next < len(p.t.messages) {
		p.next++
		proto.Merge(m.(proto.Message), &filesv1.ListFolderResponse{Items: []*filesv1.Item{{Name: p.t.messages[p.next-1]}}})
		return nil
	}
	switch {
	case p.ctx.Err() != nil:
		return status.FromContextError(p.ctx.Err()).Err()
	case p.err == nil:
		return io.EOF
	}
	return overTheWire(p.err)
}

func (p *pipeStream) Header() (metadata.MD, error) { return p.t.header, nil }
func (p *pipeStream) Trailer() metadata.MD         { return p.t.trailer }
func (p *pipeStream) Context() context.Context     { return p.ctx }
func (p *pipeStream) SendMsg(any) error            { return nil }
func (p *pipeStream) CloseSend() error             { return nil }
