// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"net/http"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// The parameters, of all variants. They were written down before the first figures were
// known, and are those of bench/storm, which has one process and virtual time.
const (
	replicas     = 8
	callers      = 8     // of each replica
	wanted       = 200.0 // requests a second, of all callers together
	capacity     = 100.0 // that the upstream allows
	latency      = 20 * time.Millisecond
	deadline     = 10 * time.Second
	windowLength = 2 * time.Second
	windowQuota  = 200
	burst        = 20
	penalty      = 2 * time.Second
)

// request is what all callers want, of one principal.
const request = "GET /folders/0"

// An upstream is a Box with a quota for each 2 s, or, where it penalizes, a bucket, which is
// emptied by a burst; then everything is 429 for 2 s.
type upstream struct{ box boxtest.Server }

func newUpstream(penalizes bool) *upstream {
	u := &upstream{}
	u.box.KeepRequests(0)
	if penalizes {
		u.box.Limit(request, boxtest.Penalty(capacity, burst, penalty))
	} else {
		u.box.Limit(request, boxtest.Window(windowQuota, windowLength))
	}
	return u
}

// ServeHTTP decides half way, as a request takes time to get there.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wait(latency / 2)
	u.box.ServeHTTP(w, r)
	wait(latency / 2)
}

func (u *upstream) requests() int { return u.box.Count(request) }

func wait(d time.Duration) { <-time.After(d) }
