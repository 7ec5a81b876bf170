// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// A cooldown is tuned against these limiters: one that counts wrongly, or tells the
// wrong time to come back, tunes it wrongly.
func TestLimiters(t *testing.T) {
	// at each moment, in milliseconds from the start, one request: its Retry-After,
	// or 0 where it passes.
	tests := map[string]struct {
		limiter boxtest.Limiter
		at      []int
		want    []int
	}{
		"window": {
			boxtest.Window(2, 10*time.Second),
			[]int{3000, 3100, 3200, 9001, 9999, 10000, 10001, 10002, 40000},
			[]int{0, 0, 7, 1, 1, 0, 0, 10, 0},
		},
		"bucket": {
			boxtest.Bucket(0.5, 2), // a token every 2 s
			[]int{0, 0, 0, 999, 1000, 1999, 2000, 2001, 60000, 60000, 60000},
			[]int{0, 0, 2, 2, 1, 1, 0, 2, 0, 0, 2},
		},
		"bucket, little by little": {
			boxtest.Bucket(1, 1),
			[]int{0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000},
			[]int{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0},
		},
		"fast bucket, slow clock": {
			boxtest.Bucket(100, 1),
			[]int{0, 1, 9, 10},
			[]int{0, 1, 1, 0},
		},
		"penalty": {
			boxtest.Penalty(1, 2, 5*time.Second),
			[]int{0, 0, 500, 2500, 5499, 5500, 5500, 5500, 10500},
			[]int{0, 0, 5, 3, 1, 0, 0, 5, 0},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inBubble(t)
				s.Limit("GET /users/me", tt.limiter)
				start := time.Now()
				var got []int
				for _, at := range tt.at {
					time.Sleep(time.Until(start.Add(time.Duration(at) * time.Millisecond)))
					got = append(got, retryAfter(t, s, "GET /users/me"))
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("Retry-After = %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// retryAfter returns that of a 429, and 0 for a 200.
func retryAfter(t *testing.T, s *boxtest.Server, request string, header ...string) int {
	t.Helper()
	resp := ask(t, s, request, "", header...)
	status, body := read(t, resp)
	seconds := 0
	_, _ = fmt.Sscan(resp.Header.Get("Retry-After"), &seconds)
	isLimit := status == 429 && strings.Contains(body, `"code":"rate_limit_exceeded"`) && seconds > 0
	if !isLimit && status != 200 {
		t.Errorf("%s = %d %s with Retry-After %d", request, status, body, seconds)
	}
	return seconds
}

// One user's storm must not be another user's, as with Box.
func TestLimitIsOfAPrincipal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Limit("/", boxtest.Window(1, 24*time.Hour))
	for i, tt := range []struct {
		header  []string
		limited bool
	}{
		{nil, false},
		{nil, true},
		{[]string{"As-User", "7"}, false},
		{[]string{"As-User", "7"}, true},
		{[]string{"As-User", "8"}, false},
		{[]string{"Authorization", "Bearer other"}, false},
	} {
		if got := retryAfter(t, s, "GET /users/me", tt.header...) > 0; got != tt.limited {
			t.Errorf("request %d, %v: limited %t, want %t", i, tt.header, got, tt.limited)
		}
	}
}

// What Box never saw, or refused for other reasons, uses up nobody's quota.
func TestWhatALimitCounts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Limit("POST /folders", boxtest.Window(2, 24*time.Hour))
	s.Script("POST /folders", boxtest.Fault{Status: 503}, boxtest.Fault{},
		boxtest.Fault{Status: 503, Apply: true}, boxtest.Fault{Status: 502, Apply: true})
	var got []int
	ask(t, s, "POST /folders", newFolder, "Authorization", "none") // takes the 503, in vain
	for range 4 {
		status, _ := call(t, s, "POST /folders", newFolder)
		got = append(got, status)
	}
	if want := []int{201, 503, 502, 429}; !slices.Equal(got, want) {
		t.Errorf("statuses = %v, want %v", got, want)
	}
	if last := s.Requests()[3]; last.Applied {
		t.Error("a request over the limit was carried out")
	}
	if status, _ := call(t, s, "GET /folders/0/items", ""); status != 200 {
		t.Errorf("another path got %d, want 200", status)
	}
	s.Reset()
	if status, _ := call(t, s, "POST /folders", newFolder); status != 409 {
		t.Errorf("after Reset %d, want 409: no limit, and the folder is there", status)
	}
}

// Box limits searches twice, by the second and by the minute.
func TestTwoLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t)
		s.Limit("GET /search", boxtest.Window(2, time.Second))
		s.Limit("GET /search", boxtest.Window(3, time.Minute))
		var got []int
		for range 4 {
			got = append(got, retryAfter(t, s, "GET /search?query=a"))
			time.Sleep(300 * time.Millisecond)
		}
		time.Sleep(time.Second)
		got = append(got, retryAfter(t, s, "GET /search?query=a"))
		// The third is refused by the first limit, and so not counted by the second.
		if want := []int{0, 0, 1, 1, 0}; !slices.Equal(got, want) {
			t.Errorf("Retry-After = %v, want %v", got, want)
		}
		if got := retryAfter(t, s, "GET /search?query=a"); got != 58 {
			t.Errorf("Retry-After = %d, want the 58 s that are left of the minute", got)
		}
	})
}

// A refusal must reach a client that is still sending, however long its body.
func TestLimitAnswersALongUpload(t *testing.T) {
	t.Parallel()
	for name, s := range bothForms(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.Limit("/", boxtest.Window(1, 24*time.Hour))
			call(t, s, "GET /users/me", "")
			body := &film{left: 4 << 20}
			resp, err := try(t.Context(), s, "POST /files/content", body)
			if err != nil {
				t.Fatal(err)
			}
			if status, _ := read(t, resp); status != 429 || s.Requests()[1].BodyLen != 4<<20 {
				t.Errorf("got %d for %d bytes, want 429 for all", status, s.Requests()[1].BodyLen)
			}
		})
	}
}
