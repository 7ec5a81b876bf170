// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Clocks differ. A service whose clock is off must neither miss its own item nor take an
// old one.
func TestSkew(t *testing.T) {
	for _, skew := range []time.Duration{0, 300 * time.Millisecond, -300 * time.Millisecond, 1900 * time.Millisecond, -1900 * time.Millisecond, 5 * time.Second, -5 * time.Second, time.Hour, -time.Hour} {
		for _, phase := range []time.Duration{0, 1, 400 * time.Millisecond, 999 * time.Millisecond} { // of the second in which we begin
			for age, want := range map[time.Duration]bool{0: true, 10 * time.Second: false} {
				t.Run(fmt.Sprint(skew, " ", phase, " ", age), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, nil, nil)
						<-time.After(phase)
						r.serveSkewed(skew, time.Now().Add(-age))
						got, err := failThen(t, r, reply(503, "unavailable"), writes()[0], func() {})
						if ours := err == nil && got.ID == "77"; ours != want {
							t.Errorf("taken for ours: %t, want %t (error %v)", ours, want, err)
						}
					})
				})
			}
		}
	}
}

// serveSkewed makes Box's clock wrong, and gives it a folder made at a moment by ours.
func (r *rig) serveSkewed(skew time.Duration, at time.Time) {
	date := func() string { return time.Now().Add(skew).UTC().Format(http.TimeFormat) }
	folder := `{"type":"folder","id":"77","name":"reports","created_by":{"id":"100"},"created_at":"` +
		at.Add(skew).UTC().Format(time.RFC3339) + `"}`
	r.box.ScriptFunc("GET /folders/{id}/items", func(boxtest.Request) boxtest.Fault {
		return boxtest.Fault{Status: 200, Body: `{"total_count":1,"entries":[` + folder + `]}`}.With("Date", date())
	})
	r.box.ScriptFunc("GET /folders/{id}", func(boxtest.Request) boxtest.Fault {
		return boxtest.Fault{Status: 200, Body: folder}.With("Date", date())
	})
	r.box.ScriptFunc("POST /folders", func(boxtest.Request) boxtest.Fault { return boxtest.Conflict("folder", "77", "reports") })
}

// The same for what stands in a list.
func TestSkewOfAList(t *testing.T) {
	for _, skew := range []time.Duration{0, time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, nil)
			r.furnish()
			comment := `{"type":"comment","id":"77","message":"deeper","created_by":{"id":"100"},"created_at":"` + time.Now().Add(skew).UTC().Format(time.RFC3339) + `"}`
			r.box.ScriptFunc("GET /files/{id}/comments", func(boxtest.Request) boxtest.Fault {
				return boxtest.Fault{Status: 200, Body: `{"total_count":1,"entries":[` + comment + `]}`}.
					With("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
			})
			if got, err := failThen(t, r, reply(503, "unavailable"), writes()[3], func() {}); err != nil || got.ID != "77" {
				t.Errorf("skew %v: got %+v and error %v", skew, got, err)
			}
		})
	}
}

// Without a Date of Box's the clocks are taken for right.
func TestNoDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		at := time.Now().UTC().Format(time.RFC3339)
		base := hook(func(req *http.Request) (*http.Response, error) {
			switch {
			case req.Method == http.MethodPost:
				return response(req, 503, strings.NewReader("")), nil
			case req.URL.Path == "/users/me":
				return response(req, 200, strings.NewReader(`{"id":"100"}`)), nil
			}
			return response(req, 200, strings.NewReader(
				`{"id":"77","type":"folder","name":"reports","created_by":{"id":"100"},"created_at":"`+at+`","total_count":1,
				"entries":[{"id":"77","type":"folder","name":"reports"}]}`), "Date", "yesterday"), nil
		})
		r.client = &http.Client{Transport: base}
		if got, err := r.write(t.Context(), writes()[0]); err != nil || got.ID != "77" {
			t.Errorf("got %+v and error %v", got, err)
		}
	})
}

// Box carries the write out long after its answer, while we create again: one of them is
// refused. The conflict stands, for nobody can prove whose it is; there is one folder.
func TestCarriedOutLate(t *testing.T) {
	for delay, want := range map[time.Duration]codes.Code{3500 * time.Millisecond: codes.AlreadyExists, 500 * time.Millisecond: codes.OK} {
		t.Run(delay.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				w := writes()[0]
				n := 0
				_, err := retry.Do(t.Context(), r.ctl, retry.Operation{Safety: w.safety}, func(ctx context.Context) (made, error) {
					n++
					if n == 1 {
						r.box.Script(w.pattern, reply(503, "unavailable"))
						defer time.AfterFunc(delay, func() { r.as(t, "", w) })
					} else { // Box is slow to begin
						<-time.After(5 * time.Second)
					}
					return r.once(ctx, w)
				}, w.reconcile(r, r.lookup()))
				if want == codes.OK && err != nil {
					t.Error(err)
				} else if want != codes.OK {
					checkConflict(t, err)
				}
				if lists := r.box.Count(w.look); lists != 1 { // the conflict says what is in the way
					t.Errorf("looked through the folder %d times", lists)
				}
				if n := w.left(t, r); n != 1 {
					t.Errorf("there are %d", n)
				}
			})
		})
	}
}
