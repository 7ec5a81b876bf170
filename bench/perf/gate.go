// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/puzpuzpuz/xsync/v4"

	"github.com/boxgrpc/boxgrpc/bench/paired"
	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Of a million principals a thousand are cooling.
const (
	principals = 1 << 20
	cooling    = 1000
	cooldown   = time.Hour // longer than the measurement
)

// idleGate is what a request pays for the gate while nobody has met a 429.
func idleGate() *table {
	return &table{
		name: "idle gate", rounds: usualRounds, batch: callsOfFunctions, count: 1000,
		cases: []paired.Case{
			marked("no gate", openGate{}),
			marked("ours", retry.NewGate()),
		},
		goals: []goal{
			{id: "G10", what: "gate, nobody cools", base: "a gate that does nothing", figure: difference("ours", "no gate"), unit: nanos, of: "ours", hard: most(5), stretch: most(3), allocs: most(0)},
		},
	}
}

// openGate does nothing.
type openGate struct{ retry.Gate }

func (openGate) Mark() (retry.Mark, bool) { return 0, true }

func marked(name string, g retry.Gate) paired.Case {
	return paired.Each(name, func() {
		if _, idle := g.Mark(); !idle {
			panic("perf: somebody cools")
		}
	})
}

// busyGate is what the others pay while somebody cools.
func busyGate() *table {
	keys := newKeys(principals)
	g, m := retry.NewGate(), xsync.NewMap[retry.Key, time.Duration]()
	for i := range cooling {
		g.Throttled(context.Background(), keys.at(i), 0, cooldown)
		m.Store(keys.at(i), cooldown)
	}
	return &table{
		name: "busy gate", rounds: usualRounds, batch: callsOfFunctions, count: 1000,
		cases: []paired.Case{
			eachKey("xsync", keys, func(k retry.Key) {
				if _, ok := m.Load(k); ok {
					panic("perf: it cools")
				}
			}),
			eachKey("ours", keys, func(k retry.Key) {
				if _, _, ok := g.Enter(context.Background(), k, 0); !ok {
					panic("perf: it cools")
				}
			}),
		},
		goals: []goal{
			{id: "G10b", what: "gate, 1000 of 1M principals cool, another one enters", base: "xsync.Map lookup of the same", figure: ratio("ours", "xsync"), unit: times, of: "ours",
				hard: most(1.5), stretch: most(1), allocs: most(0)},
			{id: "G10b", what: "memory of a principal that cools, of 10,000", exact: bytesOfCooling, unit: octets, hard: most(512), stretch: most(128)},
		},
	}
}

// keys are those of a Controller: 16 bytes of hash. They lie in one string, so that a
// million of them is one thing to collect and not a million.
type keys struct {
	all string
	n   int
}

func newKeys(n int) keys {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%016x", scatter(i))
	}
	return keys{b.String(), n}
}

func (k keys) at(i int) retry.Key { return retry.Key{Principal: k.all[16*i : 16*i+16]} }

// eachKey meets those that do not cool in an order that no cache foresees.
func eachKey(name string, k keys, op func(retry.Key)) paired.Case {
	i := 0
	return paired.Each(name, func() {
		i++
		op(k.at(cooling + int(scatter(i)%uint64(k.n-cooling))))
	})
}

// bytesOfCooling counts all that the gate keeps, the key itself included.
func bytesOfCooling() float64 {
	return min(bytesOfOne(), bytesOfOne(), bytesOfOne()) // what else lives and dies meanwhile is not the gate's
}

func bytesOfOne() float64 {
	const n = 10_000
	g := retry.NewGate()
	before := heap()
	k := newKeys(n)
	for i := range n {
		g.Throttled(context.Background(), k.at(i), 0, cooldown)
	}
	after := heap()
	runtime.KeepAlive(g)
	return (float64(after) - float64(before)) / n
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what has a finalizer goes with the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// transport is a whole request that succeeds, through HTTP clients that retry.
func transport() *table {
	up := succeeding{}
	client := retryablehttp.NewClient()
	client.Logger, client.HTTPClient = nil, &http.Client{Transport: up}
	return &table{
		name: "transport", rounds: usualRounds, batch: callsOfFunctions, count: 1000,
		cases: []paired.Case{
			sentOut("none", up),
			sentOut("boxhttp", boxhttp.NewTransport(retry.New(), up)),
			sentOut("failsafehttp", failsafehttp.NewRoundTripper(up, failsafehttp.NewRetryPolicyBuilder().Build())),
			sentOut("retryablehttp", &retryablehttp.RoundTripper{Client: client}),
		},
		goals: []goal{
			{id: "G10", what: "boxhttp, a request that succeeds", base: "no transport around it", figure: difference("boxhttp", "none"), unit: nanos, of: "boxhttp"},
			{id: "G10", what: "failsafehttp retry", base: "no transport around it", figure: difference("failsafehttp", "none"), unit: nanos, of: "failsafehttp"},
			{id: "G10", what: "go-retryablehttp", base: "no transport around it", figure: difference("retryablehttp", "none"), unit: nanos, of: "retryablehttp"},
		},
	}
}

// succeeding is an upstream without a network.
type succeeding struct{}

func (succeeding) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

func sentOut(name string, rt http.RoundTripper) paired.Case {
	req := must(http.NewRequestWithContext(context.Background(), http.MethodGet, "https://api.box.com/2.0/files/1", nil))
	req.Header.Set("Authorization", "Bearer perf")
	return paired.Each(name, func() { _ = must(rt.RoundTrip(req)).Body.Close() })
}
