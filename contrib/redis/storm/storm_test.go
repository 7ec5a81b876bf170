// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
)

var (
	length = flag.Duration("length", 0, "of the storms of the table; 0 runs the short form")
	model  = flag.String("model", "window", "of the upstream: window or penalty")
	update = flag.Bool("update", false, "save the figures in testdata")
)

// A variant is one row of the table.
type variant struct {
	name   string
	redis  bool
	killed bool // Redis, from two to three fifths
	told   bool // the limit
	peer   bool
	goals  goals
}

// goals are what a row must reach; 0 is none.
type goals struct {
	sent    float64 // at most
	goodput float64 // of the second half, at least
	fails   bool    // calls may fail
}

var variants = []variant{
	{name: "one gate in Redis", redis: true, goals: goals{sent: 1.05, goodput: 0.90}},
	{name: "one gate in Redis, which is killed and comes back", redis: true, killed: true},
	{name: "one gate in Redis, told the limit", redis: true, told: true, goals: goals{sent: 1.05, goodput: 0.95}},
	{name: "a gate each"},
	{name: "a gate each, told the limit", told: true, goals: goals{fails: true}},
	{name: "go-grpc-middleware retry, max 5, exponential, jitter", peer: true, goals: goals{fails: true}},
}

// An outcome is what counts in the end.
type outcome struct {
	Variant string  `json:"variant"`
	Sent    float64 `json:"sent"`    // requests for each success
	Goodput float64 `json:"goodput"` // of the second half
	Calls   int     `json:"calls"`
	Failed  int     `json:"failed"`
	P50     float64 `json:"p50"` // seconds, of the successes
	P99     float64 `json:"p99"`
	Trips   float64 `json:"trips"` // to Redis, for each request
	Lost    int     `json:"lost"`  // how often a replica lost Redis
}

// run is one storm. It checks what no figure shows: leaks, events, connections.
func run(t *testing.T, v variant, length time.Duration) outcome {
	t.Helper()
	start := time.Now().Add(2 * time.Second)
	up := newUpstream(*model == "penalty")
	srv := httptest.NewServer(up)
	defer srv.Close()
	o := order{URL: srv.URL, Peer: v.peer, Told: v.told, Start: start, Length: length}
	var server *redistest.Server
	if v.redis {
		server = redistest.Start(t)
		o.Redis = server.Addr
	}
	reports := make([]report, replicas)
	var wg sync.WaitGroup
	for i := range reports {
		mine := o
		mine.Number = i
		wg.Go(func() { reports[i] = child(t, mine) })
	}
	if v.killed {
		wait(time.Until(start.Add(length * 2 / 5)))
		server.Kill()
		wait(time.Until(start.Add(length * 3 / 5)))
		server.Restart()
	}
	wg.Wait()
	for i, r := range reports {
		checkReport(t, v, i, r)
	}
	if v.redis {
		if n := server.Clients(); n != 1 {
			t.Errorf("%s: %d connections to Redis are left", v.name, n-1)
		}
	}
	return sum(v, reports, up.requests(), length)
}

// child runs a replica in a process of its own.
func child(t *testing.T, o order) (r report) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Error(err)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		t.Errorf("replica %d: %v", o.Number, err)
	}
	return r
}

func checkReport(t *testing.T, v variant, number int, r report) {
	t.Helper()
	if r.Err != "" || r.Leaked != "" {
		t.Errorf("%s, replica %d: %s\nleaked: %s", v.name, number, r.Err, r.Leaked)
	}
	if v.killed && (r.Lost == 0 || r.Back != r.Lost) {
		t.Errorf("%s, replica %d: lost %d times, back %d times", v.name, number, r.Lost, r.Back)
	}
}

func sum(v variant, reports []report, sent int, length time.Duration) outcome {
	o := outcome{Variant: v.name}
	var seconds []float64
	late, trips := 0, 0
	for _, r := range reports {
		o.Calls += len(r.Calls)
		trips += r.Trips
		o.Lost += r.Lost
		for _, c := range r.Calls {
			if c.Err != "" {
				o.Failed++
				continue
			}
			seconds = append(seconds, c.Took.Seconds())
			if c.At >= length/2 && c.At < length {
				late++
			}
		}
	}
	slices.Sort(seconds)
	n := max(len(seconds), 1)
	seconds = append(seconds, 0)
	o.Sent = float64(sent) / float64(n)
	o.Goodput = float64(late) / capacity / (length / 2).Seconds()
	o.P50, o.P99 = seconds[n/2], seconds[n*99/100]
	o.Trips = float64(trips) / float64(max(sent, 1))
	return o
}

func (g goals) missed(o outcome) (missed string) {
	if g.sent > 0 && o.Sent > g.sent {
		missed += fmt.Sprintf(" sent/success > %v", g.sent)
	}
	if o.Goodput < g.goodput {
		missed += fmt.Sprintf(" goodput < %v", g.goodput)
	}
	if !g.fails && o.Failed > 0 {
		missed += " calls failed"
	}
	return missed
}

// TestReplicas is the table in short: two rows that count. It is too short to learn in.
func TestReplicas(t *testing.T) {
	if *length > 0 {
		t.Skip("TestTable runs")
	}
	short := map[string]variant{
		"told":   {name: "told", redis: true, told: true, goals: goals{sent: 1.05, goodput: 0.90}},
		"killed": {name: "killed", redis: true, killed: true, told: true},
	}
	for name, v := range short {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := run(t, v, 14*time.Second)
			if o.Lost > 0 && !v.killed {
				t.Logf("Redis was lost %d times: a machine that misses 20 ms measures itself; once more", o.Lost)
				if o = run(t, v, 14*time.Second); o.Lost > 0 {
					v.goals.goodput = 0 // what is sent for nothing counts all the same
				}
			}
			if missed := v.goals.missed(o); missed != "" {
				t.Errorf("missed:%s: %+v", missed, o)
			}
		})
	}
}

// TestTable runs all variants at the same time, so that the same machine carries them.
func TestTable(t *testing.T) {
	if *length == 0 {
		t.Skip("-length is not set")
	}
	outcomes := make([]outcome, len(variants))
	t.Run("all", func(t *testing.T) {
		for i, v := range variants {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				outcomes[i] = run(t, v, *length)
			})
		}
	})
	table(os.Stdout, outcomes)
	if *update {
		save(t, outcomes)
	}
	for i, v := range variants {
		if missed := v.goals.missed(outcomes[i]); missed != "" {
			t.Errorf("%s: missed:%s", v.name, missed)
		}
	}
}
