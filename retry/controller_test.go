// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

const noDeadline = -1 * time.Nanosecond

// box is an answer of Box as an error. retryAfter may be empty.
func box(t *testing.T, method string, status int, code, retryAfter string) *translate.Error {
	t.Helper()
	h := make(http.Header)
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	body := fmt.Sprintf(`{"type":"error","status":%d,"code":%q}`, status, code)
	var e *translate.Error
	if !errors.As(translate.Box.Translate(translate.Answer{Method: method, Status: status, Header: h, Body: []byte(body)}), &e) {
		t.Fatalf("Translate(%s, %d, %s) is no *translate.Error", method, status, code)
	}
	return e
}

// transport is the error of a request that got no answer.
func transport(t *testing.T, method string, err error) *translate.Error {
	t.Helper()
	ctx := t.Context()
	if errors.Is(err, context.DeadlineExceeded) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 0)
		defer cancel()
	}
	req, reqErr := http.NewRequestWithContext(ctx, method, "https://api.box.com", nil)
	if reqErr != nil {
		t.Fatal(reqErr)
	}
	var e *translate.Error
	if !errors.As(translate.Box.TransportError(req, err), &e) {
		t.Fatalf("TransportError(%s, %v) is no *translate.Error", method, err)
	}
	return e
}

// again is advice to repeat. What the pushback may be depends on the delay.
func again(d time.Duration) retry.Advice {
	return retry.Advice{Retry: true, Delay: d, Pushback: "wait"}
}

func checkAdvice(t *testing.T, got, want retry.Advice) {
	t.Helper()
	pushback := got.Pushback
	if want.Pushback == "wait" {
		ms, err := strconv.ParseInt(pushback, 10, 32)
		low := want.Delay.Milliseconds()
		if err != nil || ms < low || ms > low+low/10+1 {
			t.Errorf("Pushback = %q, want %d to a tenth more", pushback, low)
		}
		got.Pushback = "wait"
	}
	if got != want {
		t.Errorf("Advise = %+v, want %+v (pushback was %q)", got, want, pushback)
	}
}

// One row for each kind of failure, one column for each kind of RPC. A wrong "again"
// here is a write made twice, a wrong "stop" is a retry lost, and a missing stop is
// a storm of retries that clients make by the code alone.
func TestAdvise(t *testing.T) {
	t.Parallel()
	stop, silent := retry.Advice{Pushback: "-1"}, retry.Advice{}
	second := again(time.Second)
	situations := []struct {
		name                string
		e                   *translate.Error
		safe, single, other retry.Advice
	}{
		{"429", box(t, "POST", 429, "rate_limit_exceeded", ""), second, second, stop},
		{"429 with a hint", box(t, "POST", 429, "rate_limit_exceeded", "7"), again(7 * time.Second), again(7 * time.Second), stop},
		{"429 with a hint of 0", box(t, "POST", 429, "rate_limit_exceeded", "0"), again(0), again(0), stop},
		{"503 on a read", box(t, "GET", 503, "unavailable", ""), second, second, stop},
		{"503 on a write", box(t, "POST", 503, "unavailable", ""), second, stop, stop},
		{"503 on a write with a hint", box(t, "POST", 503, "unavailable", "7"), again(7 * time.Second), stop, stop},
		{"503 on a deletion", box(t, "DELETE", 503, "unavailable", ""), second, second, stop},
		{"500", box(t, "GET", 500, "internal_server_error", ""), second, second, stop},
		{"the folder is busy", box(t, "POST", 409, "operation_blocked_temporary", ""), second, second, stop},
		{"the name is in use", box(t, "POST", 409, "item_name_in_use", ""), silent, silent, silent},
		{"the name is in use, with a hint", box(t, "POST", 409, "item_name_in_use", "7"), silent, silent, silent},
		{"no space left", box(t, "POST", 507, "storage_limit_exceeded", ""), stop, stop, stop},
		{"not found", box(t, "GET", 404, "not_found", ""), silent, silent, silent},
		{"unauthorized", box(t, "GET", 401, "unauthorized", ""), silent, silent, silent},
		{"a bad request", box(t, "POST", 400, "bad_request", ""), silent, silent, silent},
		{"a status nobody knows", box(t, "GET", 799, "", ""), stop, stop, stop},
		{"connection refused on a write", transport(t, "POST", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), second, second, stop},
		{"connection lost on a read", transport(t, "GET", syscall.ECONNRESET), second, second, stop},
		{"connection lost on a write", transport(t, "POST", syscall.ECONNRESET), second, stop, stop},
		{"deadline", transport(t, "GET", context.DeadlineExceeded), stop, stop, stop},
		{"cancelled", transport(t, "GET", context.Canceled), silent, silent, silent},
		{"certificate", transport(t, "GET", x509.UnknownAuthorityError{}), stop, stop, stop},
		{"judged: not again", box(t, "GET", 429, "rate_limit_exceeded", "7").WithoutRetry(), stop, stop, stop},
		{"judged: again", box(t, "POST", 404, "not_found", "").WithRetryDelay(3 * time.Second), again(3 * time.Second), again(3 * time.Second), silent},
	}
	for _, tt := range situations {
		for s, want := range map[retry.Safety]retry.Advice{
			retry.Unknown: tt.other, retry.ReadOnly: tt.safe, retry.Idempotent: tt.safe,
			retry.Conditional: tt.other, retry.SingleUpstreamCall: tt.single, retry.NotIdempotent: tt.other,
		} {
			t.Run(fmt.Sprintf("%s, safety %d", tt.name, s), func(t *testing.T) {
				t.Parallel()
				checkAdvice(t, retry.New().Advise(tt.e, s, noDeadline), want)
			})
		}
	}
}

// A caller that is told to wait past its deadline loses the real error; one that is
// told to stop with time enough loses its retry. The wait includes the jitter.
func TestAdviseLooksAtTheDeadline(t *testing.T) {
	t.Parallel()
	situations := []struct {
		name      string
		hint      string
		remaining time.Duration
		want      string
	}{
		{"no deadline", "10", noDeadline, "wait"},
		{"long enough for any jitter", "10", 11*time.Second + 2*time.Millisecond, "wait"},
		{"no time for the try itself", "10", 10 * time.Second, "-1"},
		{"shorter than the wait", "10", 9999 * time.Millisecond, "-1"},
		{"over already", "10", 0, "-1"},
		{"over already, no wait", "0", 0, "-1"},
		{"no wait, some time", "0", 2 * time.Millisecond, "wait"},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := box(t, "GET", 429, "rate_limit_exceeded", tt.hint)
			delay, _ := e.RetryDelay()
			for range 100 { // for the jitter
				checkAdvice(t, retry.New().Advise(e, retry.ReadOnly, tt.remaining), retry.Advice{Retry: true, Delay: delay, Pushback: tt.want})
			}
		})
	}
}

// The wait that the jitter made too long for the deadline must not be told, although
// the hint alone would have fitted.
func TestAdviseNeverPassesTheDeadline(t *testing.T) {
	t.Parallel()
	e := box(t, "GET", 429, "rate_limit_exceeded", "10")
	const remaining = 10500 * time.Millisecond
	waits, stops := 0, 0
	for range 1000 {
		a := retry.New().Advise(e, retry.ReadOnly, remaining)
		if a.Pushback == "-1" {
			stops++
			continue
		}
		if ms, err := strconv.Atoi(a.Pushback); err != nil || time.Duration(ms)*time.Millisecond >= remaining {
			t.Fatalf("Pushback = %q, want less than %v", a.Pushback, remaining)
		}
		waits++
	}
	if waits == 0 || stops == 0 {
		t.Errorf("%d waits, %d stops, want some of both", waits, stops)
	}
}

// Jitter goes upward only: less than the hint is what the upstream has forbidden.
// And it is there: callers that come back in the same moment are turned away again.
func TestAdviseJittersUpward(t *testing.T) {
	t.Parallel()
	for _, hint := range []string{"1", "10", "86400", "0.001", "1.1", "1900000"} {
		t.Run(hint, func(t *testing.T) {
			t.Parallel()
			e := box(t, "GET", 429, "rate_limit_exceeded", hint)
			delay, _ := e.RetryDelay()
			low, high := math.MaxInt, 0
			for range 2000 {
				a := retry.New().Advise(e, retry.ReadOnly, noDeadline)
				checkAdvice(t, a, again(delay))
				ms, _ := strconv.Atoi(a.Pushback)
				low, high = min(low, ms), max(high, ms)
			}
			// 2000 draws of one distribution: the chance to miss the outer
			// tenths is 0.9^2000.
			if want := float64(delay.Milliseconds()) * 1.09; float64(high) < want || float64(low) > want/1.09*1.01+1 {
				t.Errorf("Pushback from %d to %d ms, want it spread over a tenth", low, high)
			}
		})
	}
}

// The trailer is an int32. A wait that does not fit must end the retries: cut down
// or wrapped around it would send callers back early.
func TestAdviseNeverClamps(t *testing.T) {
	t.Parallel()
	for hint, want := range map[string]string{
		"1952257":              "wait", // a tenth more still fits
		"2147484":              "-1",
		"4294968":              "-1", // 704 ms in int32
		"31536000":             "-1",
		"99999999999999999999": "-1",
	} {
		t.Run(hint, func(t *testing.T) {
			t.Parallel()
			e := box(t, "GET", 429, "rate_limit_exceeded", hint)
			delay, _ := e.RetryDelay()
			for range 100 {
				checkAdvice(t, retry.New().Advise(e, retry.ReadOnly, noDeadline), retry.Advice{Retry: true, Delay: delay, Pushback: want})
			}
		})
	}
}

// One controller serves all interceptors of a service at once.
func TestOneControllerForAll(t *testing.T) {
	t.Parallel()
	ctl, e := retry.New(), box(t, "GET", 429, "rate_limit_exceeded", "7")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				checkAdvice(t, ctl.Advise(e, retry.ReadOnly, noDeadline), again(7*time.Second))
			}
		})
	}
	wg.Wait()
}
