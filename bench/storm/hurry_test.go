// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A hurry is what becomes of one call with a second to live, where the upstream says
// Retry-After: 2: nothing that is waited for can help.
type hurry struct {
	Waits    float64 `json:"waits"` // seconds, of the caller
	Requests int     `json:"requests"`
	Code     string  `json:"code"`
	Kept     bool    `json:"kept"` // RetryInfo
	// Next is how many requests the next call leads to, at once after this one.
	Next int `json:"next"`
}

func runHurry(t *testing.T, p policy) (h hurry) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		up := newUpstream(closed)
		f := p.build(t, up)
		once := func() (took float64, err error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			err = f(ctx)
			return time.Since(began).Seconds(), err
		}
		took, err := once()
		h = hurry{Waits: took, Requests: up.sent, Code: constant(status.Code(err)), Kept: retryInfo(err) != nil}
		_, _ = once()
		h.Next = up.sent - h.Requests
	})
	return h
}

// constant is the code as the specification spells it.
func constant(c codes.Code) string {
	return map[codes.Code]string{
		codes.ResourceExhausted: "RESOURCE_EXHAUSTED", codes.DeadlineExceeded: "DEADLINE_EXCEEDED",
		codes.Unavailable: "UNAVAILABLE", codes.Unknown: "UNKNOWN", codes.Internal: "INTERNAL",
	}[c]
}

func (h hurry) String() string {
	return fmt.Sprintf("%.2f s | %d | %d | %s | %s", h.Waits, h.Requests, h.Next, h.Code, map[bool]string{true: "yes", false: "no"}[h.Kept])
}
