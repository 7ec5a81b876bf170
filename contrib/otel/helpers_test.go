// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel_test

import (
	"context"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	boxgrpcotel "github.com/boxgrpc/boxgrpc/contrib/otel"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// meters keeps what was recorded.
type meters struct{ reader *metric.ManualReader }

func newMeters() (*meters, boxgrpcotel.Option) {
	m := &meters{metric.NewManualReader()}
	return m, boxgrpcotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(m.reader)))
}

// read is all that was recorded: name, attributes, and value, or sum and count.
func (m *meters) read(t *testing.T) []string {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := m.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	var lines []string
	add := func(name string, set attribute.Set, value string) {
		lines = append(lines, fmt.Sprintf("%s{%s} %s", name, set.Encoded(attribute.DefaultEncoder()), value))
	}
	for _, scope := range all.ScopeMetrics {
		for _, got := range scope.Metrics {
			switch data := got.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(got.Name, p.Attributes, fmt.Sprint(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					add(got.Name, p.Attributes, fmt.Sprint(p.Value))
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					add(got.Name, p.Attributes, fmt.Sprintf("%d of %d", p.Sum, p.Count))
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(got.Name, p.Attributes, fmt.Sprintf("%.3f of %d", p.Sum, p.Count))
				}
			default:
				t.Fatalf("%s is a %T", got.Name, data)
			}
		}
	}
	sort.Strings(lines)
	return lines
}

// attributes are those of all counters, as exporters get them.
func (m *meters) attributes(t *testing.T) (all []attribute.KeyValue) {
	t.Helper()
	var recorded metricdata.ResourceMetrics
	if err := m.reader.Collect(context.Background(), &recorded); err != nil {
		t.Fatal(err)
	}
	for _, scope := range recorded.ScopeMetrics {
		for _, got := range scope.Metrics {
			if sum, ok := got.Data.(metricdata.Sum[int64]); ok {
				for _, p := range sum.DataPoints {
					all = append(all, p.Attributes.ToSlice()...)
				}
			}
		}
	}
	return all
}

func (m *meters) has(t *testing.T, want ...string) {
	t.Helper()
	sort.Strings(want)
	if got := m.read(t); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("recorded\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// boxs is an error of Box's; Retry-After in seconds, or none.
func boxs(method string, status int, retryAfter string) error {
	h := http.Header{"Box-Request-Id": {"abc"}}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	return translate.Box.Translate(translate.Answer{Method: method, Status: status, Header: h})
}

// fails returns these errors, one a call, and then none.
func fails(errs ...error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		if len(errs) == 0 {
			return 1, nil
		}
		err := errs[0]
		errs = errs[1:]
		return 0, err
	}
}

var reads = retry.Operation{Name: "/files.v1.FileService/GetFile", Safety: retry.ReadOnly}

const op = "boxgrpc.group=,boxgrpc.operation=/files.v1.FileService/GetFile"
