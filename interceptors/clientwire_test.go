// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Where headers are on their way, grpc-go's built-in retry gives up, whatever the
// server asks for. Handlers and middleware that send headers early would cost their
// callers every retry.
func TestTheClientRetriesAfterHeaders(t *testing.T) {
	options := map[string]struct {
		options []grpc.DialOption
		want    int
	}{
		"ours":     {interceptors.DialOptions(), 2},
		"built in": {[]grpc.DialOption{grpc.WithDefaultServiceConfig(retryPolicy)}, 1},
	}
	for name, tt := range options {
		for _, method := range []string{readOnly, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newRemote(func(ctx context.Context, n int) error {
						if n > 1 {
							return nil
						}
						_ = grpc.SendHeader(ctx, metadata.Pairs("x-early", "1"))
						return said{codes.Unavailable, noHint, []string{"100"}}.to(ctx, n)
					})
					a := invoke(t.Context(), p.dial(t, tt.options...), method)
					if p.attempts() != tt.want || (a.err == nil) != (tt.want > 1) {
						t.Errorf("%d requests and %v, want %d", p.attempts(), a.err, tt.want)
					}
					if early := a.header["x-early"]; a.err == nil && len(early) != 0 {
						t.Errorf("x-early = %q, want nothing of the attempt that failed", early)
					}
				})
			})
		}
	}
}

// A gRPC service behind net/http, as connect's are too, and one behind a proxy that
// splits the answer, always sends headers first: there the built-in retry never
// retries. It is real HTTP/2 over the loopback interface; nothing waits.
func TestTheClientRetriesBehindNetHTTP(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			pushback := said{codes.Unavailable, noHint, []string{"1"}}
			ours, builtIn := pushback.until(2), pushback.until(2)
			if a := invoke(t.Context(), ours.behindHTTP(t, interceptors.DialOptions()...), method); a.err != nil || ours.attempts() != 2 {
				t.Errorf("ours: %d requests and %v, want 2 and success", ours.attempts(), a.err)
			}
			a := invoke(t.Context(), builtIn.behindHTTP(t, grpc.WithDefaultServiceConfig(retryPolicy)), method)
			if status.Code(a.err) != codes.Unavailable || builtIn.attempts() != 1 {
				t.Errorf("built in: %d requests and %v, want 1 and UNAVAILABLE: if it retries now, the documentation is wrong", builtIn.attempts(), a.err)
			}
		})
	}
}

// behindHTTP serves p through grpc.Server.ServeHTTP.
func (p *remote) behindHTTP(t *testing.T, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer()
	filesv1.RegisterFileServiceServer(srv, p)
	web := &http.Server{Handler: srv, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	web.Protocols.SetUnencryptedHTTP2(true)
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = web.Serve(lis) }()
	t.Cleanup(func() { _ = web.Close() })
	conn, err := grpc.NewClient("passthrough:///"+lis.Addr().String(), append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// The word of one attempt holds for the next only. If the trailer of an earlier one
// counted again, a write would be sent once more on somebody else's leave.
func TestAPushbackCountsOnce(t *testing.T) {
	local := status.Error(codes.Unavailable, "this one did not leave the machine")
	inside := []grpc.DialOption{
		insideUnary(func(n int, send func() error) error {
			if n == 2 {
				return local
			}
			return send()
		}),
		insideStream(func(n int, open func() (grpc.ClientStream, error)) (grpc.ClientStream, error) {
			if n == 2 {
				return nil, local
			}
			return open()
		}),
	}
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := said{codes.Unavailable, noHint, []string{"0"}}.always()
				a := invoke(t.Context(), p.dial(t, append(interceptors.DialOptions(interceptors.WithCallSafety(retry.Unknown)), inside...)...), method)
				if status.Convert(a.err).Message() != "this one did not leave the machine" || p.attempts() != 1 {
					t.Errorf("%d requests and %v, want 1, and the error of the second attempt", p.attempts(), a.err)
				}
			})
		})
	}
}

// In a storm the retries of a client end before they become the storm. All calls of
// a connection count, unary and streams, and the real error stays.
func TestTheBudgetIsThatOfTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := down.always()
		conn := p.ours(t)
		before := 0
		for i, tt := range []struct {
			method string
			want   int
		}{{readOnly, 3}, {listFolder, 2}, {readOnly, 1}, {listFolder, 1}} {
			a := invoke(t.Context(), conn, tt.method)
			if got := p.attempts() - before; got != tt.want {
				t.Errorf("call %d: %d attempts, want %d", i+1, got, tt.want)
			}
			before = p.attempts()
			checkRealError(t, a.err, codes.Unavailable, before)
		}
		other := down.until(2)
		if a := invoke(t.Context(), other.ours(t), readOnly); a.err != nil {
			t.Errorf("another connection: %v, want success: its budget is its own", a.err)
		}
	})
}

// Successes refill the budget: without that, one bad minute would end the retries of
// a connection for good. Each gives back a tenth, unary ones and streams alike.
func TestSuccessesRefillTheBudget(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := true
				p := newRemote(func(ctx context.Context, n int) error {
					if broken {
						return down.to(ctx, n)
					}
					return nil
				})
				conn := p.ours(t)
				attempts := func() int {
					before := p.attempts()
					_ = invoke(t.Context(), conn, method)
					return p.attempts() - before
				}
				for range 3 {
					attempts() // 6 tokens are gone
				}
				broken = false
				for range 20 {
					attempts()
				}
				broken = true
				if got := attempts(); got != 1 { // 4 of 10 are gone, and this one makes 5
					t.Errorf("after 20 successes: %d attempts, want 1", got)
				}
				broken = false
				for range 11 {
					attempts()
				}
				broken = true
				if got := attempts(); got != 2 {
					t.Errorf("after 11 more: %d attempts, want 2", got)
				}
			})
		})
	}
}

// A success that took two attempts is a success: if it gave nothing back, a server that
// refuses every other request would end all retries in a minute.
func TestASuccessAfterARetryRefillsTheBudget(t *testing.T) {
	for name, method := range map[string]string{"unary": readOnly, "stream": listFolder, "empty stream": listFolder} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newRemote(func(ctx context.Context, n int) error {
					if n%2 == 1 {
						return down.to(ctx, n)
					}
					return nil
				})
				if name == "empty stream" {
					p.list = func(ss listStream) error { return p.unary(ss.Context()) }
				}
				conn := p.ours(t, interceptors.WithRetry(retry.WithBudget(3, 1)))
				for i := range 5 {
					if a := invoke(t.Context(), conn, method); a.err != nil {
						t.Errorf("call %d = %v, want success", i+1, a.err)
					}
				}
			})
		})
	}
}
