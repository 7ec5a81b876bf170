// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A service of several replicas. What differs from the README of boxgrpc is the gate and the
// salt. That it needs a Redis is why go test only compiles it; contrib/redis/example runs.
func ExampleNewGate() { //nolint:testableexamples // it needs a Redis
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gate, err := redisgate.NewGate(ctx, &redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}},
		redisgate.WithLimits(boxhttp.BoxLimits()...),
		redisgate.WithObserver(func(e redisgate.Event) {
			if e.Lost != nil {
				log.Printf("on our own: %v", e.Lost)
				return
			}
			log.Printf("Redis is back after %v", e.Away)
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gate.Close()
	ctl := retry.New(retry.WithGate(gate), retry.WithSalt([]byte(os.Getenv("GATE_SALT"))))
	box := &http.Client{Transport: boxhttp.NewTransport(ctl, nil)}
	srv := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)))
	_, _ = box, srv
}
