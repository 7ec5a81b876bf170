// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

const attemptKey = "x-retry-attempt"

// A remote is a server without anything of ours that notes each attempt of its caller.
type remote struct {
	*service

	mu  sync.Mutex
	at  []time.Time
	mds []metadata.MD
}

// newRemote runs handle for attempt n of all there are, from 1 on.
func newRemote(handle func(ctx context.Context, n int) error) *remote {
	p := &remote{}
	p.service = bare(succeeding(func(ctx context.Context) error { return handle(ctx, p.note(ctx)) }))
	return p
}

func (p *remote) note(ctx context.Context) int {
	md, _ := metadata.FromIncomingContext(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.mds = append(p.at, time.Now()), append(p.mds, md)
	return len(p.at)
}

func (p *remote) attempts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.at)
}

// waits are the times between one attempt and the next.
func (p *remote) waits() []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var waits []time.Duration
	for i := 1; i < len(p.at); i++ {
		waits = append(waits, p.at[i].Sub(p.at[i-1]))
	}
	return waits
}

// A said is what a server answers.
type said struct {
	code     codes.Code
	hint     time.Duration // of RetryInfo; negative: there is none
	pushback []string
}

const noHint time.Duration = -1

// hinting asks to come back after a wait, in RetryInfo.
func hinting(hint time.Duration) said { return said{codes.ResourceExhausted, hint, nil} }

// down says UNAVAILABLE, and no more.
var down = said{codes.Unavailable, noHint, nil}

// to is the answer to attempt n, by whose number it is known.
func (s said) to(ctx context.Context, n int) error {
	if len(s.pushback) > 0 {
		_ = grpc.SetTrailer(ctx, metadata.MD{pushbackKey: s.pushback})
	}
	_ = grpc.SetTrailer(ctx, metadata.Pairs("x-answer", fmt.Sprint(n)))
	details := []protoadapt.MessageV1{protoadapt.MessageV1Of(&errdetails.RequestInfo{RequestId: fmt.Sprint(n)})}
	if s.hint >= 0 {
		details = append(details, protoadapt.MessageV1Of(&errdetails.RetryInfo{RetryDelay: durationpb.New(s.hint)}))
	}
	st, err := status.New(s.code, "the server says no").WithDetails(details...)
	if err != nil {
		return err
	}
	return st.Err()
}

// always gives the same answer to every attempt.
func (s said) always() *remote { return newRemote(s.to) }

// until gives it to all attempts before n, which succeeds.
func (s said) until(n int) *remote {
	return newRemote(func(ctx context.Context, i int) error {
		if i >= n {
			return nil
		}
		return s.to(ctx, i)
	})
}

// ours connects to p with DialOptions.
func (p *remote) ours(t *testing.T, opts ...interceptors.CallOption) *grpc.ClientConn {
	t.Helper()
	return p.dial(t, interceptors.DialOptions(opts...)...)
}

// answerOf is the number of the attempt whose error err is, "" if it is of none.
func answerOf(err error) string {
	for _, d := range status.Convert(err).Details() {
		if r, ok := d.(*errdetails.RequestInfo); ok {
			return r.GetRequestId()
		}
	}
	return ""
}

// checkRealError checks that err is all that attempt n was answered.
func checkRealError(t *testing.T, err error, code codes.Code, n int) {
	t.Helper()
	if got, want := answerOf(err), fmt.Sprint(n); status.Code(err) != code || got != want {
		t.Errorf("error = %v of attempt %q, want %v of attempt %s with its details", err, got, code, want)
	}
}

// invoke is call with options.
func invoke(ctx context.Context, conn grpc.ClientConnInterface, method string, opts ...grpc.CallOption) (a answer) {
	if method != listFolder {
		opts = append(slices.Clip(opts), grpc.Header(&a.header), grpc.Trailer(&a.trailer))
		a.err = conn.Invoke(ctx, method, &filesv1.GetFileRequest{}, &filesv1.GetFileResponse{}, opts...)
		return a
	}
	stream, err := filesv1.NewFileServiceClient(conn).ListFolder(ctx, &filesv1.ListFolderRequest{}, opts...)
	if err != nil {
		return answer{err: err}
	}
	for a.err == nil {
		if _, a.err = stream.Recv(); a.err == nil {
			a.messages++
		}
	}
	if errors.Is(a.err, io.EOF) {
		a.err = nil
	}
	a.header, _ = stream.Header()
	a.trailer = stream.Trailer()
	return a
}

// insideUnary puts f between the interceptors of ours and the wire, with the number
// of the attempt, from 1 on.
func insideUnary(f func(n int, send func() error) error) grpc.DialOption {
	n := 0
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		n++
		return f(n, func() error { return invoker(ctx, method, req, reply, cc, opts...) })
	})
}

// insideStream is the same for streams.
func insideStream(f func(n int, open func() (grpc.ClientStream, error)) (grpc.ClientStream, error)) grpc.DialOption {
	n := 0
	return grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		n++
		return f(n, func() (grpc.ClientStream, error) { return streamer(ctx, desc, cc, method, opts...) })
	})
}

// decisions collects what a controller decides.
type decisions struct {
	mu  sync.Mutex
	all []retry.Event
}

func (d *decisions) observer() retry.Option {
	return retry.WithObserver(func(_ context.Context, e retry.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.all = append(d.all, e)
	})
}

func (d *decisions) reasons() (all []retry.Reason) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.all {
		all = append(all, e.Reason)
	}
	return all
}
