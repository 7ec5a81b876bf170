// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// modelCallerAttempts is how often each caller may send: retryPolicy says 4,
// WithMax(3) counts the first, and so do we.
var modelCallerAttempts = map[modelCaller]int{callerNone: 1, callerStock: 4, callerMiddleware: 3, callerOurs: 3}

var modelListCodes = []codes.Code{codes.Unavailable, codes.ResourceExhausted, codes.Aborted}

// call is the user's call, from its beginning to its end.
func (w *modelWorld) call(ctx context.Context, wire modelWire) {
	if w.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	if w.cancel > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		timer := time.AfterFunc(w.cancel, cancel)
		defer timer.Stop()
	}
	unary, stream := w.callerInterceptors(wire)
	if w.stream {
		w.callStream(ctx, wire, stream)
	} else {
		w.callUnary(ctx, wire, unary)
	}
	w.got.end = w.now()
}

func (w *modelWorld) callerInterceptors(wire modelWire) (grpc.UnaryClientInterceptor, grpc.StreamClientInterceptor) {
	switch w.caller {
	case callerOurs:
		var opts []interceptors.CallOption
		if w.by && w.known != retry.Unknown || w.stream {
			opts = append(opts, interceptors.WithCallSafety(w.known))
		}
		ctl := retry.New()
		return interceptors.UnaryClientInterceptor(ctl, opts...), interceptors.StreamClientInterceptor(ctl, opts...)
	case callerMiddleware:
		opts := []mwretry.CallOption{
			mwretry.WithMax(3), mwretry.WithCodes(modelListCodes...),
			mwretry.WithBackoff(mwretry.BackoffLinear(100 * time.Millisecond)),
		}
		return mwretry.UnaryClientInterceptor(opts...), mwretry.StreamClientInterceptor(opts...)
	case callerStock:
		if !wire.obeying {
			return stockUnary, stockStream
		}
	}
	return nil, nil
}

func (w *modelWorld) callUnary(ctx context.Context, wire modelWire, by grpc.UnaryClientInterceptor) {
	req, reply := &filesv1.GetFileRequest{FileId: modelRequestText}, new(filesv1.GetFileResponse)
	opts := []grpc.CallOption{grpc.Header(&w.got.header), grpc.Trailer(&w.got.trailer)}
	if by == nil {
		w.got.err = wire.unary(ctx, w.method, req, reply, nil, opts...)
	} else {
		w.got.err = by(ctx, w.method, req, reply, nil, wire.unary, opts...)
	}
	w.got.value = reply.GetFile().GetName()
}

func (w *modelWorld) callStream(ctx context.Context, wire modelWire, by grpc.StreamClientInterceptor) {
	desc := &grpc.StreamDesc{StreamName: "ListFolder", ServerStreams: true}
	var cs grpc.ClientStream
	var err error
	if by == nil {
		cs, err = wire.stream(ctx, desc, nil, w.method)
	} else {
		cs, err = by(ctx, desc, nil, w.method, wire.stream)
	}
	if err != nil {
		w.got.err = err
		return
	}
	_ = cs.SendMsg(&filesv1.ListFolderRequest{FolderId: modelRequestText})
	_ = cs.CloseSend()
	for {
		var m filesv1.ListFolderResponse
		if err = cs.RecvMsg(&m); err != nil {
			break
		}
		w.got.messages = append(w.got.messages, m.GetItems()[0].GetName())
	}
	if !errors.Is(err, io.EOF) {
		w.got.err = err
	}
	w.got.header, _ = cs.Header()
	w.got.trailer = cs.Trailer()
}

// stockUnary is what grpc-go does with the retryPolicy of the model (gRFC A6), for
// the wire that has no grpc-go in it.
func stockUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	for n := 1; ; n++ {
		var header, trailer metadata.MD
		err := invoker(stockContext(ctx, n), method, req, reply, cc, append(opts, grpc.Header(&header), grpc.Trailer(&trailer))...)
		if err == nil || len(header) > 0 || !stockAgain(ctx, n, err, trailer) {
			return err
		}
	}
}

func stockContext(ctx context.Context, n int) context.Context {
	if n == 1 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "grpc-previous-rpc-attempts", strconv.Itoa(n-1))
}

// stockAgain waits and tells whether a further attempt is due. Where the deadline
// ends the wait, the attempt fails at once.
func stockAgain(ctx context.Context, n int, err error, trailer metadata.MD) bool {
	delay := 10 * time.Millisecond << n
	if told := trailer[pushbackKey]; len(told) > 0 {
		ms, bad := strconv.Atoi(told[0])
		if bad != nil || ms < 0 || len(told) > 1 {
			return false
		}
		delay = time.Duration(ms) * time.Millisecond
	}
	code := status.Code(err)
	if n >= modelCallerAttempts[callerStock] || code != modelListCodes[0] && code != modelListCodes[1] && code != modelListCodes[2] {
		return false
	}
	modelWait(ctx, delay)
	return true
}

// stockStreamed is stockUnary for streams: until headers or a message have come.
type stockStreamed struct {
	grpc.ClientStream

	again    func(n int, cs grpc.ClientStream, err error) grpc.ClientStream
	n        int
	received bool
}

func stockStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	cs, err := streamer(ctx, desc, cc, method, opts...)
	if err != nil {
		return nil, err
	}
	return &stockStreamed{ClientStream: cs, n: 1, again: func(n int, cs grpc.ClientStream, err error) grpc.ClientStream {
		if header, _ := cs.Header(); len(header) > 0 || !stockAgain(ctx, n, err, cs.Trailer()) {
			return nil
		}
		next, err := streamer(stockContext(ctx, n+1), desc, cc, method, opts...)
		if err != nil {
			return nil
		}
		return next
	}}, nil
}

func (s *stockStreamed) RecvMsg(m any) error {
	for {
		err := s.ClientStream.RecvMsg(m)
		if err == nil || errors.Is(err, io.EOF) || s.received {
			s.received = true
			return err
		}
		next := s.again(s.n, s.ClientStream, err)
		if next == nil {
			return err
		}
		s.ClientStream, s.n = next, s.n+1
	}
}
