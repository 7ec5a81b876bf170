// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// ambiguous are failures after which nobody knows whether the write was carried out.
func ambiguous() map[string]boxtest.Fault {
	busy := reply(503, "unavailable")
	return map[string]boxtest.Fault{
		"503":                  busy,
		"503, applied":         {Status: busy.Status, Header: busy.Header, Body: busy.Body, Apply: true},
		"500, applied":         {Status: 500, Apply: true},
		"504 page, applied":    {Status: 504, Body: "<html>", Apply: true},
		"reset":                {Reset: true},
		"reset, applied":       {Reset: true, Apply: true},
		"reset, unread":        {ResetUnread: true},
		"hangs":                {Hang: true},
		"hangs, applied":       {Hang: true, Apply: true},
		"cut short, applied":   {CutAfter: 1},
		"slow to say, applied": {Apply: true, Hang: true, Delay: 40 * time.Second},
	}
}

// Box says itself that a write may persist after its 503. Whatever it did, the caller gets
// success with the item's id, and Box has it once: not never, and not twice.
func TestWriteOfUnknownEnd(t *testing.T) {
	for _, w := range writes() {
		for name, fault := range ambiguous() {
			if w.want == 0 && fault.CutAfter > 0 {
				continue // the answer to a deletion has no body
			}
			t.Run(w.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, nil, nil)
					r.furnish()
					r.box.Script(w.pattern, fault)
					got, err := r.write(t.Context(), w)
					if err != nil || (got.ID == "") != (w.want == 0) {
						t.Errorf("got %+v and error %v", got, err)
					}
					if n := w.left(t, r); n != w.want {
						t.Errorf("there are %d, want %d", n, w.want)
					}
				})
			})
		}
	}
}

// The id is that of the item which Box has, not of some other one.
func TestReconciledID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("POST /folders", boxtest.Fault{Status: 503, Apply: true})
		got, err := r.write(t.Context(), writes()[0])
		if err != nil || got.ID != "1001" || got.Type != "folder" {
			t.Errorf("got %+v and error %v", got, err)
		}
		if n := r.box.Count("POST /folders"); n != 1 {
			t.Errorf("created %d times", n)
		}
	})
}

// All attempts end in the dark, and the last one worked.
func TestLastAttemptIsAmbiguous(t *testing.T) {
	for _, w := range writes() {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				r.furnish()
				r.box.Script(w.pattern, reply(503, "unavailable"), reply(503, "unavailable"), boxtest.Fault{Status: 503, Apply: true})
				if _, err := r.write(t.Context(), w); err != nil {
					t.Error(err)
				}
				if n := w.left(t, r); n != w.want {
					t.Errorf("there are %d, want %d", n, w.want)
				}
			})
		})
	}
}

// Nothing works and nothing was done: the caller is told that nobody knows, and Box got
// no more than the three attempts.
func TestNothingWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.furnish()
		r.box.ScriptFunc("POST /comments", func(boxtest.Request) boxtest.Fault { return reply(503, "unavailable") })
		_, err := r.write(t.Context(), writes()[3])
		checkFailed(t, err)
		if n := r.box.Count("POST /comments"); n != 3 {
			t.Errorf("sent %d times", n)
		}
		if n := r.box.Count("GET /users/me"); n != 0 {
			t.Errorf("asked %d times who we are, for nothing", n)
		}
	})
}

// The caller's deadline leaves no time to wait, but enough to look.
func TestShortDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		busy := reply(503, "unavailable", "Retry-After", "5")
		busy.Apply = true
		r.box.Script("POST /folders", busy)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if got, err := r.write(ctx, writes()[0]); err != nil || got.ID == "" {
			t.Errorf("got %+v and error %v", got, err)
		}
	})
}

// The look-up fails, too: the caller gets the first failure, with an outcome that is
// unknown. What was never confirmed must not be reported as done, or as not done.
func TestLookUpFails(t *testing.T) {
	for _, w := range writes() {
		for name, f := range map[string]boxtest.Fault{
			"503": reply(503, "unavailable"), "429": reply(429, "rate_limit_exceeded", "Retry-After", "30"),
			"hangs": {Hang: true}, "403": reply(403, "forbidden"), "no JSON": {Status: 200, Body: "<html>"}, "half": {Status: 200, Body: `{"entries":[{"id":`},
			"odd": {Status: 200, Body: `{"id":[],"entries":[{"id":{}}],"total_count":1}`},
		} {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, retry.New(retry.WithoutBudget()), nil)
					r.furnish()
					r.box.ScriptFunc(w.look, func(boxtest.Request) boxtest.Fault { return f })
					applied := boxtest.Fault{Status: 503, Apply: true}
					r.box.Script(w.pattern, applied, applied, applied)
					_, err := r.write(t.Context(), w)
					if w.safety == retry.Idempotent { // repeated first: the last answer was that it is gone
						if e, ok := translate.FromError(err); !ok || e.Outcome().String() != "OUTCOME_UNKNOWN" {
							t.Errorf("got %v", err)
						}
						return
					}
					checkFailed(t, err)
					if n := w.left(t, r); n != 1 {
						t.Errorf("there are %d, want 1", n)
					}
				})
			})
		}
	}
}

// Who asks for the user and gets no answer does not know whose item it is.
func TestWhoAmIFails(t *testing.T) {
	for _, f := range []boxtest.Fault{reply(403, "forbidden"), {Status: 200, Body: "<html>"}, {Status: 200, Body: "{}"}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, nil)
			r.box.Script("POST /folders", boxtest.Fault{Status: 503, Apply: true})
			r.box.Script("GET /users/me", f)
			if f.Body == "{}" { // nobody has made it, and we are nobody
				nobody := fmt.Sprintf(`{"type":"folder","id":"77","name":"reports","created_at":%q}`, time.Now().UTC().Format(time.RFC3339))
				r.box.ScriptFunc("GET /folders/{id}", func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Status: 200, Body: nobody} })
				_, err := r.write(t.Context(), writes()[0])
				checkConflict(t, err)
				return
			}
			_, err := r.write(t.Context(), writes()[0])
			checkFailed(t, err)
		})
	}
}

// Without a reconcile function an uncertain write is sent once, and the caller learns
// that nobody knows.
func TestWithoutReconcile(t *testing.T) {
	for _, w := range writes() {
		if w.safety == retry.Idempotent {
			continue
		}
		for name, f := range ambiguous() {
			if f.CutAfter > 0 {
				continue // that it was done is known
			}
			t.Run(w.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, nil, nil)
					r.furnish()
					r.box.Script(w.pattern, f)
					_, err := r.once(t.Context(), w)
					checkFailed(t, err)
					if n := r.box.Count(w.pattern); n != 1 {
						t.Errorf("sent %d times", n)
					}
				})
			})
		}
	}
}
