// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel_test

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	boxgrpcotel "github.com/boxgrpc/boxgrpc/contrib/otel"
	"github.com/boxgrpc/boxgrpc/retry"
)

// An alert on a metric of another name never fires, and nobody notices.
func TestAlertsAreAboutMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	exported := exportAll(t)
	rules, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`(boxgrpc_[a-z_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(expressions(string(rules)), -1)
	if len(used) < 5 {
		t.Fatalf("%d metrics in alerts.yaml: %v", len(used), used)
	}
	for _, u := range used {
		name := u[1]
		if strings.HasPrefix(name, "boxgrpc_group") || strings.HasPrefix(name, "boxgrpc_operation") {
			continue // a label of by (…)
		}
		labels, ok := exported[strings.TrimSuffix(name, "_bucket")]
		if !ok {
			t.Errorf("alerts.yaml: no metric %s; there are %v", name, slices.Sorted(maps.Keys(exported)))
		}
		for _, selector := range regexp.MustCompile(`([a-z_]+)=`).FindAllStringSubmatch(u[2], -1) {
			if !slices.Contains(labels, selector[1]) {
				t.Errorf("alerts.yaml: %s has no label %s; it has %v", name, selector[1], labels)
			}
		}
	}
}

// expressions are the PromQL of the rules.
func expressions(rules string) string {
	var all []string
	for line := range strings.Lines(rules) {
		if _, expr, ok := strings.Cut(line, "expr:"); ok {
			all = append(all, expr)
		}
	}
	return strings.Join(all, "\n")
}

// The table in the package comment is where people look names up.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := regexp.MustCompile(`(?m)^//\t(boxgrpc\.(?:call|gate)\.[a-z_]+) `).FindAllStringSubmatch(string(doc), -1)
	exported := exportAll(t)
	for _, name := range documented {
		as := strings.ReplaceAll(name[1], ".", "_")
		if !slices.ContainsFunc(slices.Collect(maps.Keys(exported)), func(e string) bool {
			return e == as || e == as+"_total" || e == as+"_seconds"
		}) {
			t.Errorf("doc.go: there is no %s", name[1])
		}
	}
	if len(documented) != len(exported) {
		t.Errorf("doc.go has %d metrics, there are %v", len(documented), slices.Sorted(maps.Keys(exported)))
	}
}

// exportAll records everything once and returns what Prometheus gets: names and labels.
func exportAll(t *testing.T) map[string][]string {
	t.Helper()
	registry := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry))
	if err != nil {
		t.Fatal(err)
	}
	option := boxgrpcotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	synctest.Test(t, func(*testing.T) { everything(option) })
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exported := make(map[string][]string)
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "boxgrpc_") {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				exported[f.GetName()] = append(exported[f.GetName()], l.GetName())
			}
		}
	}
	return exported
}

// everything makes all there is to tell happen.
func everything(option boxgrpcotel.Option) {
	observe := boxgrpcotel.Observer(option)
	for _, e := range []retry.Event{
		{Reason: retry.ReasonPushback, Retry: true},
		{Reason: retry.ReasonBudget, Err: boxs("GET", 503, "")},
		{Reason: retry.ReasonHeld},
		{Reason: retry.ReasonCooldown},
		{Reason: retry.ReasonNoKey},
		{Reason: retry.ReasonReconciled},
	} {
		observe(context.Background(), e)
	}
	ctx := context.Background()
	gate := boxgrpcotel.Gate(retry.NewGate(), option)
	key := retry.Key{Principal: "p"}
	mark, _ := gate.Mark()
	gate.Throttled(ctx, key, mark, 0)
	_, _, _ = gate.Enter(ctx, key, 0) //nolint:dogsled // it is counted, whatever it says
}
