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
// costs what g costs: one atomic load. The meter provider keeps g for as long as it lives
// itself, so make gates at start-up. It panics if g is nil.
func Gate(g retry.Gate, opts ...Option) retry.Gate {
	if g == nil {
		panic("boxgrpcotel: Gate: the gate is nil; retry.NewGate() makes one")
	}
	m := meterOf(opts)
	b := builder{m: m}
	w := &gate{Gate: g, throttled: b.counter("boxgrpc.gate.throttled", "{request}", "Answers of 429 that the gate was told of.")}
	var err error
	w.waiting, err = m.Int64UpDownCounter("boxgrpc.gate.waiting", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that wait at the gate."))
	b.done(err, observeClosed(m, g))
	return w
}

// observeClosed makes a sum, and no gauge, for there may be several gates: of a gauge only
// one of them would be seen.
func observeClosed(m metric.Meter, g retry.Gate) error {
	closed, err := m.Int64ObservableUpDownCounter("boxgrpc.gate.closed", metric.WithUnit("{gate}"),
		metric.WithDescription("Gates that look after a principal that was answered 429."))
	if err != nil {
		return err
	}
	_, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		n := int64(1)
		if _, idle := g.Mark(); idle {
			n = 0
		}
		o.ObserveInt64(closed, n)
		return nil
	}, closed)
	return err
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
