// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/boxgrpc/boxgrpc/retry"
)

// Each decision is told once, with the attempt that it is about, the wait that is
// really made, and the error as it was returned. Dashboards count these.
func TestEachDecisionIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, op := &journal{}, put
		op.Group = "upload"
		errs := []error{throttled("5"), blocked(), errors.Join(busyRead())}
		s := &script{errs: errs}
		_, _ = retry.Do(t.Context(), ungated(retry.WithObserver(j.observe)), op, s.run, nil)
		want := []retry.Event{
			{Operation: "put", Group: "upload", Attempt: 1, Retry: true, Delay: s.at[1], Reason: retry.ReasonHint, Err: errs[0]},
			{Operation: "put", Group: "upload", Attempt: 2, Retry: true, Delay: s.at[2] - s.at[1], Reason: retry.ReasonBackoff, Err: errs[1]},
			{Operation: "put", Group: "upload", Attempt: 3, Reason: retry.ReasonAttempts, Err: errs[2]},
		}
		if diff := cmp.Diff(want, j.events, cmpopts.EquateErrors()); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// A success is no decision: telling it would cost every call.
func TestASuccessIsNotTold(t *testing.T) {
	t.Parallel()
	j := &journal{}
	_, _ = retry.Do(t.Context(), ungated(retry.WithObserver(j.observe)), read, (&script{}).run, nil)
	if len(j.events) != 0 {
		t.Errorf("told %+v, want nothing", j.events)
	}
}

// All observers are told, in the order in which they were given.
func TestAllObserversAreTold(t *testing.T) {
	t.Parallel()
	type key struct{}
	var told []string
	note := func(name string) retry.Option {
		return retry.WithObserver(func(ctx context.Context, e retry.Event) {
			told = append(told, name+" "+string(e.Reason)+" "+ctx.Value(key{}).(string))
			e.Reason = "changed" // a copy
		})
	}
	ctx := context.WithValue(t.Context(), key{}, "rpc")
	_, _ = retry.Do(ctx, ungated(note("metrics"), note("log")), read, always(notFound()).run, nil)
	if diff := cmp.Diff([]string{"metrics permanent rpc", "log permanent rpc"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// What a log shows by default is what was given up. Retries that worked are noise,
// and answers such as 404 are no incidents.
func TestLogTo(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name string
		e    retry.Event
		want string // level and message; empty is no line
	}{
		{"a retry", retry.Event{Retry: true, Reason: retry.ReasonBackoff}, "DEBUG retry"},
		{"a retry by pushback", retry.Event{Retry: true, Reason: retry.ReasonPushback}, "DEBUG retry"},
		{"told to stop", retry.Event{Reason: retry.ReasonPushback}, "INFO gave up"},
		{"all attempts made", retry.Event{Reason: retry.ReasonAttempts}, "INFO gave up"},
		{"an empty budget", retry.Event{Reason: retry.ReasonBudget}, "INFO gave up"},
		{"unsafe", retry.Event{Reason: retry.ReasonUnsafe}, "INFO gave up"},
		{"too long", retry.Event{Reason: retry.ReasonMaxWait}, "INFO gave up"},
		{"no turn", retry.Event{Reason: retry.ReasonCooldown}, "INFO gave up"},
		{"canceled", retry.Event{Reason: retry.ReasonCanceled}, "INFO gave up"},
		{"held back for a while", retry.Event{Reason: retry.ReasonHeld}, "DEBUG gate"},
		{"no key", retry.Event{Reason: retry.ReasonNoKey}, "DEBUG gate"},
		{"looked up", retry.Event{Reason: retry.ReasonReconciled}, "INFO write was applied"},
		{"an answer", retry.Event{Reason: retry.ReasonPermanent}, ""},
		{"a bug", retry.Event{Reason: retry.ReasonForeign}, ""},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.e.Operation, tt.e.Group, tt.e.Attempt, tt.e.Delay, tt.e.Err = "create folder", "upload", 2, 1500*ms, errors.New("HTTP 503")
			want := ""
			if level, message, ok := strings.Cut(tt.want, " "); ok {
				want = "level=" + level + " msg=" + quoted(message) + ` operation="create folder" group=upload attempt=2 delay=1.5s reason=` +
					string(tt.e.Reason) + ` error="HTTP 503"` + "\n"
			}
			if got := logged(slog.LevelDebug, tt.e); got != want {
				t.Errorf("logged %q, want %q", got, want)
			}
			if strings.HasPrefix(tt.want, "DEBUG") {
				want = ""
			}
			if got := logged(slog.LevelInfo, tt.e); got != want {
				t.Errorf("from INFO on: logged %q, want %q", got, want)
			}
		})
	}
}

// A log line must carry the context of the call: trace ids come from there.
func TestLogToKeepsTheContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	h := &contextHandler{key: key{}}
	retry.LogTo(slog.New(h))(context.WithValue(t.Context(), key{}, "trace 1"), retry.Event{Reason: retry.ReasonAttempts})
	for _, got := range h.got {
		if got != "trace 1" {
			t.Errorf("the handler is called with %v, want the context of the call", got)
		}
	}
	if len(h.got) < 2 {
		t.Errorf("the handler is called %d times, want Enabled and Handle", len(h.got))
	}
}

type contextHandler struct {
	slog.Handler
	key any
	got []any
}

func (h *contextHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	h.got = append(h.got, ctx.Value(h.key))
	return true
}

func (h *contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	h.got = append(h.got, ctx.Value(h.key))
	return nil
}

func quoted(s string) string {
	if strings.Contains(s, " ") {
		return `"` + s + `"`
	}
	return s
}

// logged is what a logger of this level writes of an event, without the time.
func logged(level slog.Level, e retry.Event) string {
	var b bytes.Buffer
	l := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
	retry.LogTo(l)(context.Background(), e)
	return b.String()
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// A reason is a label of metrics: words that change or hold spaces break queries.
func TestReasonsAreLabels(t *testing.T) {
	t.Parallel()
	seen := map[retry.Reason]bool{}
	for _, r := range []retry.Reason{
		retry.ReasonHint, retry.ReasonBackoff, retry.ReasonPushback, retry.ReasonReconciled, retry.ReasonForeign,
		retry.ReasonPermanent, retry.ReasonUnsafe, retry.ReasonAttempts, retry.ReasonSpent, retry.ReasonBudget,
		retry.ReasonMaxWait, retry.ReasonDeadline, retry.ReasonCommitted, retry.ReasonNotOwner, retry.ReasonUndeclared,
		retry.ReasonCanceled, retry.ReasonCooldown, retry.ReasonHeld, retry.ReasonNoKey,
	} {
		if seen[r] || r == "" || strings.Trim(string(r), "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("reason %q is no label, or not the only one of its name", r)
		}
		seen[r] = true
	}
}
