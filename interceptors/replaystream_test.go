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
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Each run works on what the caller asked for, to the last field, those that this
// service does not know included. Else the second run does something else.
func TestTheRequestIsReplayed(t *testing.T) {
	want := &filesv1.ListFolderRequest{FolderId: "42", PageSize: 7}
	want.ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 0x01}) // field 127, of a later version
	calls := map[string]func(context.Context, *grpc.ClientConn) error{
		"unary": func(ctx context.Context, conn *grpc.ClientConn) error {
			return conn.Invoke(ctx, readOnly, want, &filesv1.GetFileResponse{})
		},
		"stream": func(ctx context.Context, conn *grpc.ClientConn) error {
			stream, err := filesv1.NewFileServiceClient(conn).ListFolder(ctx, want)
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got [][]byte
				s := succeeding(until(3, func(context.Context, int) {}))
				s.surround(retry.New(), observed(func(req any) {
					b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(req.(proto.Message))
					got = append(got, b)
				}))
				if err := call(t.Context(), s.dial(t)); err != nil {
					t.Errorf("error = %v, want success", err)
				}
				if len(got) != 3 {
					t.Fatalf("%d runs, want 3", len(got))
				}
				for i, b := range got {
					req := &filesv1.ListFolderRequest{}
					if err := proto.Unmarshal(b, req); err != nil || !proto.Equal(req, want) && name == "stream" || string(b) != string(got[0]) {
						t.Errorf("request of run %d: %v (-want +got):\n%s", i+1, err, cmp.Diff(want, req, protocmp.Transform()))
					}
				}
			})
		})
	}
}

// A request that was not received in the first run is received in the second, and one
// that only the first run received is received again in the third.
func TestARunThatFailsBeforeItReceives(t *testing.T) {
	for name, failsEarly := range map[string][]bool{"first": {true, false}, "second": {false, true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run, got := 0, ""
				s := succeeding(until(3-count(failsEarly), func(context.Context, int) {}))
				s.surround(retry.New(), inner{stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
					run++
					if run <= len(failsEarly) && failsEarly[run-1] {
						return slowDownGet
					}
					return h(srv, &observedStream{ss, func(req any) { got = req.(*filesv1.ListFolderRequest).GetFolderId() }})
				}})
				stream, err := filesv1.NewFileServiceClient(s.dial(t)).ListFolder(t.Context(), &filesv1.ListFolderRequest{FolderId: "42"})
				if err == nil {
					_, err = stream.Recv()
				}
				if err != nil || run != 3 || got != "42" {
					t.Errorf("%d runs, request %q, %v; want 3, 42, success", run, got, err)
				}
			})
		})
	}
}

func count(all []bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}

// A handler that asks for another message than before gets an error, and no crash and
// no half-filled message.
func TestARunThatReceivesAnotherType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		s := failing(nil)
		s.surround(retry.New(), inner{stream: func(_ any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
			runs++
			if runs == 1 {
				_ = ss.RecvMsg(&filesv1.ListFolderRequest{})
				return slowDownGet
			}
			for _, m := range []any{&filesv1.GetFileRequest{}, "no message"} {
				if err := ss.RecvMsg(m); err == nil {
					t.Errorf("RecvMsg(%T) = nil, want an error", m)
				}
			}
			return status.Error(codes.Internal, "done")
		}})
		if a := ask(t, s, listFolder); runs != 2 || status.Code(a.err) != codes.Internal {
			t.Errorf("%d runs, %v; want 2, INTERNAL", runs, a.err)
		}
	})
}

// Streams on which the caller sends more than one message are run again only if none
// was received: it is gone.
func TestStreamsOfTheCaller(t *testing.T) {
	situations := map[string]struct {
		receive func(grpc.ServerStream) error
		runs    int
	}{
		"nothing received": {func(grpc.ServerStream) error { return nil }, 3},
		"one received":     {func(ss grpc.ServerStream) error { return ss.RecvMsg(&filesv1.UploadFileRequest{}) }, 1},
		"the end received": {func(ss grpc.ServerStream) error {
			for {
				if err := ss.RecvMsg(&filesv1.UploadFileRequest{}); err != nil {
					return nil
				}
			}
		}, 1},
		"one sent": {func(ss grpc.ServerStream) error { return ss.SendMsg(&filesv1.UploadFileResponse{}) }, 1},
	}
	for name, tt := range situations {
		for _, method := range []string{uploadFile, "/files.v1.FileService/Both"} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					runs := 0
					handler := func(_ any, ss grpc.ServerStream) error {
						if runs++; runs == 4 {
							return errors.New("too often")
						}
						if err := tt.receive(ss); err != nil {
							t.Error(err)
						}
						return slowDown
					}
					s := rerunning(failing(nil), retry.Idempotent)
					s.upload = func(ss uploadStream) error { return handler(nil, ss) }
					s.outside = []grpc.ServerOption{grpc.UnknownServiceHandler(handler)} // a stream in both directions
					desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: method != uploadFile}
					err := sendTwo(t.Context(), s.dial(t), desc, method)
					if runs != tt.runs || status.Code(err) != codes.ResourceExhausted {
						t.Errorf("%d runs, %v; want %d, RESOURCE_EXHAUSTED", runs, err, tt.runs)
					}
				})
			})
		}
	}
}

// sendTwo returns the error of a stream on which two messages are sent.
func sendTwo(ctx context.Context, conn *grpc.ClientConn, desc *grpc.StreamDesc, method string) error {
	stream, err := conn.NewStream(ctx, desc, method)
	for range 2 {
		if err == nil {
			err = stream.SendMsg(&filesv1.UploadFileRequest{})
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = stream.CloseSend()
	}
	for err == nil {
		err = stream.RecvMsg(&filesv1.UploadFileResponse{})
	}
	return err
}

// A handler that waits for the caller in a goroutine of its own may fail before it
// hears anything. The goroutine still waits then, and would take the message that the
// next run needs; so there must be no next run.
func TestAPendingReceiveIsNotRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		s := rerunning(failing(nil), retry.Idempotent)
		s.upload = func(ss uploadStream) error {
			runs++
			go func() { _, _ = ss.Recv() }()
			synctest.Wait() // until it waits
			return slowDown
		}
		stream, err := filesv1.NewFileServiceClient(s.dial(t)).UploadFile(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { _ = stream.Send(&filesv1.UploadFileRequest{}) })
		if err := stream.RecvMsg(&filesv1.UploadFileResponse{}); runs != 1 || status.Code(err) != codes.ResourceExhausted {
			t.Errorf("%d runs, %v; want 1, RESOURCE_EXHAUSTED", runs, err)
		}
	})
}
