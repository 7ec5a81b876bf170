// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	boxgrpcotel "github.com/boxgrpc/boxgrpc/contrib/otel"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Who looks at one slow call sees why it waited, and which request to ask Box about, but
// no text that must not leave the service.
func TestSpanEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spans := tracetest.NewInMemoryExporter()
		ctx, span := trace.NewTracerProvider(trace.WithSyncer(spans)).Tracer("test").Start(t.Context(), "call")
		_, option := newMeters()
		ctl := retry.New(retry.WithObserver(boxgrpcotel.Observer(option)), retry.WithGate(nil))
		secret := fmt.Errorf("open /home/alice/plan.txt: %w", boxs("GET", 404, ""))
		_, _ = retry.Do(ctx, ctl, reads, fails(boxs("GET", 503, "2"), secret), nil)
		span.End()

		var got []string
		for _, event := range spans.GetSpans()[0].Events {
			line := event.Name
			for _, a := range event.Attributes {
				if a.Key != "boxgrpc.delay" && a.Key != "boxgrpc.operation" {
					line += fmt.Sprintf(" %s=%s", strings.TrimPrefix(string(a.Key), "boxgrpc."), a.Value.String())
				}
			}
			got = append(got, line)
		}
		want := []string{
			"boxgrpc.retry group= reason=hint attempt=1 grpc.status=UNAVAILABLE outcome=NOT_APPLIED error.reason=HTTP_503 error.domain=api.box.com request_id=abc",
			"boxgrpc.gave_up group= reason=permanent attempt=2 grpc.status=NOT_FOUND outcome=NOT_APPLIED error.reason=HTTP_404 error.domain=api.box.com request_id=abc",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if all := fmt.Sprint(spans.GetSpans()); strings.Contains(all, "alice") {
			t.Errorf("the text of the error is in %s", all)
		}
	})
}

// The name of an event is what people search for.
func TestNamesOfSpanEvents(t *testing.T) {
	t.Parallel()
	_, option := newMeters()
	observe := boxgrpcotel.Observer(option)
	for want, event := range map[string]retry.Event{
		"boxgrpc.retry":      {Reason: retry.ReasonBackoff, Retry: true},
		"boxgrpc.gave_up":    {Reason: retry.ReasonBudget},
		"boxgrpc.held":       {Reason: retry.ReasonHeld},
		"boxgrpc.refused":    {Reason: retry.ReasonCooldown},
		"boxgrpc.unkeyed":    {Reason: retry.ReasonNoKey},
		"boxgrpc.reconciled": {Reason: retry.ReasonReconciled},
	} {
		spans := tracetest.NewInMemoryExporter()
		ctx, span := trace.NewTracerProvider(trace.WithSyncer(spans)).Tracer("test").Start(t.Context(), "call")
		observe(ctx, event)
		span.End()
		if got := spans.GetSpans()[0].Events; len(got) != 1 || got[0].Name != want {
			t.Errorf("events %v, want %s", got, want)
		}
	}
}

// Exporters refuse what is no UTF-8, and all that goes with it: one call of a stranger's
// would end the metrics of the service.
func TestAMethodThatIsNoText(t *testing.T) {
	t.Parallel()
	m, option := newMeters()
	spans := tracetest.NewInMemoryExporter()
	ctx, span := trace.NewTracerProvider(trace.WithSyncer(spans)).Tracer("test").Start(t.Context(), "call")
	boxgrpcotel.Observer(option)(ctx, retry.Event{Operation: "/a.b/\xff", Group: "\xff", Reason: retry.ReasonNoKey})
	span.End()
	attributes := append(m.attributes(t), spans.GetSpans()[0].Events[0].Attributes...)
	if len(attributes) < 4 {
		t.Errorf("recorded %v", attributes)
	}
	for _, a := range attributes {
		if a.Value.Type() == attribute.STRING && !utf8.ValidString(a.Value.AsString()) {
			t.Errorf("%s = %q", a.Key, a.Value.AsString())
		}
	}
}
