// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package readme_test

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

func failed(method string, status int, retryAfter string) error {
	return translate.Box.Translate(translate.Answer{Method: method, Status: status, Header: http.Header{"Retry-After": {retryAfter}}})
}

// The picture is what people keep in mind. It shows the questions in the order in which
// they are asked, and what callers are told where one ends it: a failure that fails
// all of them is mended one by one.
func TestPictureOfTheDecision(t *testing.T) {
	t.Parallel()
	spent := retry.New(retry.WithBudget(2, 0.1))
	fresh := retry.New()
	steps := []struct {
		mend  func(f *retry.Failure)
		ctl   *retry.Controller
		want  retry.Reason
		again bool // RetryInfo
		push  string
	}{
		{func(*retry.Failure) {}, spent, retry.ReasonForeign, false, ""},
		{func(f *retry.Failure) { f.Err = failed(http.MethodPost, 507, "") }, spent, retry.ReasonPermanent, false, "-1"},
		{func(f *retry.Failure) { f.Err = failed(http.MethodPost, 503, "20") }, spent, retry.ReasonUnsafe, false, "-1"},
		{func(f *retry.Failure) { f.Safety = retry.Idempotent }, spent, retry.ReasonSpent, true, "-1"},
		{func(f *retry.Failure) { f.Spent = false }, spent, retry.ReasonAttempts, true, "-1"},
		{func(f *retry.Failure) { f.Attempt, f.Remaining = 1, time.Minute }, spent, retry.ReasonCommitted, true, "wait"},
		{func(f *retry.Failure) { f.Hold = retry.ReasonNotOwner }, spent, retry.ReasonNotOwner, true, "wait"},
		{func(f *retry.Failure) { f.Hold = retry.ReasonUndeclared }, spent, retry.ReasonUndeclared, true, "wait"},
		{func(f *retry.Failure) { f.Hold = "" }, spent, retry.ReasonMaxWait, true, "wait"},
		{func(f *retry.Failure) {
			f.Err, f.Remaining = failed(http.MethodPost, 503, "5"), time.Second
		}, spent, retry.ReasonDeadline, true, "-1"},
		{func(f *retry.Failure) { f.Remaining = time.Minute }, spent, retry.ReasonBudget, true, "-1"},
		{func(*retry.Failure) {}, fresh, retry.ReasonHint, true, "wait"},
		{func(f *retry.Failure) { f.Err = failed(http.MethodPost, 503, "") }, fresh, retry.ReasonBackoff, true, "wait"},
	}
	var asked []string
	f := retry.Failure{Err: errors.New("a bug"), Attempt: 9, Spent: true, Hold: retry.ReasonCommitted, Remaining: time.Second}
	for _, s := range steps {
		s.mend(&f)
		d := s.ctl.Again(t.Context(), retry.Operation{Safety: f.Safety}, f)
		if d.Reason != s.want {
			t.Errorf("step %d: %s, want %s", len(asked), d.Reason, s.want)
		}
		asked = append(asked, string(d.Reason))
		a := s.ctl.Advise(f, d)
		push := a.Pushback.String()
		if _, waits := a.Pushback.Wait(); waits {
			push = "wait"
		}
		if a.Retry != s.again || push != s.push {
			t.Errorf("%s: callers get RetryInfo %v and pushback %q, want %v and %q", s.want, a.Retry, push, s.again, s.push)
		}
	}
	picture, err := os.ReadFile("../../docs/retries.svg")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, m := range regexp.MustCompile(`class="(?:reason|why)"[^>]*>([a-z_]+)<`).FindAllStringSubmatch(string(picture), -1) {
		shown = append(shown, m[1])
	}
	if diff := cmp.Diff(append(asked, "held", "cooldown"), shown); diff != "" {
		t.Errorf("docs/retries.svg shows other questions, or in another order (-code +picture):\n%s", diff)
	}
}
