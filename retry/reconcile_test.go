// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

var errLook = errors.New("the look-up failed")

// A search answers as its script says: done, not done, or unknown. It notes when it was
// asked, and about what.
type search struct {
	answers string // 'd', 'n' or '?', one for each time
	at      []time.Duration
	about   []*translate.Error
	start   time.Time
}

const found = 1000 // what a search finds

func (s *search) look(_ context.Context, e *translate.Error) (int, bool, error) {
	s.at, s.about = append(s.at, time.Since(s.start)), append(s.about, e)
	if len(s.at) > len(s.answers) {
		return 0, false, nil
	}
	switch s.answers[len(s.at)-1] {
	case 'd':
		return found, true, nil
	case '?':
		return found + 1, true, errLook // its other values mean nothing
	}
	return found + 2, false, nil
}

// After a failure that leaves open whether something was created, Do looks before it
// creates once more. A second folder, or a conflict with one's own success, is what
// people are called for at night.
func TestReconcile(t *testing.T) {
	situations := []struct {
		name    string
		errs    []error
		answers string
		calls   int
		looks   int
		value   int
		err     error // nil is success
	}{
		{"it was applied", []error{busyWrite()}, "d", 1, 1, found, nil},
		{"it was not applied", []error{busyWrite()}, "n", 2, 1, 2, nil},
		{"it was applied, but its answer cannot be read", []error{unreadable()}, "d", 1, 1, found, nil},
		{"nobody knows", []error{lost("POST")}, "?", 1, 1, 1, errLook},
		{"the conflict is our own success", []error{busyWrite(), nameInUse()}, "nd", 2, 2, found, nil},
		{"the conflict is somebody else's", []error{busyWrite(), nameInUse()}, "nn", 2, 2, 2, status.Error(6, "")},
		{"a conflict at once is somebody else's", []error{nameInUse()}, "", 1, 0, 1, status.Error(6, "")},
		{"a conflict after a refusal is somebody else's", []error{blocked(), nameInUse()}, "", 2, 0, 2, status.Error(6, "")},
		{"refused: nothing to look for", []error{throttled("1")}, "", 2, 0, 2, nil},
		{"ambiguous, then refused: it is looked up again", []error{busyWrite(), throttled("1")}, "nd", 2, 2, found, nil},
		{"the last attempt is ambiguous, and was applied", []error{busyWrite(), busyWrite(), busyWrite()}, "nnd", 3, 3, found, nil},
		{"the last attempt is ambiguous, and was not", []error{busyWrite(), busyWrite(), busyWrite()}, "nnn", 3, 3, 3, status.Error(14, "")},
		{"the last attempt is ambiguous, and nobody knows", []error{busyWrite(), busyWrite(), busyWrite()}, "nn?", 3, 3, 3, errLook},
		{"only the last attempt is ambiguous", []error{blocked(), blocked(), busyWrite()}, "d", 3, 1, found, nil},
		{"a bug is not looked up", []error{errors.New("bug")}, "", 1, 0, 1, status.Error(2, "bug")},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := &script{errs: tt.errs}, &search{answers: tt.answers, start: time.Now()}
				v, err := retry.Do(t.Context(), ungated(), create, s.run, l.look)
				s.checkCalls(t, tt.calls)
				if len(l.at) != tt.looks || v != tt.value {
					t.Errorf("%d looks, value %d, want %d and %d", len(l.at), v, tt.looks, tt.value)
				}
				switch {
				case errors.Is(tt.err, errLook):
					if !errors.Is(err, errLook) || !errors.Is(err, tt.errs[tt.calls-1]) {
						t.Errorf("error = %v, want the failure, and why nobody knows more behind it", err)
					}
				case status.Code(err) != status.Code(tt.err):
					t.Errorf("error = %v, want code %v", err, status.Code(tt.err))
				}
				for i, e := range l.about {
					if want := tt.errs[len(tt.errs)-len(l.about)+i]; !errors.Is(e, want) {
						t.Errorf("look %d is about %v, want the failure before it, %v", i, e, want)
					}
				}
			})
		})
	}
}

// What the caller gets when nobody knows is the failure as it was. The error of the
// look-up is for the service's own logs: it may hold names and ids.
func TestAFailedLookUpChangesNothingForTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := lost("POST")
		_, err := retry.Do(t.Context(), ungated(), create, always(e).run, (&search{answers: "?"}).look)
		if err.Error() != e.Error() {
			t.Errorf("message = %q, want %q", err.Error(), e.Error())
		}
		if diff := cmp.Diff(e.GRPCStatus().Proto(), status.Convert(err).Proto(), protocmp.Transform()); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
		if !errors.Is(err, errLook) || !errors.Is(err, e) {
			t.Errorf("error = %#v, want both errors behind it", err)
		}
	})
}

// What was looked up is known: the outcome of an attempt that turned out to have done
// nothing does not follow the caller.
func TestNotDoneIsNotApplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: []error{busyWrite(), nameInUse()}}
		_, err := retry.Do(t.Context(), ungated(), create, s.run, (&search{answers: "nn"}).look)
		if outcome, attempts := metadata(err, "outcome"), metadata(err, "attempts"); outcome != "NOT_APPLIED" || attempts != "2" {
			t.Errorf("outcome = %s after %s attempts, want NOT_APPLIED after 2", outcome, attempts)
		}
	})
}

// A write whose answer was lost takes effect a moment later. Who looks at once sees
// nothing, and creates the second folder.
func TestTheLookComesAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := &script{errs: []error{box("POST", 503, "unavailable", "4")}}, &search{answers: "n", start: time.Now()}
		_, _ = retry.Do(t.Context(), ungated(), create, s.run, l.look)
		if len(l.at) != 1 || len(s.at) != 2 || l.at[0] < 4*time.Second || l.at[0] != s.at[1] {
			t.Errorf("looked at %v, called at %v, want a look after 4s, and then the call at once", l.at, s.at)
		}
	})
}

// Where no wait is possible, looking at once is still better than not to know.
func TestALookWithoutAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for answers, want := range map[string]int{"d": found, "n": 1, "?": 1} {
			s, l := always(box("POST", 503, "unavailable", "4")), &search{answers: answers, start: time.Now()}
			v, err := retry.Do(ctx, ungated(), create, s.run, l.look)
			s.checkCalls(t, 1)
			if len(l.at) != 1 || l.at[0] != 0 || v != want || (err == nil) != (want == found) {
				t.Errorf("%s: looks at %v, Do = %d, %v, want one look at once", answers, l.at, v, err)
			}
		}
	})
}

// Nobody looks for a caller who is gone: the look-up would fail by the same context.
func TestNoLookAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		e, start := box("POST", 503, "unavailable", "4"), time.Now()
		_, err := retry.Do(ctx, ungated(), create, always(e).run, lookUpNothing(t))
		if !very(err, e) || time.Since(start) != time.Second {
			t.Errorf("error = %v after %v, want the failure itself after 1s", err, time.Since(start))
		}
	})
}

// A step that was done before a later one was refused is a reason to look as well. An
// operation of two steps would repeat the first one otherwise.
func TestAStepThatWasDoneIsLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, made := ungated(), 0
		l := &search{answers: "d", start: time.Now()}
		v, err := retry.Do(t.Context(), c, retry.Operation{Name: "folder with a collaborator"}, func(ctx context.Context) (int, error) {
			_, _ = retry.Do(ctx, c, create, func(context.Context) (int, error) { made++; return made, nil }, nil)
			return nested(c, create, always(throttled("1")).run)(ctx)
		}, l.look)
		if made != 1 || len(l.at) != 1 || v != found || err != nil {
			t.Errorf("made %d times, looked %d times, Do = %d, %v; want one folder, and a look", made, len(l.at), v, err)
		}
	})
}

// What was looked up is no secret to the layers above: it refills the budget as a
// success, and an observer counts it, because it is a 503 that nobody felt.
func TestAReconciledWriteIsASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := ungated(retry.WithObserver(j.observe), retry.WithBudget(10, 10))
		_, _ = retry.Do(t.Context(), c, create, always(busyWrite()).run, (&search{answers: "d"}).look)
		if diff := cmp.Diff([]retry.Reason{retry.ReasonBackoff, retry.ReasonReconciled}, j.reasons()); diff != "" {
			t.Errorf("decisions (-want +got):\n%s", diff)
		}
		if last := j.events[len(j.events)-1]; last.Retry || last.Attempt != 1 || last.Operation != "create" || last.Err == nil {
			t.Errorf("told %+v, want attempt 1 of create, and what it met", last)
		}
		checkBudget(t, c, create, 4) // full again
	})
}
