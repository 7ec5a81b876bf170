// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// More experiments that went wrong, see regressions_test.go: about what arrives.

// go-grpc-middleware opens a stream again that has delivered messages: its caller got
// 0 1 0 1 2 and no error.
func TestAStreamIsNeverDeliveredTwice(t *testing.T) {
	for _, who := range []caller{noRetry, builtIn, generated, ourClient} {
		t.Run(who.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runs := 0
				s := rerunning(failing(nil), retry.Unknown)
				s.list = func(ss listStream) error {
					runs++
					for i := range 3 {
						if i == 2 && runs == 1 {
							return brokenRead
						}
						_ = ss.Send(&filesv1.ListFolderResponse{Items: []*filesv1.Item{{Id: fmt.Sprint(i)}}})
					}
					return nil
				}
				got, err := list(t.Context(), s.dial(t, who.options()...))
				if diff := cmp.Diff([]string{"0", "1"}, got); diff != "" {
					t.Errorf("messages (-want +got):\n%s", diff)
				}
				if runs != 1 {
					t.Errorf("%d runs, want 1", runs)
				}
				checkSameFacts(t, err, brokenRead)
			})
		})
	}
}

// list returns the names of what a stream delivers, and its end.
func list(ctx context.Context, conn *grpc.ClientConn) (got []string, err error) {
	stream, err := filesv1.NewFileServiceClient(conn).ListFolder(ctx, &filesv1.ListFolderRequest{})
	for err == nil {
		var m *filesv1.ListFolderResponse
		if m, err = stream.Recv(); err == nil {
			got = append(got, m.GetItems()[0].GetId())
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return got, err
}

// failsafe-go's server interceptor ran the handler 3 times in 1 ms, put "retries
// exceeded. last result: <nil>" in front of the message, and sent the trailers of all
// runs.
func TestRunsLeaveNoTraces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := always(slowDownGet)
		a := ask(t, rerunning(succeeding(marked(up.direct)), retry.Unknown), readOnly)
		checkGaps(t, up.times(), 3, 2*time.Second)
		if got, want := status.Convert(a.err).Message(), status.Convert(slowDownGet).Message(); got != want {
			t.Errorf("message = %q, want Box's: %q", got, want)
		}
		if diff := cmp.Diff([]string{"3"}, a.trailer["x-run"]); diff != "" {
			t.Errorf("x-run (-want +got):\n%s", diff)
		}
	})
}

// 6 KiB of details killed the stream of a client whose limit is 8 KiB, as it is in Java
// and C++: INTERNAL instead of the real code. Here every run adds a header as well.
func TestALargeErrorFitsAfterThreeRuns(t *testing.T) {
	body := `{"type":"error","status":429,"code":"rate_limit_exceeded","message":"` + strings.Repeat("slow ", 1500) + `"}`
	large := upstream(translate.Box, http.MethodGet, 429, body, "Retry-After", "2")
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := rerunning(succeeding(func(ctx context.Context) error {
					_ = grpc.SetHeader(ctx, metadata.Pairs("x-large", strings.Repeat("x", 1500)))
					return large
				}), retry.Unknown)
				a := call(t.Context(), s.dial(t, grpc.WithMaxHeaderListSize(8<<10)), method)
				if got := status.Code(a.err); got != codes.ResourceExhausted {
					t.Errorf("error = %v, want RESOURCE_EXHAUSTED", a.err)
				}
				checkTold(t, a, told{2 * time.Second, "-1"})
			})
		})
	}
}

// status.FromError sends the whole text of an error that wraps a status.
func TestNoWrapTextAfterThreeRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		a := ask(t, rerunning(succeeding(func(context.Context) error {
			runs++
			return fmt.Errorf("wrap text of run %d: %w", runs, errors.Join(slowDownGet, errors.New("wrap text")))
		}), retry.Unknown), readOnly)
		if runs != 3 {
			t.Errorf("%d runs, want 3: a wrapped error is the upstream's too", runs)
		}
		checkNoWrapText(t, a.err)
	})
}

// What the schema declares is read when it is needed, and of a method that nobody has
// described nothing is assumed.
func TestAMethodWithoutASchemaIsNotRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := always(slowDownGet)
		s := rerunning(failing(nil), retry.Unknown)
		s.outside = []grpc.ServerOption{grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return up.send() })}
		a := call(t.Context(), s.dial(t), "/files.v1.FileService/Unheard")
		if up.count() != 1 {
			t.Errorf("%d requests, want 1", up.count())
		}
		checkTold(t, a, stop)
	})
}

// A server stream can be run again until its first message, and then its caller gets
// every message once.
func TestAStreamIsRunAgainBeforeItsFirstMessage(t *testing.T) {
	for _, who := range callers {
		t.Run(who.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				up := answers(slowDownGet, brokenRead, nil)
				s := rerunning(failing(nil), retry.Unknown)
				s.list = func(ss listStream) error {
					if err := up.send(); err != nil {
						return err
					}
					for i := range 3 {
						_ = ss.Send(&filesv1.ListFolderResponse{Items: []*filesv1.Item{{Id: fmt.Sprint(i)}}})
					}
					return nil
				}
				got, err := list(t.Context(), s.dial(t, who.options()...))
				if diff := cmp.Diff([]string{"0", "1", "2"}, got); diff != "" || err != nil || up.count() != 3 {
					t.Errorf("%d requests, error %v; messages (-want +got):\n%s", up.count(), err, diff)
				}
			})
		})
	}
}

// A detail of a type that this binary does not know makes protojson and grpc-gateway
// fail. It passes, and what is known beside it still counts.
func TestADetailThatIsNotLinked(t *testing.T) {
	unlinked := &anypb.Any{TypeUrl: "type.googleapis.com/acme.v1.NotLinked", Value: []byte{1, 2, 3}}
	wait, _ := anypb.New(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
	foreign := &spb.Status{Code: int32(codes.Unavailable), Message: "no", Details: []*anypb.Any{unlinked, wait}}
	ours := status.Convert(longHint).Proto()
	ours.Details = append([]*anypb.Any{unlinked}, ours.GetDetails()...)

	a := ask(t, failing(status.ErrorProto(foreign)), undeclared)
	want := &spb.Status{Code: foreign.GetCode(), Message: foreign.GetMessage(), Details: []*anypb.Any{unlinked}}
	if diff := cmp.Diff(want, status.Convert(a.err).Proto(), protocmp.Transform()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	a = ask(t, failing(status.ErrorProto(ours)), readOnly)
	if e, ok := translate.FromError(a.err); !ok || e.Reason() != "RATE_LIMIT_EXCEEDED" {
		t.Errorf("FromError(%v) = %v, want Box's error behind the unknown detail", a.err, ok)
	}
}
