// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	boxgrpcotel "github.com/boxgrpc/boxgrpc/contrib/otel"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

func Example() {
	// In a service the reader is an exporter's, and the provider often the global one.
	reader := metric.NewManualReader()
	meters := boxgrpcotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	ctl := retry.New(
		retry.WithBackoff(time.Millisecond, time.Millisecond),
		retry.WithObserver(boxgrpcotel.Observer(meters)),
		retry.WithGate(boxgrpcotel.Gate(retry.NewGate(), meters)))

	// Box is down.
	op := retry.Operation{Name: "get file", Safety: retry.ReadOnly}
	_, err := retry.Do(context.Background(), ctl, op, func(context.Context) (string, error) {
		return "", translate.Box.Translate(translate.Answer{Method: http.MethodGet, Status: http.StatusServiceUnavailable})
	}, nil)
	fmt.Println(err)

	var recorded metricdata.ResourceMetrics
	_ = reader.Collect(context.Background(), &recorded)
	for _, m := range recorded.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
			reason, _ := sum.DataPoints[0].Attributes.Value("boxgrpc.reason") // the gate needs none
			fmt.Println(m.Name, reason.AsString(), sum.DataPoints[0].Value)
		}
	}
	// Output:
	// the upstream answered HTTP 503 Service Unavailable
	// boxgrpc.call.retries backoff 2
	// boxgrpc.call.failures attempts 1
	// boxgrpc.gate.closed  0
}
