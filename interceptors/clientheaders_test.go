// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/interceptors"
)

// Headers that the caller has read cannot be taken back; those of a failed RPC that
// has none are no reason to give up.
func TestHeadersThatTheCallerHasRead(t *testing.T) {
	for name, sends := range map[string]bool{"sent": true, "none": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := lists(func(n int, ss listStream) error {
					if sends || n > 1 {
						_ = ss.SendHeader(metadata.Pairs("x-attempt", string(rune('0'+n))))
					}
					if n > 1 {
						return ss.Send(page("a"))
					}
					return hinting(time.Second).to(ss.Context(), n)
				})
				stream := openListOf(t, t.Context(), p.ours(t))
				header, err := stream.Header()
				if err != nil || sends != (len(header["x-attempt"]) == 1) {
					t.Fatalf("Header = %v, %v", header, err)
				}
				_, err = stream.Recv()
				if sends {
					checkRealError(t, err, codes.ResourceExhausted, 1)
					return
				}
				header, _ = stream.Header()
				if err != nil || !slices.Equal(header["x-attempt"], []string{"2"}) {
					t.Errorf("Recv: %v, Header = %v, want success and the header of attempt 2", err, header)
				}
			})
		})
	}
}

// Callers may ask for headers at any time. Those of an attempt that failed, once given
// out, bind the stream to it, or they would speak of other messages than come.
func TestHeadersThatTheCallerReadsDuringTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := lists(func(n int, ss listStream) error {
			_ = ss.SendHeader(metadata.Pairs("x-attempt", string(rune('0'+n))))
			if n > 1 {
				return ss.Send(page("a"))
			}
			return hinting(time.Second).to(ss.Context(), n)
		})
		stream := openListOf(t, t.Context(), p.ours(t))
		headers := make(chan metadata.MD, 1)
		time.AfterFunc(500*time.Millisecond, func() {
			header, _ := stream.Header()
			headers <- header
		})
		_, err := stream.Recv()
		if got := (<-headers)["x-attempt"]; len(got) != 1 || (err == nil) != (got[0] == "2") {
			t.Errorf("Recv = %v with the header of attempt %v, want the two of one attempt", err, got)
		}
	})
}

// Readers ask for headers in one goroutine and for messages in another. Run under the
// race detector.
func TestAStreamIsUsedFromSeveralGoroutines(t *testing.T) {
	for range 10 {
		synctest.Test(t, func(t *testing.T) {
			p, _ := lists(func(n int, ss listStream) error {
				if n < 3 {
					return hinting(time.Second).to(ss.Context(), n)
				}
				return ss.Send(page("a"))
			})
			stream := openListOf(t, t.Context(), p.ours(t))
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { time.Sleep(100 * time.Millisecond); _, _ = stream.Header() })
				wg.Go(func() { time.Sleep(1100 * time.Millisecond); _ = stream.Context(); _ = stream.CloseSend() })
			}
			got, err := drain(stream)
			wg.Wait()
			if len(got) != 1 || !errors.Is(err, io.EOF) {
				t.Errorf("messages %v, %v, want one", got, err)
			}
		})
	}
}

// A server that is just starting refuses connections. Streams that meet it are opened
// again like unary RPCs, though there is no stream yet that could fail.
func TestAStreamThatCannotBeOpened(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := hinting(0).until(1)
				lis := p.serve(t)
				dials := 0
				options := append(interceptors.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()),
					grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: time.Microsecond, Multiplier: 1, MaxDelay: time.Microsecond}}),
					grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
						if dials++; dials == 1 {
							return nil, errors.New("connection refused")
						}
						return lis.DialContext(ctx)
					}))
				conn, err := grpc.NewClient("passthrough:///bufconn", options...)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				if a := invoke(t.Context(), conn, method); a.err != nil || dials < 2 || !slices.Equal(p.mds[0][attemptKey], []string{"1"}) {
					t.Errorf("%d dials, metadata %v, error %v, want 2, an attempt 1 and success", dials, p.mds, a.err)
				}
			})
		})
	}
}
