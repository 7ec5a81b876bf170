// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// goroutines are those of the bubble that the caller is in. Bubbles are not parallel,
// so nobody else has any.
func goroutines() int {
	synctest.Wait()
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "synctest bubble")
}

// A connection lives for months. Whatever way its calls end, nothing of them may stay
// behind, here or at the server; it would be an outage that comes by night.
func TestTheClientLeavesNothingBehind(t *testing.T) {
	ways := map[string]struct {
		p   *remote
		end func(ctx context.Context, conn *grpc.ClientConn)
	}{
		"success after failures": {newRemote(func(ctx context.Context, n int) error {
			if n%3 != 0 {
				return hinting(time.Second).to(ctx, n)
			}
			return nil
		}), ended},
		"no more attempts":      {hinting(time.Second).always(), ended},
		"a wait too long":       {hinting(time.Hour).always(), ended},
		"canceled in the wait":  {hinting(5 * time.Second).always(), canceled},
		"cut off by a deadline": {hinting(0).hanging(), canceled},
		"given up by the reader": {down.until(2), func(ctx context.Context, conn *grpc.ClientConn) {
			ctx, cancel := context.WithCancel(ctx)
			stream, err := filesv1.NewFileServiceClient(conn).ListFolder(ctx, &filesv1.ListFolderRequest{})
			if err == nil {
				_, _ = stream.Recv()
			}
			cancel()
		}},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := way.p.ours(t)
				ended(t.Context(), conn) // opens the connection
				before := goroutines()
				for range 20 {
					way.end(t.Context(), conn)
				}
				if after := goroutines(); after > before {
					t.Errorf("%d goroutines after 20 calls, %d before", after, before)
				}
			})
		})
	}
}

func ended(ctx context.Context, conn *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, method := range []string{readOnly, listFolder} {
		_ = invoke(ctx, conn, method)
	}
}

func canceled(ctx context.Context, conn *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, method := range []string{readOnly, listFolder} {
		if a := invoke(ctx, conn, method); a.err == nil {
			panic(errors.New("a call succeeded that cannot"))
		}
	}
}
