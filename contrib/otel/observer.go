// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/boxgrpc/boxgrpc/retry"
)

// scope is the name of the meter.
const scope = "github.com/boxgrpc/boxgrpc/contrib/otel"

// An Option changes what is recorded where.
type Option interface{ apply(c *config) }

type config struct{ meters metric.MeterProvider }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// WithMeterProvider sets where metrics go. The default is the global one,
// [otel.GetMeterProvider]. It panics if p is nil.
func WithMeterProvider(p metric.MeterProvider) Option {
	if p == nil {
		panic("boxgrpcotel: WithMeterProvider: the provider is nil; leave the option out for the global one")
	}
	return optionFunc(func(c *config) { c.meters = p })
}

func meterOf(opts []Option) metric.Meter {
	c := &config{meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		if opt == nil {
			panic("boxgrpcotel: an option is nil; leave it out")
		}
		opt.apply(c)
	}
	return c.meters.Meter(scope)
}

// Observer returns an observer for [retry.WithObserver] that records metrics and events
// of the context's span. It is safe for concurrent use and does not block. One observer
// serves any number of controllers.
func Observer(opts ...Option) func(context.Context, retry.Event) {
	i := newInstruments(meterOf(opts))
	return func(ctx context.Context, e retry.Event) {
		i.record(ctx, &e)
		addEvent(ctx, &e)
	}
}

// instruments are what the observer records on.
type instruments struct {
	retries, failures, pushbacks, reconciled, refused, unkeyed metric.Int64Counter
	attempts                                                   metric.Int64Histogram
	delay, wait                                                metric.Float64Histogram
	operations, groups                                         names
}

// Waits are of half a second to ten seconds by default; a hint may be a minute.
var waitBounds = metric.WithExplicitBucketBoundaries(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)

func newInstruments(m metric.Meter) *instruments {
	b := builder{m: m}
	i := &instruments{
		retries:    b.counter("boxgrpc.call.retries", "{retry}", "Attempts that were decided on, the first not counted."),
		failures:   b.counter("boxgrpc.call.failures", "{failure}", "Calls that were given up."),
		pushbacks:  b.counter("boxgrpc.call.pushbacks", "{pushback}", "What servers told this caller to do next."),
		reconciled: b.counter("boxgrpc.call.reconciled", "{call}", "Writes that turned out to be applied."),
		refused:    b.counter("boxgrpc.gate.refused", "{request}", "Requests that were not sent, because the gate is closed for too long."),
		unkeyed:    b.counter("boxgrpc.gate.unkeyed", "{request}", "Answers of 429 to requests without a principal."),
		delay:      b.seconds("boxgrpc.call.retry_delay", "The wait before a further attempt."),
		wait:       b.seconds("boxgrpc.gate.wait", "How long the gate held a request back that it let go."),
	}
	var err error
	i.attempts, err = m.Int64Histogram("boxgrpc.call.attempts", metric.WithUnit("{attempt}"),
		metric.WithDescription("Attempts of calls that were given up."), metric.WithExplicitBucketBoundaries(1, 2, 3, 4, 5, 10, 20, 50, 100))
	b.done(err)
	return i
}

// A builder makes instruments. An instrument with a mistake in it still is one that
// does nothing; OpenTelemetry's error handler gets to know.
type builder struct {
	m   metric.Meter
	err error
}

func (b *builder) counter(name, unit, what string) metric.Int64Counter {
	c, err := b.m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
	b.err = errors.Join(b.err, err)
	return c
}

func (b *builder) seconds(name, what string) metric.Float64Histogram {
	h, err := b.m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), waitBounds)
	b.err = errors.Join(b.err, err)
	return h
}

func (b *builder) done(errs ...error) {
	if err := errors.Join(append(errs, b.err)...); err != nil {
		otel.Handle(err)
	}
}
