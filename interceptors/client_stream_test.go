// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// lists is a remote whose ListFolder is written by the test, and what it was asked for.
func lists(handle func(n int, ss listStream) error) (*remote, *[]string) {
	var asked []string
	p := &remote{}
	p.service = bare(failing(nil))
	p.list = func(ss listStream) error { return handle(p.note(ss.Context()), ss) }
	p.outside = []grpc.ServerOption{grpc.ChainStreamInterceptor(
		func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
			return h(srv, &reading{ss, func(m any) {
				if req, ok := m.(*filesv1.ListFolderRequest); ok {
					asked = append(asked, req.GetFolderId())
				}
			}})
		})}
	return p, &asked
}

// reading tells of each message that the server received.
type reading struct {
	grpc.ServerStream

	tell func(any)
}

func (r *reading) RecvMsg(m any) error {
	err := r.ServerStream.RecvMsg(m)
	if err == nil {
		r.tell(m)
	}
	return err
}

// page is a message that is known by its name.
func page(name string) *filesv1.ListFolderResponse {
	return &filesv1.ListFolderResponse{Items: []*filesv1.Item{{Name: name}}}
}

// openListOf opens a stream.
func openListOf(t *testing.T, ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) grpc.ServerStreamingClient[filesv1.ListFolderResponse] { //nolint:revive // t comes first in tests
	t.Helper()
	stream, err := filesv1.NewFileServiceClient(conn).ListFolder(ctx, &filesv1.ListFolderRequest{FolderId: "7"}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// drain receives to the end.
func drain(stream grpc.ServerStreamingClient[filesv1.ListFolderResponse]) (names []string, err error) {
	for {
		m, err := stream.Recv()
		if err != nil {
			return names, err
		}
		names = append(names, m.GetItems()[0].GetName())
	}
}

// A stream that failed before its first message is opened again with the same
// request, and each message comes once. If this fails, callers list the wrong folder,
// or import files twice.
func TestAStreamIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, asked := lists(func(n int, ss listStream) error {
			if n < 3 {
				return hinting(time.Second).to(ss.Context(), n)
			}
			return errors.Join(ss.Send(page("a")), ss.Send(page("b")), ss.Send(page("c")))
		})
		stream := openListOf(t, t.Context(), p.ours(t))
		got, err := drain(stream)
		if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" || !errors.Is(err, io.EOF) {
			t.Errorf("messages (-want +got):\n%s%v, want EOF", diff, err)
		}
		if diff := cmp.Diff([]string{"7", "7", "7"}, *asked); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if len(stream.Trailer()["x-answer"]) != 0 {
			t.Errorf("trailer = %v, want that of the last attempt", stream.Trailer())
		}
	})
}

// After the first message nothing is sent again, whatever the server says: its
// messages would come twice.
func TestAStreamIsNotOpenedAgainAfterAMessage(t *testing.T) {
	for name, first := range map[string]int{"of the first attempt": 1, "of the second attempt": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := lists(func(n int, ss listStream) error {
					if n >= first {
						_ = ss.Send(page("a"))
					}
					return said{codes.Unavailable, 0, []string{"0"}}.to(ss.Context(), n)
				})
				got, err := drain(openListOf(t, t.Context(), p.ours(t)))
				if diff := cmp.Diff([]string{"a"}, got); diff != "" || p.attempts() != first {
					t.Errorf("%d attempts, want %d; messages (-want +got):\n%s", p.attempts(), first, diff)
				}
				checkRealError(t, err, codes.Unavailable, first)
			})
		})
	}
}

// An empty list is a list.
func TestAnEmptyStreamIsASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &decisions{}
		p, _ := lists(func(int, listStream) error { return nil })
		stream := openListOf(t, t.Context(), p.ours(t, interceptors.WithRetry(d.observer())))
		for range 3 {
			if m, err := stream.Recv(); !errors.Is(err, io.EOF) {
				t.Errorf("Recv = %v, %v, want EOF", m, err)
			}
		}
		if p.attempts() != 1 || len(d.reasons()) != 0 {
			t.Errorf("%d attempts, decisions %v, want 1 and none", p.attempts(), d.reasons())
		}
	})
}

// A stream that has ended stays as it ended. Loops that read once more must not send
// anything, nor get another error than before: logs would tell two stories.
func TestRecvAfterTheEnd(t *testing.T) {
	tests := map[string]struct {
		p    *remote
		code codes.Code
		want []retry.Reason
	}{
		"permanent":     {said{codes.NotFound, noHint, nil}.always(), codes.NotFound, []retry.Reason{retry.ReasonPermanent}},
		"no more tries": {said{codes.Unavailable, 0, []string{"0"}}.always(), codes.Unavailable, []retry.Reason{retry.ReasonPushback, retry.ReasonPushback, retry.ReasonAttempts}},
		"cut off":       {hinting(time.Second).hanging(), codes.ResourceExhausted, []retry.Reason{retry.ReasonHint, retry.ReasonPermanent}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &decisions{}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				stream := openListOf(t, ctx, tt.p.ours(t, interceptors.WithRetry(d.observer())))
				_, first := stream.Recv()
				attempts := tt.p.attempts()
				for range 3 {
					if _, err := stream.Recv(); err == nil || err.Error() != first.Error() || answerOf(err) != answerOf(first) || status.Code(err) != tt.code {
						t.Errorf("Recv again = %v, want %v", err, first)
					}
				}
				if diff := cmp.Diff(tt.want, d.reasons()); diff != "" || tt.p.attempts() != attempts {
					t.Errorf("%d attempts, want %d; decisions (-want +got):\n%s", tt.p.attempts(), attempts, diff)
				}
			})
		})
	}
}
