// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Command example shows two replicas behind one limit. The first is told 429; the second,
// which was told nothing, waits as well. It needs a Redis:
//
//	redis-server --port 6379 --save "" &
//	go run ./example -redis 127.0.0.1:6379
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/retry"
)

func main() {
	addr := flag.String("redis", "127.0.0.1:6379", "host:port")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *addr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, addr string) error {
	box := httptest.NewServer(throttleFirst())
	defer box.Close()
	start := time.Now()
	for _, name := range []string{"first", "second"} {
		gate, err := redisgate.NewGate(ctx, &redis.UniversalOptions{Addrs: []string{addr}}, redisgate.WithPrefix("example"))
		if err != nil {
			return err
		}
		defer func() { _ = gate.Close() }()
		ctl := retry.New(retry.WithGate(gate), retry.WithSalt([]byte("shared by replicas")))
		replica := &http.Client{Transport: boxhttp.NewTransport(ctl, nil)}
		defer replica.CloseIdleConnections()
		if name == "first" {
			ctl = ctl.With(retry.WithMaxAttempts(1)) // it does not wait
			replica.Transport = boxhttp.NewTransport(ctl, nil)
		}
		status, err := get(ctx, replica, box.URL)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s replica: %s after %.0f s\n", name, status, time.Since(start).Seconds())
	}
	return nil
}

// throttleFirst answers the first request with 429, and wants a second to pass.
func throttleFirst() http.HandlerFunc {
	sent := 0
	return func(w http.ResponseWriter, _ *http.Request) {
		if sent++; sent == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
}

func get(ctx context.Context, replica *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/2.0/files/1", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer of-one-user")
	resp, err := replica.Do(req)
	if err != nil {
		return "", err
	}
	return resp.Status, resp.Body.Close()
}
