// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// BoxLimits are the limits for each user that Box publishes (developer.box.com, "Rate
// limits", as of 2026), by the groups of [BoxGroup]. A gate that is told them need not
// find them out by further 429s:
//
//	ctl := retry.New(retry.WithGate(retry.NewGate(boxhttp.BoxLimits()...)))
//
// They hold if this process is the only one that acts for the user; what an
// enterprise or a licence allows comes on top.
func BoxLimits() []retry.Limit {
	return []retry.Limit{
		{Requests: 1000, Per: time.Minute},
		{Group: "upload", Requests: 240, Per: time.Minute},
		{Group: "search", Requests: 6, Per: time.Second},
		{Group: "search", Requests: 60, Per: time.Minute},
		{Group: "sign", Requests: 100, Per: time.Minute},
	}
}
