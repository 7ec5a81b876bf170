// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"math"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/anypb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A heading is what a caller's decision needs of a status.
type heading struct {
	found      bool // there is an ErrorInfo
	own        bool // of the domain of errors that no upstream sent
	told       bool // there is an outcome, which only we tell
	outcome    boxgrpcv1.Outcome
	answered   bool // there is an HTTP status
	httpStatus int
	attempts   int32
	retryAfter string

	retry bool // there is a RetryInfo
	wait  time.Duration
}

// read looks for ErrorInfo and RetryInfo and stops when it has both: of two details of one type
// the first counts.
func (h *heading) read(details []*anypb.Any) {
	for _, detail := range details {
		switch k := kindOfType(detail.GetTypeUrl()); {
		case k == kindInfo && !h.found:
			h.readInfo(detail.GetValue())
		case k == kindRetry && !h.retry:
			h.wait, h.retry = readRetry(detail.GetValue())
		}
		if h.found && h.retry {
			return
		}
	}
}

// readInfo reads an ErrorInfo in its place: see received.go.
func (h *heading) readInfo(value []byte) {
	before := *h
	if h.scan(value) {
		return
	}
	*h = before
	if in, found := unmarshalInfo(value); found {
		h.found, h.own = true, in.domain == ownDomain
		for _, e := range in.metadata {
			h.set([]byte(e.key), []byte(e.value))
		}
	}
}

// scan reads an ErrorInfo as wire.go writes it, and returns false for any other.
func (h *heading) scan(message []byte) bool {
	if !utf8.Valid(message) {
		return false
	}
	for h.found = true; len(message) > 0; {
		field, text, rest, ok := nextText(message)
		switch {
		case !ok || field < 1 || field > 3:
			return false
		case field == 2:
			h.own = string(text) == ownDomain
		case field == 3:
			one, key, rest, ok := nextText(text)
			two, value, rest, ok2 := nextText(rest)
			if !ok || !ok2 || one != 1 || two != 2 || len(rest) > 0 {
				return false
			}
			h.set(key, value)
		}
		message = rest
	}
	return true
}

func (h *heading) set(key, value []byte) {
	switch string(key) {
	case keyOutcome:
		h.told, h.outcome = true, outcomeNamed(string(value))
	case keyHTTPStatus:
		h.httpStatus, h.answered = parseDecimal(string(value))
	case keyAttempts:
		h.attempts = 0
		if n, ok := parseDecimal(string(value)); ok {
			h.attempts = int32(max(0, min(n, math.MaxInt32)))
		}
	case keyRetryAfter:
		h.retryAfter = string(value)
	}
}
