// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
)

// serviceConfig is what the callers dial with.
var serviceConfig = interceptors.ServiceConfig(filesv1.File_files_v1_file_service_proto.Services().ByName("FileService"))

var (
	tooFast = boxtest.Error(http.StatusTooManyRequests, "rate_limit_exceeded", "too fast").With("Retry-After", "1")
	down    = boxtest.Error(http.StatusServiceUnavailable, "unavailable", "later").With("Retry-After", "1")
	blocked = boxtest.Error(http.StatusConflict, "operation_blocked_temporary", "busy")
	full    = boxtest.Error(http.StatusInsufficientStorage, "storage_limit_exceeded", "no room")
)

// A retryCase counts what reaches the upstream where service and caller both may
// send again.
type retryCase struct {
	answer   string
	fault    boxtest.Fault
	times    int    // how often the upstream answers so
	method   string // of the request
	attempts int    // of the service: 1 leaves repeats to the caller, 3 is its default
	// want is how many requests our rules allow, whoever sends them: no more where both
	// could. alone is that where the caller's library repeats nothing.
	want, alone int
	code        string // what the caller gets in the end, where its library repeats
}

const always = 100

// Each wait is at least a second: Retry-After says so, and after ABORTED it is our own
// rule. A library that follows its own backoff comes back after at most 0.6 s.
const leastWait = time.Second

var retryCases = []retryCase{
	// The service tries once and tells the caller when to come back.
	{"429, Retry-After", tooFast, always, http.MethodGet, 1, 3, 1, "RESOURCE_EXHAUSTED"},
	{"429, Retry-After, once", tooFast, 1, http.MethodGet, 1, 2, 1, "OK"},
	{"503", down, always, http.MethodGet, 1, 3, 1, "UNAVAILABLE"},
	{"503", down, always, http.MethodDelete, 1, 3, 1, "UNAVAILABLE"},
	// Not declared safe to repeat: the service config does not name the method.
	{"503", down, always, http.MethodPost, 1, 1, 1, "UNAVAILABLE"},
	{"409 operation_blocked_temporary", blocked, always, http.MethodDelete, 1, 3, 1, "ABORTED"},
	{"409 operation_blocked_temporary", blocked, always, http.MethodPost, 1, 1, 1, "ABORTED"},
	// RESOURCE_EXHAUSTED is in the service config: the pushback -1 is what ends it.
	{"507", full, always, http.MethodDelete, 1, 1, 1, "RESOURCE_EXHAUSTED"},

	// The service tries three times, and tells the caller that all has been tried.
	{"429, Retry-After", tooFast, always, http.MethodGet, 3, 3, 3, "RESOURCE_EXHAUSTED"},
	{"429, Retry-After, once", tooFast, 1, http.MethodGet, 3, 2, 2, "OK"},
	{"503", down, always, http.MethodGet, 3, 3, 3, "UNAVAILABLE"},
	{"503", down, always, http.MethodDelete, 3, 3, 3, "UNAVAILABLE"},
	// The service looks whether the folder is there, and it is not.
	{"503", down, always, http.MethodPost, 3, 3, 3, "UNAVAILABLE"},
	{"409 operation_blocked_temporary", blocked, always, http.MethodDelete, 3, 3, 3, "ABORTED"},
	{"409 operation_blocked_temporary", blocked, always, http.MethodPost, 3, 3, 3, "ABORTED"},
	{"507", full, always, http.MethodDelete, 3, 1, 1, "RESOURCE_EXHAUSTED"},
}

func (c *retryCase) name() string {
	return fmt.Sprintf("%s on %s, service tries %d", c.answer, methods[c.method].rpc, c.attempts)
}

// run returns how many requests reached the upstream.
func (c *retryCase) run(t *testing.T, who caller, ask func(call) (sight, error)) string {
	t.Helper()
	w := newWorld(t, c.attempts, c.method)
	defer w.stop()
	w.box.Script(w.request, slices.Repeat([]boxtest.Fault{c.fault}, c.times)...)
	got := w.ask(t, ask, "", serviceConfig)
	want, code := c.want, c.code
	if !who.repeats {
		want = c.alone
		if c.alone < c.want {
			code = got.Code // an error, and which one the vectors have checked
		}
	}
	times := w.times()
	if len(times) != want || got.Code != code {
		t.Errorf("%d requests and then %s, want %d and %s", len(times), got.Code, want, code)
	}
	for i := 1; i < len(times); i++ {
		if wait := times[i].Sub(times[i-1]); wait < leastWait {
			t.Errorf("request %d came %v after the one before, want at least %v", i+1, wait, leastWait)
		}
	}
	if len(times) < c.want {
		return fmt.Sprintf("%d, no retry", len(times))
	}
	return strconv.Itoa(len(times))
}
