// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// callers is how many wait for an answer at any time.
const callers = 64

// roundTrip is a service as it stands: callers, the service, and an upstream that says
// 409, all over TCP and all on this machine. So what counts is processor time.
func roundTrip() *table {
	t := &table{name: "round trip", rounds: 40, batch: roundTrips}
	url := t.upstream()
	base := &http.Transport{MaxIdleConnsPerHost: callers}
	t.ends = append(t.ends, base.CloseIdleConnections)
	ctl := retry.New()
	ours := chainServer(interceptors.UnaryServerInterceptor(ctl))
	for _, d := range []struct {
		name   string
		rt     http.RoundTripper
		server []grpc.ServerOption
		read   func(*http.Response) error
	}{
		{"bare", base, nil, readNothing},
		{"ours", base, ours, translate.Box.CheckResponse},
		{"boxhttp", boxhttp.NewTransport(ctl, base), ours, translate.Box.CheckResponse},
		{"naive", base, nil, readNaively},
	} {
		t.add(d.name, loopback, asks(&http.Client{Transport: d.rt}, url, d.read), d.server, nil,
			func(cc *grpc.ClientConn, n int) { crowd(n, func() { mustFail(call(cc)) }) })
	}
	t.goals = []goal{
		{id: "G7b", what: "round trip, 409 translated, requests a second", base: "bare status, body discarded", figure: speed("ours", "bare"), unit: times, hard: least(0.68), stretch: least(0.72)},
		{id: "G7b", what: "round trip, 409 translated, requests a second", base: "ReadAll + encoding/json + WithDetails", figure: speed("ours", "naive"), unit: times, hard: least(1.22)},
		{id: "G7b", what: "the same through boxhttp", base: "bare status, body discarded", figure: speed("boxhttp", "bare"), unit: times},
		{id: "G7b", what: "ReadAll + encoding/json + WithDetails", base: "bare status, body discarded", figure: speed("naive", "bare"), unit: times},
	}
	return t
}

// crowd does n operations, by all callers together.
func crowd(n int, op func()) {
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				op()
			}
		})
	}
	all.Wait()
}

// upstream starts a server that answers with one conflict after the other.
func (t *table) upstream() string {
	lis := must(net.Listen("tcp", "127.0.0.1:0"))
	all := conflicts()
	var i atomic.Int64
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a := all[i.Add(1)%variants]
		for name := range a.Header {
			w.Header().Set(name, a.Header.Get(name))
		}
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body)
	})}
	go func() { _ = srv.Serve(lis) }()
	t.ends = append(t.ends, func() { _ = srv.Close() })
	return "http://" + lis.Addr().String() + "/files/content"
}

// asks is a handler that asks the upstream.
func asks(client *http.Client, url string, read func(*http.Response) error) handler {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer perf")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close() //nolint:errcheck // it was read
		return read(resp)
	}
}

func readNothing(resp *http.Response) error {
	_, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return err
	}
	return status.Error(codes.AlreadyExists, "Item with the same name already exists")
}

func readNaively(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	st, err := naive(body)
	if err != nil {
		return err
	}
	return st.Err()
}
