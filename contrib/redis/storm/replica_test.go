// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	redisgate "github.com/boxgrpc/boxgrpc/contrib/redis"
	"github.com/boxgrpc/boxgrpc/retry"
)

// An order is what a replica is told to do, in the environment of its process.
type order struct {
	Number int           `json:"number"`
	URL    string        `json:"url"`
	Redis  string        `json:"redis"` // empty: a gate of its own
	Peer   bool          `json:"peer"`  // no gate, and somebody else's retry
	Told   bool          `json:"told"`  // the limit
	Start  time.Time     `json:"start"`
	Length time.Duration `json:"length"`
}

const orderVariable = "BOXGRPC_REPLICA"

// A report is what a replica writes when it is done.
type report struct {
	Calls  []madeCall `json:"calls"`
	Lost   int        `json:"lost"` // events
	Back   int        `json:"back"`
	Trips  int        `json:"trips"` // to Redis
	Leaked string     `json:"leaked"`
	Err    string     `json:"err"`
}

// A madeCall is when it ended, how long it took, and with which error.
type madeCall struct {
	At   time.Duration `json:"at"`
	Took time.Duration `json:"took"`
	Err  string        `json:"err,omitempty"`
}

// TestMain runs the tests, or one replica.
func TestMain(m *testing.M) {
	if text := os.Getenv(orderVariable); text != "" {
		var o order
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			panic(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(replica(o)); err != nil {
			panic(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// replica is the main function of a child process.
func replica(o order) (r report) {
	redis.SetLogger(silent{})
	var mu sync.Mutex
	observe := func(e redisgate.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Lost != nil {
			r.Lost++
			return
		}
		r.Back++
	}
	trips := &trips{}
	s, closing, err := serve(o, observe, trips)
	if err != nil {
		return report{Err: err.Error()}
	}
	r.Calls = storm(o, s.call)
	_ = s.close() // of a server that is stopped
	if err := closing(); err != nil {
		r.Err = err.Error()
	}
	r.Trips = trips.count()
	if err := goleak.Find(goleak.IgnoreTopFunction("testing.(*M).Run")); err != nil {
		r.Leaked = err.Error()
	}
	return r
}

// silent: go-redis logs each attempt to reach a Redis that is gone.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// serve builds the replica. The function that it returns closes the gate.
func serve(o order, observe func(redisgate.Event), trips *trips) (*service, func() error, error) {
	nothing := func() error { return nil }
	var limits []retry.Limit
	if o.Told {
		limits = []retry.Limit{{Requests: capacity, Per: time.Second}}
	}
	switch {
	case o.Peer:
		s, err := peer(o.URL)
		return s, nothing, err
	case o.Redis == "":
		s, err := ours(o.URL, retry.NewGate(limits...))
		return s, nothing, err
	}
	gate, err := redisgate.NewGate(context.Background(), &redis.UniversalOptions{Addrs: []string{o.Redis}},
		redisgate.WithObserver(observe), redisgate.WithHook(trips), redisgate.WithLimits(limits...))
	if err != nil {
		return nil, nil, err
	}
	s, err := ours(o.URL, gate)
	return s, gate.Close, err
}

// storm makes the calls: each caller thinks, calls, and thinks again.
func storm(o order, call func(context.Context) error) (calls []madeCall) {
	period := time.Duration(replicas * callers / wanted * float64(time.Second))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			wait(time.Until(o.Start) + time.Duration(i*replicas+o.Number)*period/(callers*replicas))
			rng := rand.New(rand.NewPCG(uint64(i), uint64(o.Number)))
			for time.Since(o.Start) < o.Length {
				began := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				err := call(ctx)
				cancel()
				c := madeCall{At: time.Since(o.Start), Took: time.Since(began)}
				if err != nil {
					c.Err = err.Error()
				}
				mu.Lock()
				calls = append(calls, c)
				mu.Unlock()
				wait(time.Duration((0.5 + rng.Float64()) * float64(period-latency)))
			}
		})
	}
	wg.Wait()
	return calls
}
