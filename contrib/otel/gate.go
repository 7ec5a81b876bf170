// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/boxgrpc/boxgrpc/retry"
)

// Gate returns g with metrics: how many requests wait there, how many answers of 429 it
// was told of, and whether it looks after any principal at all. A gate without work to do
// costs what g costs: one atomic load. It panics if g is nil.
func Gate(g retry.Gate, opts ...Option) retry.Gate {
	if g == nil {
		panic("boxgrpcotel: Gate: the gate is nil; retry.NewGate() makes one")
	}
	m := meterOf(opts)
	b := builder{m: m}
	w := &gate{Gate: g, throttled: b.counter("boxgrpc.gate.throttled", "{request}", "Answers of 429 that the gate was told of.")}
	var err, errClosed error
	w.waiting, err = m.Int64UpDownCounter("boxgrpc.gate.waiting", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that wait at the gate."))
	_, errClosed = m.Int64ObservableGauge("boxgrpc.gate.closed",
		metric.WithDescription("1 while the gate looks after a principal that was answered 429, else 0."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			if _, idle := g.Mark(); idle {
				o.Observe(0)
			} else {
				o.Observe(1)
			}
			return nil
		}))
	b.done(err, errClosed)
	return w
}

// A gate is one that is counted.
type gate struct {
	retry.Gate
	throttled metric.Int64Counter
	waiting   metric.Int64UpDownCounter
}

// group is a short list: whoever names groups is the service.
func group(key retry.Key) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("boxgrpc.group", key.Group))
}

func (g *gate) Enter(ctx context.Context, key retry.Key, longest time.Duration) (retry.Mark, time.Duration, bool) {
	in := group(key)
	g.waiting.Add(ctx, 1, in)
	defer g.waiting.Add(ctx, -1, in)
	return g.Gate.Enter(ctx, key, longest)
}

func (g *gate) Throttled(ctx context.Context, key retry.Key, m retry.Mark, wait time.Duration) {
	g.throttled.Add(ctx, 1, group(key))
	g.Gate.Throttled(ctx, key, m, wait)
}
