// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// Interceptors ask so for every RPC that failed. The wait that they tell is the
// upstream's, and up to a tenth more.
func ExampleController_Advise() {
	ctl := retry.New()
	var e *translate.Error
	errors.As(translate.Box.Translate(translate.Answer{
		Method: http.MethodPost,
		Status: http.StatusTooManyRequests,
		Header: http.Header{"Retry-After": {"30"}},
	}), &e)

	read := ctl.Advise(e, retry.ReadOnly, time.Minute)
	fmt.Println("a method that only reads:", read.Retry, read.Delay)
	write := ctl.Advise(e, retry.Unknown, time.Minute)
	fmt.Println("a method that may write:", write.Retry, write.Pushback)
	hurry := ctl.Advise(e, retry.ReadOnly, 10*time.Second)
	fmt.Println("a caller in a hurry:", hurry.Retry, hurry.Delay, hurry.Pushback)
	// Output:
	// a method that only reads: true 30s
	// a method that may write: false -1
	// a caller in a hurry: true 30s -1
}
