// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package redisgate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boxgrpc/boxgrpc/contrib/redis/internal/redistest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A step of a random history: time passes, requests are let through, a 429 comes, and
// numbers are drawn.
type step struct {
	elapsed   time.Duration
	passed    int
	throttled bool
	wait      time.Duration
	numbers   int
}

func history(seed uint64, n int) []step {
	rng := rand.New(rand.NewPCG(seed, 0))
	steps := make([]step, n)
	for i := range steps {
		steps[i] = step{elapsed: time.Duration(rng.IntN(500_000)) * time.Microsecond, numbers: rng.IntN(20)}
		if rng.IntN(2) == 0 {
			steps[i].passed = rng.IntN(30)
		}
		if rng.IntN(8) == 0 {
			steps[i].throttled = true
			steps[i].wait = time.Duration(rng.IntN(4)-1) * time.Second
		}
	}
	steps[0].elapsed = 0 // it is new then
	return steps
}

// alone is what a replica on its own makes of a step.
func (s *state) alone(st step) {
	s.advance(st.elapsed)
	if st.passed > 0 {
		s.passed(st.passed)
	}
	if st.throttled {
		s.rest = max(s.rest, micros(s.punish(st.wait)))
		s.tail = max(s.tail, s.pos)
	}
	for range st.numbers {
		if number := max(s.tail, s.pos-s.rate*spare.Seconds()); number-s.pos < maxWaiting {
			s.tail = number + 1
		}
	}
}

// A replica on its own that learned otherwise than Redis does would bring another pace back.
// The clock of the script is ours here.
func TestTheScriptAndAReplicaOnItsOwnAgree(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer client.Close()
	clocked := strings.Replace(script, "redis.call('TIME')", "{redis.call('GET', 'clock'), 0}", 1)
	for seed, told := range []float64{0, 0, 0, 50, 50, 0.01} {
		s, now := fresh(told), time.Now().Truncate(time.Microsecond)
		keys := []string{fmt.Sprint("key", seed), "index"}
		for i, st := range history(uint64(seed), 300) {
			before := s.String()
			now = now.Add(st.elapsed)
			s.alone(st)
			wait := any("")
			if st.throttled {
				wait = st.wait.Microseconds()
			}
			args := []any{"channel", "id", 1e18, st.passed, wait, "1", 0, before}
			for range st.numbers {
				args = append(args, int64(math.MaxInt64))
			}
			client.Set(t.Context(), "clock", fmt.Sprintf("%.6f", float64(now.UnixMicro())/1e6), 0)
			words, err := client.Eval(t.Context(), clocked, keys, args...).StringSlice()
			if err != nil {
				t.Fatal(err)
			}
			got, err := parse(words[0])
			if err != nil {
				t.Fatal(err)
			}
			got.seq, got.closing, got.born, got.crowd = s.seq, s.closing, s.born, s.crowd
			if !alike(got, s) {
				t.Fatalf("told %v, step %d, %+v:\nscript  %v\nreplica %v", told, i, st, &got, &s)
			}
		}
	}
}

// Two replicas are told 429 at the same time, and neither has heard of the other. The second
// is no news: it would halve the pace once more. A replica that has forgotten the key, which
// others still keep, reports what is news.
func TestTheScriptTellsNewsByTime(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer client.Close()
	clocked := strings.Replace(script, "redis.call('TIME')", "{redis.call('GET', 'clock'), 0}", 1)
	start, s := time.Now().Unix(), fresh(0)
	call := func(at int64, id string, seen float64, wait int64) state {
		client.Set(t.Context(), "clock", start+at, 0)
		words, err := client.Eval(t.Context(), clocked, []string{id, "index"}, "channel", id, seen, 1, wait, "1", 0, s.String()).StringSlice()
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(words[0])
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := call(0, "a", 0, 5e6)
	if same := call(1, "a", 0, 1e6); same.closing != first.closing || same.rate != first.rate || same.rest != 4e6 {
		t.Errorf("at the same time: %v\nafter  %v", &same, &first)
	}
	if forgotten := call(10, "a", 0, 5e6); forgotten.closing <= first.closing || forgotten.rate >= first.rate {
		t.Errorf("10 s later: %v\nafter %v", &forgotten, &first)
	}
	call(3600, "b", 0, 5e6)
	if ids := client.ZRange(t.Context(), "index", 0, -1).Val(); !slices.Equal(ids, []string{"b"}) {
		t.Errorf("keys %q, want the one that has not ended", ids)
	}
}

// Numbers that a replica took while Redis was late are gone for the others, too, or all
// together would send more than the pace. A Redis that began anew was told the whole queue.
func TestNumbersTakenWithoutAskingCount(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer client.Close()
	s := fresh(0)
	call := func(owed int) {
		t.Helper()
		words, err := client.Eval(t.Context(), script, []string{"key", "index"}, "channel", "id", 0, 0, "", "0", owed, s.String()).StringSlice()
		if err != nil {
			t.Fatal(err)
		}
		if s, err = parse(words[0]); err != nil {
			t.Fatal(err)
		}
	}
	if call(5); s.tail != 0 {
		t.Errorf("tail = %v in a Redis that began anew, want 0", s.tail)
	}
	if call(5); s.tail != 5 {
		t.Errorf("tail = %v, want 5", s.tail)
	}
	if s.born++; s.born > 0 {
		call(5)
	}
	if s.tail != 5 {
		t.Errorf("tail = %v after what was taken from another Redis, want 5", s.tail)
	}
}

// alike allows for a clock in microseconds, over 300 steps.
func alike(a, b state) bool {
	return slices.EqualFunc(fields(a), fields(b), func(x, y float64) bool {
		return math.Abs(x-y) <= 1e-3*max(1, math.Abs(x)/1000)
	})
}

func fields(s state) (all []float64) {
	for _, f := range s.fields() {
		all = append(all, *f)
	}
	return all
}

// Then both are the pace of retry, where its reasons and its storms are. What it is shows
// in how long the fourth in the queue has to wait, while the key stays closed.
func TestThePaceIsThatOfRetry(t *testing.T) {
	key := retry.Key{Principal: "alice"}
	for seed, limit := range []*retry.Limit{nil, nil, nil, {Requests: 100, Per: time.Second}, {Requests: 1, Per: time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var limits []retry.Limit
			if limit != nil {
				limits = append(limits, *limit)
			}
			g, s := retry.NewGate(limits...), fresh(told(limits)[""])
			closed := time.Hour
			throttle := func() {
				m, _ := g.Mark()
				g.Throttled(ctx, key, m, closed)
				s.rest = max(s.rest, micros(s.punish(closed)))
			}
			throttle()
			for range 3 {
				go g.Enter(ctx, key, math.MaxInt64)
				s.tail++
			}
			synctest.Wait()
			rng := rand.New(rand.NewPCG(uint64(seed), 1))
			for i := range 200 {
				m, _ := g.Mark()
				for range rng.IntN(40) {
					g.Passed(ctx, key, m)
					s.passed(1)
				}
				if rng.IntN(3) == 0 {
					closed += time.Duration(rng.IntN(1000)) * time.Millisecond
					throttle()
				}
				_, want, _ := g.Enter(ctx, key, 0)
				if got := duration(s.rest + s.after(3)); (got - want).Abs() > 2*time.Microsecond {
					t.Fatalf("seed %d, step %d: left = %v, retry says %v", seed, i, got, want)
				}
			}
		})
	}
}
