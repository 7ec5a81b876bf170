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
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// as writes as another user does, without a transport of ours.
func (r *rig) as(t *testing.T, user string, w write) {
	t.Helper()
	header := bearer("token")
	if user != "" {
		header.Set("As-User", user)
	}
	other := *r
	other.client = &http.Client{Transport: signer{header, r.box.Client().Transport}}
	if _, err := other.once(t.Context(), w); err != nil {
		t.Fatal(err)
	}
}

// checkConflict fails the test unless err says that somebody else was there first.
func checkConflict(t *testing.T, err error) {
	t.Helper()
	if e, ok := translate.FromError(err); !ok || e.Code() != codes.AlreadyExists || e.Outcome() != boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED {
		t.Errorf("got %v with %v, want ALREADY_EXISTS, and that nothing was done", err, e.Outcome())
	}
}

// Another writer makes an item of the same name in between. It is never taken for ours: a
// service that thinks so goes on to fill, share or delete somebody else's folder.
func TestSecondWriter(t *testing.T) {
	for _, w := range writes()[:2] {
		for name, f := range ambiguous() {
			if f.Apply || f.CutAfter > 0 || f.Delay > 0 {
				continue
			}
			t.Run(w.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, nil, nil)
					got, err := failThen(t, r, f, w, func() { r.as(t, "7", w) })
					checkConflict(t, err)
					if got.ID != "" {
						t.Errorf("got %+v", got)
					}
					if n := w.left(t, r); n != 1 {
						t.Errorf("there are %d", n)
					}
				})
			})
		}
	}
}

// failThen is a write whose first attempt fails, and whose world changes in between.
func failThen(t *testing.T, r *rig, f boxtest.Fault, w write, between func()) (made, error) {
	t.Helper()
	n := 0
	return retry.Do(t.Context(), r.ctl, retry.Operation{Name: w.name, Safety: w.safety},
		func(ctx context.Context) (made, error) {
			n++
			if n == 1 {
				r.box.Script(w.pattern, f)
			}
			m, err := r.once(ctx, w)
			if n == 1 {
				between()
			}
			return m, err
		}, w.reconcile(r, r.lookup()))
}

// Who made it is told by the user, and by nothing else: not by the name.
func TestMadeBySomebodyElse(t *testing.T) {
	tests := []struct {
		name    string
		write   int
		between func(*rig) // nil: user 7 does the same
		want    codes.Code
	}{
		{"the folder, a stranger", 0, func(r *rig) { r.box.AddFolder("0", "reports") }, codes.AlreadyExists},
		{"the folder, another user", 0, nil, codes.AlreadyExists},
		{"the folder, in other case", 0, func(r *rig) { r.box.AddFolder("0", "REPORTS") }, codes.AlreadyExists},
		{"a file of the folder's name", 0, func(r *rig) { r.box.AddFile("0", "reports", nil) }, codes.AlreadyExists},
		{"the file, the same content", 1, func(r *rig) { r.box.AddFile("0", "film.mp4", []byte(content)) }, codes.AlreadyExists},
		{"the file, other content", 1, func(r *rig) { r.box.AddFile("0", "film.mp4", []byte("x")) }, codes.AlreadyExists},
		{"the file, another user", 1, nil, codes.AlreadyExists},
		{"the collaborator, another user", 4, nil, codes.AlreadyExists},
		{"ourselves, in other case", 0, func(r *rig) { r.asOurselves(writes()[0], "reports", "REPORTS") }, codes.AlreadyExists},
		{"ourselves, other content", 1, func(r *rig) { r.asOurselves(writes()[1], content, "action") }, codes.AlreadyExists},
		{"the comment, another user", 3, nil, codes.OK},
		{"the deletion, another user", 2, nil, codes.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				r.furnish()
				got, err := failThen(t, r, reply(503, "unavailable"), writes()[tt.write], func() {
					if tt.between == nil {
						r.as(t, "7", writes()[tt.write])
						return
					}
					tt.between(r)
				})
				if lists := r.box.Count("GET /folders/{id}/items"); tt.write == 1 && lists != 1 { // then the conflict names it
					t.Errorf("looked through the folder %d times", lists)
				}
				if n := r.box.Count("GET /folders/{id}"); n != 0 && tt.name == "a file of the folder's name" { // ids of files are no ids of folders
					t.Errorf("asked %d times for a folder with the id of a file", n)
				}
				if tt.want == codes.AlreadyExists {
					checkConflict(t, err)
				} else if err != nil || (got.ID == "") != (tt.write == 2) {
					t.Errorf("got %+v and error %v", got, err)
				}
			})
		})
	}
}

// asOurselves writes something else for the same user at the same time.
func (r *rig) asOurselves(w write, old, other string) {
	method, path, contentType, body := w.request(r)
	req, err := http.NewRequest(method, r.box.URL+path, strings.NewReader(strings.Replace(body, old, other, 1)))
	if err != nil {
		panic(err)
	}
	req.Header = bearer("token")
	req.Header.Set("Content-Type", contentType)
	resp, err := r.box.Client().Do(req)
	if err != nil || resp.StatusCode != http.StatusCreated {
		panic(fmt.Sprint(resp, err))
	}
	_ = resp.Body.Close()
}

// An item that we made ourselves, long ago, is not what this call has made: its caller
// wanted a new one.
func TestMadeLongAgo(t *testing.T) {
	for i, w := range writes() {
		if w.want == 0 {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, nil)
				r.furnish()
				r.as(t, "", w)
				<-time.After(time.Minute)
				got, err := failThen(t, r, reply(503, "unavailable"), w, func() {})
				if i != 3 { // a second comment is no conflict
					checkConflict(t, err)
				} else if err != nil || got.ID != "1004" || w.left(t, r) != 2 {
					t.Errorf("got %+v and error %v", got, err)
				}
			})
		})
	}
}

// The same comment was made last week, and again now, of which nobody heard: it is not
// made a third time.
func TestSameCommentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		w := writes()[3]
		r.furnish()
		r.as(t, "", w)
		<-time.After(time.Minute)
		r.as(t, "7", w)
		r.box.Script(w.pattern, boxtest.Fault{Status: 503, Apply: true})
		got, err := r.write(t.Context(), w)
		if err != nil || got.ID != "1005" || w.left(t, r) != 3 {
			t.Errorf("got %+v and error %v", got, err)
		}
	})
}
