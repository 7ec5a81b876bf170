// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// answer is an answer of Box as the error that a service gets of it.
func answer(method string, status int, retryAfter string) error {
	return translate.Box.Translate(translate.Answer{
		Method: method, Status: status, Header: http.Header{"Retry-After": {retryAfter}},
	})
}

// An operation is made again after failures that pass, if that does no harm. A 429
// says that nothing was done, so one request that creates something may be repeated.
func ExampleDo() {
	c := retry.New(retry.WithMaxAttempts(3), retry.WithBackoff(time.Millisecond, time.Second))
	op := retry.Operation{Name: "create folder", Safety: retry.SingleUpstreamCall}
	calls := 0
	id, err := retry.Do(context.Background(), c, op, func(context.Context) (string, error) {
		if calls++; calls == 1 {
			return "", answer(http.MethodPost, http.StatusTooManyRequests, "0")
		}
		return "folder 17", nil
	}, nil)
	fmt.Println(id, err, calls)
	// Output:
	// folder 17 <nil> 2
}

// After a 503 nobody knows whether the folder is there. With a function that looks,
// Do finds out, and creates nothing twice.
func ExampleDo_reconcile() {
	c := retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
	op := retry.Operation{Name: "create folder", Safety: retry.SingleUpstreamCall}
	folders := make(map[string]string)
	create := func(context.Context) (string, error) {
		folders["Invoices"] = "folder 17" // Box made it, and its answer got lost
		return "", answer(http.MethodPost, http.StatusServiceUnavailable, "0")
	}
	look := func(context.Context, *translate.Error) (string, bool, error) {
		id, ok := folders["Invoices"]
		return id, ok, nil
	}
	id, err := retry.Do(context.Background(), c, op, create, look)
	fmt.Println(id, err)
	// Output:
	// folder 17 <nil>
}

// Decide is for loops of one's own: it only says what is right.
func ExampleController_Decide() {
	c := retry.New()
	f := retry.Failure{
		Err:       answer(http.MethodPost, http.StatusTooManyRequests, "5"),
		Attempt:   1,
		Safety:    retry.Idempotent,
		Remaining: time.Minute,
	}
	d := c.Decide(f)
	fmt.Println(d.Retry, d.Reason, d.Delay, "and up to", d.Jitter)
	f.Remaining = 3 * time.Second
	d = c.Decide(f)
	fmt.Println(d.Retry, d.Reason)
	f.Safety = retry.Unknown
	d = c.Decide(f)
	fmt.Println(d.Retry, d.Reason)
	// Output:
	// true hint 5s and up to 500ms
	// false deadline
	// false unsafe
}

// Interceptors ask so for every RPC that failed. The wait that they tell is the
// upstream's, and up to a tenth more.
func ExampleController_Advise() {
	c := retry.New()
	failure := retry.Failure{
		Err: answer(http.MethodPost, http.StatusTooManyRequests, "30"), Attempt: 1, Remaining: time.Minute,
	}
	advise := func(f retry.Failure) retry.Advice { return c.Advise(f, c.Decide(f)) }

	read, write, hurry := failure, failure, failure
	read.Safety = retry.ReadOnly
	a := advise(read)
	fmt.Println("a method that only reads:", a.Retry, a.Delay)
	a = advise(write)
	fmt.Println("a method that may write:", a.Retry, a.Pushback)
	hurry.Safety, hurry.Remaining = retry.ReadOnly, 10*time.Second
	a = advise(hurry)
	fmt.Println("a caller in a hurry:", a.Retry, a.Delay, a.Pushback)
	// Output:
	// a method that only reads: true 30s
	// a method that may write: false -1
	// a caller in a hurry: true 30s -1
}

// What was given up goes to the log, and nothing of what is an answer.
func ExampleLogTo() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "error" {
				return slog.Attr{}
			}
			return a
		},
	}))
	c := retry.New(retry.WithMaxAttempts(2), retry.WithObserver(retry.LogTo(logger)), retry.WithBackoff(1, 1))
	op := retry.Operation{Name: "get file", Safety: retry.ReadOnly}
	for _, err := range []error{answer(http.MethodGet, http.StatusServiceUnavailable, "0"), errors.New("a bug")} {
		_, _ = retry.Do(context.Background(), c, op, func(context.Context) (int, error) { return 0, err }, nil)
	}
	// Output:
	// level=INFO msg="gave up" operation="get file" group="" attempt=2 delay=0s reason=attempts
}
