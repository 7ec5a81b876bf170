// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Whoever retries with go-grpc-middleware still finds a server that knows: the first
// RPC gets all our runs, each later one a single run. So do two who retry in
// one client, in either order.
func TestACallerWithTheMiddlewaresRetry(t *testing.T) {
	theirs := func() []grpc.DialOption {
		return []grpc.DialOption{
			grpc.WithChainUnaryInterceptor(mwretry.UnaryClientInterceptor(mwretry.WithMax(3))),
			grpc.WithChainStreamInterceptor(mwretry.StreamClientInterceptor(mwretry.WithMax(3))),
		}
	}
	tests := map[string]struct {
		options func() []grpc.DialOption
		want    int
	}{
		"theirs":              {theirs, 3 + 1 + 1},
		"theirs outside ours": {func() []grpc.DialOption { return append(theirs(), interceptors.DialOptions()...) }, 3 + 1 + 1},
		"ours outside theirs": {func() []grpc.DialOption { return append(interceptors.DialOptions(), theirs()...) }, 3 + 1 + 1},
		"ours":                {func() []grpc.DialOption { return interceptors.DialOptions() }, 3},
		"the built-in retry":  {func() []grpc.DialOption { return []grpc.DialOption{grpc.WithDefaultServiceConfig(retryPolicy)} }, 3},
		"none":                {func() []grpc.DialOption { return nil }, 3},
	}
	for name, tt := range tests {
		for _, method := range []string{readOnly, listFolder} {
			t.Run(name+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p, _ := inChain(func(context.Context, int) error { return unavailable }, retry.New(retry.WithoutBudget()))
					a := invoke(letMeIn(t.Context()), p.dial(t, tt.options()...), method)
					if p.attempts() != tt.want || status.Code(a.err) != codes.Unavailable {
						t.Errorf("%d runs and %v, want %d", p.attempts(), a.err, tt.want)
					}
				})
			})
		}
	}
}

// Outside of ours a logger of the client writes a line for each call, inside one for
// each attempt: people choose by where they put it.
func TestALoggerOfTheClient(t *testing.T) {
	for _, method := range []string{readOnly, listFolder} {
		synctest.Test(t, func(t *testing.T) {
			outside, inside, p := &accessLog{}, &accessLog{}, down.until(3)
			conn := p.dial(t, append(append([]grpc.DialOption{
				grpc.WithChainUnaryInterceptor(logging.UnaryClientInterceptor(outside)),
				grpc.WithChainStreamInterceptor(logging.StreamClientInterceptor(outside)),
			}, interceptors.DialOptions()...),
				grpc.WithChainUnaryInterceptor(logging.UnaryClientInterceptor(inside)),
				grpc.WithChainStreamInterceptor(logging.StreamClientInterceptor(inside)))...)
			if a := invoke(t.Context(), conn, method); a.err != nil {
				t.Error(a.err)
			}
			for l, want := range map[*accessLog][]string{outside: {"OK"}, inside: {"Unavailable", "Unavailable", "OK"}} {
				var got []string
				for _, line := range l.finished() {
					got = append(got, line["grpc.code"])
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: lines %v, want %v", method, got, want)
				}
			}
		})
	}
}
