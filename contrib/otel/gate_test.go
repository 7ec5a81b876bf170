// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	boxgrpcotel "github.com/boxgrpc/boxgrpc/contrib/otel"
	"github.com/boxgrpc/boxgrpc/retry"
)

// While an upstream holds a service back, its team needs to see that it does, and how many
// requests wait.
func TestTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, option := newMeters()
		ctl := retry.New(retry.WithObserver(boxgrpcotel.Observer(option)),
			retry.WithGate(boxgrpcotel.Gate(retry.NewGate(), option)), retry.WithMaxAttempts(1))
		ctx := retry.WithKey(t.Context(), "alice")
		gated := func() []string {
			var lines []string
			for _, line := range m.read(t) {
				if line, ok := strings.CutPrefix(line, "boxgrpc.gate."); ok {
					lines = append(lines, line)
				}
			}
			return lines
		}
		see := func(situation string, want ...string) {
			t.Helper()
			if got := gated(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: recorded\n%s\nwant\n%s", situation, got, want)
			}
		}
		see("quiet", "closed{} 0")

		_, _ = retry.Do(ctx, ctl, reads, fails(boxs("GET", 429, "2")), nil)
		see("answered 429", "closed{} 1", "throttled{boxgrpc.group=} 1")

		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = retry.Do(ctx, ctl, reads, fails(), nil)
		}()
		synctest.Wait()
		see("one waits", "closed{} 1", "throttled{boxgrpc.group=} 1", "waiting{boxgrpc.group=} 1")
		begun := time.Now()
		<-done
		held := time.Since(begun)
		wait := fmt.Sprintf("wait{%s} %.3f of 1", op, held.Seconds())
		see("it was let go", "closed{} 1", "throttled{boxgrpc.group=} 1", "waiting{boxgrpc.group=} 0", wait)

		begun = time.Now()
		_, _ = retry.Do(ctx, ctl, reads, fails(boxs("GET", 429, "60")), nil)
		held += time.Since(begun) // its turn, behind the one before
		wait = fmt.Sprintf("wait{%s} %.3f of 2", op, held.Seconds())
		_, _ = retry.Do(ctx, ctl, reads, fails(), nil)
		see("too long to wait", "closed{} 1", "refused{"+op+"} 1", "throttled{boxgrpc.group=} 2", "waiting{boxgrpc.group=} 0", wait)

		_, _ = retry.Do(t.Context(), ctl, reads, fails(boxs("GET", 429, "1")), nil)
		time.Sleep(time.Hour)
		see("forgotten, and one without a principal", "closed{} 0", "refused{"+op+"} 1", "throttled{boxgrpc.group=} 2",
			"unkeyed{"+op+"} 1", "waiting{boxgrpc.group=} 0", wait)
	})
}

// A service in front of two upstreams has two gates. Of a closed one that nobody sees, nobody
// is told.
func TestEachGateCounts(t *testing.T) {
	t.Parallel()
	m, option := newMeters()
	box, hitachi := boxgrpcotel.Gate(retry.NewGate(), option), boxgrpcotel.Gate(retry.NewGate(), option)
	for i, g := range []retry.Gate{hitachi, box} {
		mark, _ := g.Mark()
		g.Throttled(t.Context(), retry.Key{Principal: "alice"}, mark, time.Minute)
		m.has(t, fmt.Sprintf("boxgrpc.gate.closed{} %d", i+1), fmt.Sprintf("boxgrpc.gate.throttled{boxgrpc.group=} %d", i+1))
	}
}
