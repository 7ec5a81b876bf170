// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/boxtest"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// soakFault decides about one request: every other one is answered as it should be.
//
// Box fails as it likes, but it does not lie: what it refuses it has not done, and
// what is there is not said to be missing. From a lie nobody can tell what was done.
func soakFault(r boxtest.Request) boxtest.Fault {
	n := rand.N(1000)
	for _, f := range soakFaults {
		if n -= f.share; n < 0 {
			return f.fault(r)
		}
	}
	return boxtest.Fault{}
}

// soakFaults are the faults and how many of 1000 requests meet them.
var soakFaults = []struct {
	share int
	fault func(boxtest.Request) boxtest.Fault
}{
	{100, soakRefusal},
	{10, func(boxtest.Request) boxtest.Fault { return soakTooFast.With("Retry-After", "0") }},
	{1, func(boxtest.Request) boxtest.Fault { return soakTooFast.With("Retry-After", "1") }},
	{10, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Status: 202}.With("Retry-After", "0") }},
	{2, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Status: 202}.With("Retry-After", "1") }},

	{40, func(boxtest.Request) boxtest.Fault { return soakBusy }},
	{10, func(boxtest.Request) boxtest.Fault { return soakBusy.With("Retry-After", "0") }},
	{60, func(boxtest.Request) boxtest.Fault { return soakApplied(soakBusy) }},
	{20, func(boxtest.Request) boxtest.Fault { return soakApplied(soakPage(http.StatusBadGateway)) }},
	{20, func(boxtest.Request) boxtest.Fault { return soakPage(http.StatusGatewayTimeout) }},

	{3, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Hang: true} }},
	{3, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Hang: true, Apply: true} }},
	{30, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Delay: rand.N(80 * time.Millisecond)} }},
	{30, func(boxtest.Request) boxtest.Fault {
		return boxtest.Fault{Pause: time.Millisecond, ChunkLen: 1 + rand.N(20_000)}
	}},

	{20, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{ResetUnread: true} }},
	{20, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Reset: true} }},
	{30, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Reset: true, Apply: true} }},
	{10, func(boxtest.Request) boxtest.Fault {
		return boxtest.Fault{Reset: true, Apply: true, Delay: rand.N(20 * time.Millisecond)}
	}},
	{20, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{CutAfter: 1 + rand.N(300)} }},
	{5, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{CutAfter: 1 + rand.N(150_000)} }},

	{20, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{Gzip: true} }},
	{10, func(boxtest.Request) boxtest.Fault { return boxtest.Fault{LengthOff: 1 + rand.N(100)} }},
	{10, soakBroken},
}

var (
	soakTooFast = boxtest.Error(http.StatusTooManyRequests, "rate_limit_exceeded", "too fast")
	soakBusy    = boxtest.Error(http.StatusServiceUnavailable, "unavailable", "busy")
)

// soakApplied is for answers that leave open what was done.
func soakApplied(f boxtest.Fault) boxtest.Fault {
	f.Apply = true
	return f
}

// soakPage answers in the place of Box.
func soakPage(status int) boxtest.Fault {
	return boxtest.Fault{Status: status, Body: "<html><h1>" + http.StatusText(status) + "</h1></html>"}.With("Content-Type", "text/html")
}

// soakBroken is a success that nobody can read. What has been written then is there. Of a
// content nobody can tell that it is broken.
func soakBroken(r boxtest.Request) boxtest.Fault {
	switch {
	case r.Method == http.MethodDelete || r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/content"):
		return boxtest.Fault{}
	case r.Method != http.MethodGet:
		return boxtest.Fault{Status: http.StatusCreated, Body: `{"type":"comm`, Apply: true}
	case rand.N(3) == 0:
		return boxtest.Fault{LengthOff: -(2 + rand.N(100))} // more than the line's end
	case rand.N(2) == 0:
		return soakPage(http.StatusOK)
	}
	return boxtest.Fault{Status: http.StatusOK, Body: `{"total_count":1,"entries":[{"ty`}
}

// soakRefusal is any status, and with its code any failure, that Box is known for. None of
// them has done anything.
func soakRefusal(r boxtest.Request) boxtest.Fault {
	f := soakRefusals[rand.N(len(soakRefusals))]
	if r.Method == http.MethodGet && soakGone(f) {
		return soakBusy
	}
	return f
}

// soakGone tells whether an answer says that an item is not there.
func soakGone(f boxtest.Fault) bool {
	return f.Status == http.StatusNotFound || f.Status == http.StatusGone || strings.Contains(f.Body, `"trashed"`)
}

// soakRefusals are every status of an error that net/http knows, and every code of the catalogue.
var soakRefusals = slices.Concat(soakStatuses(), soakCodes())

func soakStatuses() (faults []boxtest.Fault) {
	for status := 400; status < 600; status++ {
		if http.StatusText(status) != "" && status != http.StatusTooManyRequests {
			faults = append(faults, boxtest.Fault{Status: status})
		}
	}
	return faults
}

func soakCodes() (faults []boxtest.Fault) {
	values := boxgrpcv1.BoxCode(0).Descriptor().Values()
	for i := range values.Len() {
		rule := proto.GetExtension(values.Get(i).Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule)
		code := rule.GetCode()
		if code == "" {
			code = strings.ToLower(strings.TrimPrefix(string(values.Get(i).Name()), "BOX_CODE_"))
		}
		for _, status := range rule.GetHttpStatus() {
			if status >= 400 && status != http.StatusTooManyRequests {
				faults = append(faults, boxtest.Error(int(status), code, "soaked"))
			}
		}
	}
	return faults
}
