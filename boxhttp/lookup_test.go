// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A listing of many pages is read to its end, also where Box leaves out what the user may
// not see: an item that is missed would be made a second time.
func TestManyPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.furnish()
		r.box.Script("POST /comments", boxtest.Fault{Status: 503, Apply: true})
		var offsets []string
		r.box.ScriptFunc("GET /files/{id}/comments", func(req boxtest.Request) boxtest.Fault {
			offset := req.Query.Get("offset")
			offsets = append(offsets, offset)
			switch offset {
			case "0": // 100 at a time, whatever was asked for, and nothing to be seen
				return boxtest.Fault{Status: 200, Body: `{"total_count":250,"limit":100,"entries":[null]}`}
			case "100":
				return boxtest.Fault{Status: 200, Body: `{"total_count":250,"limit":100,"entries":[{"type":"comment","message":"deeper","created_at":"1999-12-31T23:59:59Z"}]}`}
			}
			now := time.Now().UTC().Format(time.RFC3339)
			return boxtest.Fault{Status: 200, Body: `{"total_count":250,"limit":100,"entries":[{"type":"comment","id":"77","message":"deeper","created_at":"` + now + `","created_by":{"id":"100"}}]}`}
		})
		got, err := r.write(t.Context(), writes()[3])
		if err != nil || got.ID != "77" || strings.Join(offsets, " ") != "0 100 200" {
			t.Errorf("got %+v, error %v, offsets %v", got, err, offsets)
		}
	})
}

// Some of Box's lists go on by a marker.
func TestMarkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.furnish()
		r.box.Script("POST /collaborations", boxtest.Fault{Status: 503, Apply: true})
		r.box.Script("GET /folders/{id}/collaborations", boxtest.Fault{Status: 200, Body: `{"limit":100,"next_marker":"m","entries":[{"accessible_by":null}]}`})
		got, err := r.write(t.Context(), writes()[4])
		if err != nil || got.ID == "" {
			t.Errorf("got %+v and error %v", got, err)
		}
		last := r.box.Requests()[2].Query
		if last.Get("marker") != "m" || last.Has("offset") {
			t.Errorf("asked for %v", last)
		}
	})
}

// A folder with more items than can be listed: nobody knows.
func TestTooManyItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("POST /folders", boxtest.Fault{Status: 503, Apply: true})
		r.box.ScriptFunc("GET /folders/{id}/items", func(boxtest.Request) boxtest.Fault {
			return boxtest.Fault{Status: 200, Body: `{"total_count":20000,"limit":1000,"entries":[]}`}
		})
		_, err := r.write(t.Context(), writes()[0])
		checkFailed(t, err)
		if n := r.box.Count("GET /folders/{id}/items"); n != 10 {
			t.Errorf("asked for %d pages", n)
		}
	})
}

// A service that reads something else than Box sends finds out, with an error.
func TestUnreadableItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.Script("POST /folders", boxtest.Fault{Status: 503, Apply: true})
		l := boxhttp.NewLookup(r.client, r.box.URL)
		_, err := retry.Do(t.Context(), r.ctl, retry.Operation{Safety: retry.SingleUpstreamCall},
			func(ctx context.Context) (int, error) {
				_, err := r.once(ctx, writes()[0])
				return 0, err
			}, boxhttp.CreatedFolder[int](l, "0", "reports"))
		checkFailed(t, err)
		if e, _ := translate.FromError(err); e.Code() != codes.Unavailable {
			t.Errorf("got %v", err)
		}
	})
}

// A list that does not move is asked for once.
func TestListWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.furnish()
		r.box.Script("POST /comments", reply(503, "unavailable"))
		r.box.Script("GET /files/{id}/comments", boxtest.Fault{Status: 200, Body: `{"total_count":5,"entries":[]}`})
		if _, err := r.write(t.Context(), writes()[3]); err != nil {
			t.Error(err)
		}
		if n := r.box.Count("GET /files/{id}/comments"); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// Gone for good is gone, too.
func TestGone(t *testing.T) {
	for status, want := range map[int]bool{410: true, 404: true, 403: false, 200: false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, nil)
			r.box.Script("GET /folders/{id}", boxtest.Fault{Status: status, Body: "{}"})
			_, gone, err := boxhttp.Deleted[int](r.lookup(), "/folders/7")(t.Context(), nil)
			if gone != want || (err != nil) != (status == 403) {
				t.Errorf("%d: gone %t, error %v", status, gone, err)
			}
		})
	}
}

// A collaborator has an id, a login, or so far only the address that was invited.
func TestCollaborators(t *testing.T) {
	tests := []struct {
		who, entry string
		ours       bool
	}{
		{"55", `"accessible_by":{"type":"user","id":"55","login":"a@b.test"}`, true},
		{"A@b.test", `"accessible_by":{"type":"user","id":"55","login":"a@b.test"}`, true},
		{"a@b.test", `"accessible_by":null,"invite_email":"A@B.test"`, true},
		{"56", `"accessible_by":{"type":"user","id":"55","login":"a@b.test"}`, false},
		{"c@b.test", `"accessible_by":{"type":"group","id":"55"},"invite_email":null`, false},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, retry.New(retry.WithMaxAttempts(1)), nil)
			entry := `{"id":"77","role":"editor","created_by":{"id":"100"},"created_at":"` + time.Now().UTC().Format(time.RFC3339) + `",` + tt.entry + `}`
			r.box.Script("GET /folders/{id}/collaborations", boxtest.Fault{Status: 200, Body: `{"total_count":1,"entries":[` + entry + `]}`})
			got, err := retry.Do(t.Context(), r.ctl, retry.Operation{}, func(context.Context) (made, error) {
				return made{}, translate.Box.Translate(translate.Answer{Method: "POST", Status: 503})
			}, boxhttp.AddedCollaboration[made](r.lookup(), "/folders/7", tt.who, "editor"))
			if ours := err == nil && got.ID == "77"; ours != tt.ours {
				t.Errorf("%s in {%s}: ours %t, want %t (%v)", tt.who, tt.entry, ours, tt.ours, err)
			}
		})
	}
}
