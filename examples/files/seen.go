// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/boxtest"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// seen is what a caller gets of one call: nothing but the status and the trailer.
// FromError only saves the search in the status's details, which callers in any
// language can read.
type seen struct {
	code      codes.Code
	message   string
	reason    string
	wait      time.Duration // of RetryInfo
	again     bool          // there is a RetryInfo
	pushback  string        // "" for no trailer
	outcome   boxgrpcv1.Outcome
	requestID string
	resource  string // what is in the way
	locale    string // of the text for the person at the screen
	localized string
	messages  int // before the error, or unary

	requests []boxtest.Request // that Box got
	took     time.Duration
	ours     *seen // what our client makes of it, where it differs
}

func newSeen(messages int, err error, trailer metadata.MD) seen {
	st := status.Convert(err)
	s := seen{code: st.Code(), message: st.Message(), messages: messages}
	s.pushback = strings.Join(trailer["grpc-retry-pushback-ms"], ",")
	for _, detail := range st.Details() {
		if r, ok := detail.(*errdetails.ResourceInfo); ok && r.GetResourceName() != "" {
			s.resource = r.GetResourceType() + " " + r.GetResourceName()
		}
	}
	if e, ok := translate.FromError(err); ok {
		s.reason, s.requestID, s.outcome = e.Reason(), e.RequestID(), e.Outcome()
		s.wait, s.again = e.RetryDelay()
		s.locale, s.localized = e.LocalizedMessage()
	}
	return s
}

// sign is the kind of the pushback. What is no number would count as "do not
// retry" (gRFC A6).
func (s seen) sign() sign {
	ms, err := strconv.Atoi(s.pushback)
	switch {
	case s.pushback == "":
		return none
	case err != nil || ms < 0:
		return negative
	}
	return positive
}

func (w want) met(got seen) bool {
	return w.code == got.code && w.reason == got.reason && w.pushback == got.sign() &&
		w.messages == max(got.messages, 0) && w.locale == got.locale && w.requests == len(got.requests) &&
		(got.ours == nil || got.ours.code == codes.OK && len(got.ours.requests) > w.requests)
}

// advice is what the caller should do. RetryInfo comes first: with it the same call
// may be made again, without it not.
func (s seen) advice() string {
	wait := seconds(s.wait)
	switch {
	case s.again && s.sign() == negative && len(s.requests) != 1:
		return fmt.Sprintf("Make the same call again later, not before %s have passed; for now all has been tried.", wait)
	case s.again && s.sign() == negative:
		return fmt.Sprintf("Make the same call again, not before %s have passed; this call's deadline is sooner.", wait)
	case s.again && s.messages > 0:
		return fmt.Sprintf("Call again after %s, from the start: what has come is not all.", wait)
	case s.again && s.outcome == boxgrpcv1.Outcome_OUTCOME_UNKNOWN:
		return fmt.Sprintf("Make the same call again after %s: it may have been carried out, but twice does no harm.", wait)
	case s.again:
		return fmt.Sprintf("Make the same call again after %s.", wait)
	case s.outcome == boxgrpcv1.Outcome_OUTCOME_UNKNOWN:
		return "Look whether it has been carried out. Make the call again only if it has not."
	}
	return s.withoutRetry()
}

// withoutRetry is the advice where the same call would fail again.
func (s seen) withoutRetry() string {
	switch s.code {
	case codes.OK:
		return "Nothing: the call has succeeded."
	case codes.AlreadyExists:
		if s.resource != "" {
			return fmt.Sprintf("Use what is there, %s, or choose another name.", s.resource)
		}
		return "Use what is there, or choose another name."
	case codes.NotFound:
		return "Check the id, and whether the user may see what it names."
	case codes.ResourceExhausted:
		return "Make room or have the limit raised; to wait does not help."
	case codes.Unauthenticated:
		return "Get a new token, then make the call again."
	case codes.Internal:
		if s.requestID != "" {
			return fmt.Sprintf("Nothing. Those who run the service can find the cause by the request id %s.", s.requestID)
		}
		return "Nothing. Those who run the service have to find the cause."
	}
	return "Do not make the same call again."
}
