// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxgrpcotel

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	codepb "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// record tells the metrics.
func (i *instruments) record(ctx context.Context, e *retry.Event) {
	base := []attribute.KeyValue{
		attribute.String("boxgrpc.operation", i.operations.bounded(e.Operation)),
		attribute.String("boxgrpc.group", i.groups.bounded(e.Group)),
	}
	plain := metric.WithAttributes(base...)
	switch e.Reason {
	case retry.ReasonHeld:
		i.wait.Record(ctx, e.Delay.Seconds(), plain)
		return
	case retry.ReasonNoKey:
		i.unkeyed.Add(ctx, 1, plain)
		return
	case retry.ReasonReconciled:
		i.reconciled.Add(ctx, 1, plain)
		return
	case retry.ReasonCooldown:
		i.refused.Add(ctx, 1, plain)
	case retry.ReasonPushback:
		i.pushbacks.Add(ctx, 1, plain, metric.WithAttributes(attribute.String("boxgrpc.pushback", pushback(e.Retry))))
	}
	why := metric.WithAttributes(append(base, attribute.String("boxgrpc.reason", string(e.Reason)))...)
	if e.Retry {
		i.retries.Add(ctx, 1, why)
		i.delay.Record(ctx, e.Delay.Seconds(), why)
		return
	}
	i.failures.Add(ctx, 1, why, metric.WithAttributes(endOf(e.Err)...))
	i.attempts.Record(ctx, int64(e.Attempt), why)
}

func pushback(again bool) string {
	if again {
		return "wait"
	}
	return "stop"
}

// endOf is how a call ended: the code, and of an upstream's error the outcome. A call
// that was canceled before its first attempt has neither.
func endOf(err error) []attribute.KeyValue {
	if err == nil {
		return nil
	}
	e, ok := translate.FromError(err)
	if !ok {
		return []attribute.KeyValue{attribute.String("grpc.status", nameOf(status.Code(err)))}
	}
	return []attribute.KeyValue{
		attribute.String("grpc.status", nameOf(e.Code())),
		attribute.String("boxgrpc.outcome", strings.TrimPrefix(e.Outcome().String(), "OUTCOME_")),
	}
}

// nameOf is UNKNOWN for codes that gRPC does not have: a stranger's server may send any
// number.
func nameOf(code codes.Code) string {
	if name, ok := codepb.Code_name[int32(code)]; ok {
		return name
	}
	return "UNKNOWN"
}

// addEvent tells the span.
func addEvent(ctx context.Context, e *retry.Event) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	attrs := []attribute.KeyValue{
		attribute.String("boxgrpc.operation", strings.ToValidUTF8(e.Operation, "\uFFFD")),
		attribute.String("boxgrpc.group", strings.ToValidUTF8(e.Group, "\uFFFD")),
		attribute.String("boxgrpc.reason", string(e.Reason)),
		attribute.Int("boxgrpc.attempt", e.Attempt),
		attribute.Float64("boxgrpc.delay", e.Delay.Seconds()),
	}
	attrs = append(attrs, endOf(e.Err)...)
	if up, ok := translate.FromError(e.Err); ok {
		attrs = append(attrs,
			attribute.String("boxgrpc.error.reason", up.Reason()),
			attribute.String("boxgrpc.error.domain", up.Domain()),
			attribute.String("boxgrpc.request_id", up.RequestID()))
	}
	span.AddEvent(eventName(e), trace.WithAttributes(attrs...))
}

func eventName(e *retry.Event) string {
	switch e.Reason {
	case retry.ReasonHeld:
		return "boxgrpc.held"
	case retry.ReasonNoKey:
		return "boxgrpc.unkeyed"
	case retry.ReasonCooldown:
		return "boxgrpc.refused"
	case retry.ReasonReconciled:
		return "boxgrpc.reconciled"
	}
	if e.Retry {
		return "boxgrpc.retry"
	}
	return "boxgrpc.gave_up"
}

// maxNames is how many names a stranger can add to what the metrics keep.
const maxNames = 256

// other stands for the names beyond, as in OpenTelemetry's semantic conventions.
const other = "_OTHER"

// names are those that were seen first.
type names struct {
	mu   sync.Mutex
	seen map[string]bool
}

// bounded returns a name that can be exported: one that is no UTF-8, as a stranger's
// method may be, would have an exporter refuse everything that goes with it.
func (n *names) bounded(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.seen[name]:
	case len(n.seen) >= maxNames:
		return other
	case n.seen == nil:
		n.seen = map[string]bool{name: true}
	default:
		n.seen[name] = true
	}
	return name
}
