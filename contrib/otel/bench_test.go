// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	boxgrpcotel "github.com/boxgrpc/boxgrpc/contrib/otel"
	"github.com/boxgrpc/boxgrpc/retry"
)

// What one decision costs. A call that succeeds at once has none: see success, beside the
// same without an observer.
func BenchmarkObserver(b *testing.B) {
	option := boxgrpcotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())))
	observe := boxgrpcotel.Observer(option)
	ctx, span := trace.NewTracerProvider().Tracer("bench").Start(context.Background(), "call")
	defer span.End()
	again := retry.Event{Operation: reads.Name, Attempt: 1, Retry: true, Reason: retry.ReasonHint, Err: boxs("GET", 503, "2")}
	gaveUp := retry.Event{Operation: reads.Name, Attempt: 3, Reason: retry.ReasonAttempts, Err: again.Err}
	for _, bench := range []struct {
		name string
		ctx  context.Context
		e    retry.Event
	}{
		{"retry", context.Background(), again},
		{"gave up", context.Background(), gaveUp},
		{"gave up, with a span", ctx, gaveUp},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				observe(bench.ctx, bench.e)
			}
		})
	}
	for name, ctl := range map[string]*retry.Controller{
		"success":            retry.New(retry.WithObserver(observe), retry.WithGate(boxgrpcotel.Gate(retry.NewGate(), option))),
		"success, unwatched": retry.New(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = retry.Do(context.Background(), ctl, reads, func(context.Context) (int, error) { return 1, nil }, nil)
			}
		})
	}
}

// Success is the path of nearly all calls: watching must add nothing to it.
func TestSuccessAllocatesNothingMore(t *testing.T) {
	_, option := newMeters()
	allocs := func(ctl *retry.Controller) float64 {
		return testing.AllocsPerRun(100, func() {
			_, _ = retry.Do(context.Background(), ctl, reads, func(context.Context) (int, error) { return 1, nil }, nil)
		})
	}
	watched := retry.New(retry.WithObserver(boxgrpcotel.Observer(option)), retry.WithGate(boxgrpcotel.Gate(retry.NewGate(), option)))
	if got, want := allocs(watched), allocs(retry.New()); got != want {
		t.Errorf("%v allocations, %v without", got, want)
	}
}
