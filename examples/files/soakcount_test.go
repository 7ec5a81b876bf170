// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxtest"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// What a write makes.
const (
	soakComment  = "comment"
	soakFolder   = "folder"
	soakFile     = "file"
	soakDeletion = "deletion"
)

// A soakWrite is a call that writes: what it was to do, and what its caller was told.
type soakWrite struct {
	by    soakKind
	makes string
	in    string // the item that is commented on, filled, or deleted
	name  string // or text: no other write has it
	sha1  string // of an upload
	sends int    // of the RPC, by the gRPC library or by what retries above it
	err   error
}

func (c *soakCaller) write(makes, in, sha1 string) *soakWrite {
	w := &soakWrite{by: c.kind, makes: makes, in: in, sha1: sha1, name: fmt.Sprintf("%s of %s, %d", makes, c.named, len(c.writes))}
	c.writes = append(c.writes, w)
	return w
}

func (w *soakWrite) end(ctx context.Context, err error) error {
	w.sends, w.err = ctx.Value(soakSends{}).(*soakCount).get(), err
	return err
}

type soakCount struct{ n atomic.Int32 }

func (c *soakCount) add()     { c.n.Add(1) }
func (c *soakCount) get() int { return int(c.n.Load()) }

// check says what is wrong, if Box has carried the write out this many times:
//
//   - No write is carried out twice. The exception is a comment of which the caller has
//     sent the RPC again although it is not declared safe to repeat, as
//     go-grpc-middleware does: that one is carried out at most as often as it was sent.
//     Of a folder, a file and a deletion Box itself allows no second.
//   - A write that succeeded was carried out, and so was one of which the error says
//     APPLIED.
//   - A write of which the error says NOT_APPLIED was not, if the caller has sent the RPC
//     once or has our client. With others the error speaks of the last time only.
func (w *soakWrite) check(times int) string {
	e, _ := translate.FromError(w.err)
	outcome := e.Outcome()
	most := 1
	if w.by == soakMiddleware && w.makes == soakComment {
		most = w.sends
	}
	switch {
	case times > most:
		return fmt.Sprintf("was carried out more than %d times", most)
	case times == 0 && w.err == nil:
		return "succeeded, and was not carried out"
	case times == 0 && outcome == boxgrpcv1.Outcome_OUTCOME_APPLIED:
		return "failed after it was carried out, and was not"
	case times > 0 && outcome == boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED && (w.sends == 1 || w.by == soakOurs):
		return "failed before it was carried out, and was"
	}
	return ""
}

// compare compares what a caller was told with what Box holds.
func (c *soakCaller) compare(t *testing.T, box *boxtest.Server, counts *soakCounts) {
	t.Helper()
	for _, wrong := range c.wrong {
		t.Errorf("%s: %s", c.kind, wrong)
	}
	made, sums := make(map[string]int), make(map[string]string)
	for _, e := range soakEntries(t, box, "/files/"+c.file+"/comments", "message") {
		made[e.Message]++
	}
	for _, e := range soakEntries(t, box, "/folders/"+c.folder+"/items", "name,sha1") {
		made[e.Name]++
		sums[e.Name] = e.SHA1
	}
	for _, w := range c.writes {
		times := made[w.name]
		if w.makes == soakDeletion {
			times = 1 - times
		}
		if wrong := w.check(times); wrong != "" {
			t.Errorf("%s %q by %s: %s: carried out %d times, sent %d times, error %+v",
				w.makes, w.name, w.by, wrong, times, w.sends, soakTold(w.err))
		}
		if times > 0 && sums[w.name] != w.sha1 {
			t.Errorf("%s %q by %s: has the SHA-1 %s, want %s: error %v", w.makes, w.name, w.by, sums[w.name], w.sha1, w.err)
		}
		counts.written(w, times)
	}
}

// soakTold is an error with all that its caller is told.
func soakTold(err error) string {
	e, ok := translate.FromError(err)
	if !ok {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%v: %s: %v", e.Code(), e, e.Metadata())
}

type soakEntry struct{ Name, Message, SHA1 string }

// soakEntries asks a Box that is not listening any more for all of a list.
func soakEntries(t *testing.T, box *boxtest.Server, path, fields string) (all []soakEntry) {
	t.Helper()
	for {
		req := httptest.NewRequest(http.MethodGet, fmt.Sprintf("%s?limit=1000&offset=%d&fields=%s", path, len(all), fields), nil)
		req.Header.Set("Authorization", "Bearer of nothing")
		answer := httptest.NewRecorder()
		box.ServeHTTP(answer, req)
		var list struct {
			TotalCount int `json:"total_count"`
			Entries    []soakEntry
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil || answer.Code != http.StatusOK {
			t.Fatalf("GET %s = %d %s", path, answer.Code, answer.Body)
		}
		all = append(all, list.Entries...)
		if len(all) >= list.TotalCount || len(list.Entries) == 0 {
			return all
		}
	}
}

// soakCounts is what happened in a storm.
type soakCounts struct {
	requests int // to Box
	sends    int // of RPCs
	calls    map[soakKind]int
	ok       map[soakKind]int
	codes    map[codes.Code]int
	again    map[string]map[string]int // by the budget: reasons to send again
	ended    map[string]map[string]int // and not to
	writes   map[string]*soakWritten   // by what they make
}

// soakWritten counts writes, by what callers were told.
type soakWritten struct{ calls, ok, notApplied, applied, unknown, done, twice int }

func newSoakCounts(callers []*soakCaller, services []*soakService, requests int) *soakCounts {
	n := &soakCounts{
		requests: requests, calls: make(map[soakKind]int), ok: make(map[soakKind]int), codes: make(map[codes.Code]int),
		again: make(map[string]map[string]int), ended: make(map[string]map[string]int), writes: make(map[string]*soakWritten),
	}
	for _, c := range callers {
		n.sends += c.sends
		for code, times := range c.codes {
			n.codes[code] += times
			n.calls[c.kind] += times
		}
		n.ok[c.kind] += c.codes[codes.OK]
	}
	for _, s := range services {
		n.again[s.reasons.budget], n.ended[s.reasons.budget] = s.reasons.counts()
	}
	return n
}

func (n *soakCounts) written(w *soakWrite, times int) {
	k := n.writes[w.makes]
	if k == nil {
		k = new(soakWritten)
		n.writes[w.makes] = k
	}
	k.calls++
	k.done += min(times, 1)
	k.twice += max(times-1, 0)
	e, _ := translate.FromError(w.err)
	switch outcome := e.Outcome(); {
	case w.err == nil:
		k.ok++
	case outcome == boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED:
		k.notApplied++
	case outcome == boxgrpcv1.Outcome_OUTCOME_APPLIED:
		k.applied++
	default:
		k.unknown++
	}
}

func (n *soakCounts) String() string {
	total := 0
	for _, times := range n.calls {
		total += times
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d RPCs, sent %d times; %d requests to Box, %.2f per RPC\n", total, n.sends, n.requests, float64(n.requests)/float64(max(total, 1)))
	for _, kind := range soakKinds {
		fmt.Fprintf(&b, "%-10s  %d RPCs, %d OK\n", kind, n.calls[kind], n.ok[kind])
	}
	fmt.Fprintf(&b, "codes: %s\n", soakList(n.codes))
	for _, budget := range slices.Sorted(maps.Keys(n.again)) {
		fmt.Fprintf(&b, "sent again, budget %s: %s\n", budget, soakList(n.again[budget]))
		fmt.Fprintf(&b, "not sent again, budget %s: %s\n", budget, soakList(n.ended[budget]))
	}
	for _, makes := range slices.Sorted(maps.Keys(n.writes)) {
		k := n.writes[makes]
		fmt.Fprintf(&b, "%-8s  %d RPCs: %d OK, %d failed as not applied, %d as applied, %d as unknown; %d carried out, %d once more because their caller sent them again\n",
			makes, k.calls, k.ok, k.notApplied, k.applied, k.unknown, k.done, k.twice)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// soakList writes the greatest number first.
func soakList[K cmp.Ordered](counts map[K]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%v %d", k, counts[k]))
	}
	return strings.Join(parts, ", ")
}

// check fails if the storm was none: then nothing was tested.
func (n *soakCounts) check(t *testing.T) {
	t.Helper()
	for _, kind := range soakKinds {
		if n.ok[kind] == 0 {
			t.Errorf("%s: none of %d RPCs is OK", kind, n.calls[kind])
		}
	}
	if len(n.codes) < 2 {
		t.Errorf("codes are %v: nothing has failed", n.codes)
	}
}
