// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// advice says in words what to do. Whether the request may be sent again is asked
// first, so that no word about the code can contradict it.
func (r record) advice() string {
	switch {
	case r.st.Code() == codes.OK:
		return "Nothing: it is a success, and callers get no error."
	case r.e == nil:
		return "The status is not one of boxgrpc's: go by its code."
	case r.Retry.Allowed:
		return r.again()
	}
	return strings.TrimSpace(r.instead() + " " + adviceByOutcome[r.e.Outcome()])
}

func (r record) again() string {
	text := "Send the same request again"
	if delay, _ := r.e.RetryDelay(); delay > 0 {
		text += ", not before " + waitText(delay) + " have passed"
	}
	if r.e.Outcome() == boxgrpcv1.Outcome_OUTCOME_UNKNOWN {
		return text + ". Doing it twice does no harm."
	}
	return text + "."
}

// instead is for what must not be sent again as it is.
func (r record) instead() string {
	httpStatus, _ := r.e.HTTPStatus()
	unsure := r.e.RetryClass() == boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT
	switch {
	case unsure && r.e.Outcome() == boxgrpcv1.Outcome_OUTCOME_NOT_APPLIED:
		return "Nothing was changed, but no program may repeat this method by itself: send it anew on purpose."
	case unsure:
		return "Do not just send it again: the method is not idempotent."
	case r.e.Code() == codes.Unavailable, httpStatus == http.StatusTooManyRequests:
		// A caller finds this where the service took RetryInfo away.
		return "Do not just call again: the service does not vouch that the whole call may be repeated."
	case httpStatus == http.StatusNotModified:
		return "Use the copy that you have: it is still current."
	}
	if text := adviceByCode[r.e.Code()]; text != "" {
		return text
	}
	return "Do not send it again unchanged."
}

var adviceByCode = map[codes.Code]string{
	codes.Canceled:           "Nothing: the call was given up.",
	codes.Unknown:            "Nothing for the caller: the answer makes no sense here, somebody has to look at the service.",
	codes.InvalidArgument:    "Correct the request; the same one fails again.",
	codes.DeadlineExceeded:   "Allow more time.",
	codes.NotFound:           "Check the id and the access rights: what was asked for is not there, or hidden.",
	codes.AlreadyExists:      "Use what exists, or choose another name.",
	codes.PermissionDenied:   "Ask for the permission; the same request fails until it is given.",
	codes.ResourceExhausted:  "Make room or raise the limit; waiting alone does not help.",
	codes.FailedPrecondition: "Bring the upstream into the required state first, then send the request.",
	codes.Aborted:            "Read the current state, then decide anew and send a new request.",
	codes.OutOfRange:         "Ask for a range that exists.",
	codes.Unimplemented:      "Check the operation and the id: the upstream does not offer this.",
	codes.Internal:           "Nothing for the caller: somebody has to look at the service, its proxy or the upstream.",
	codes.Unauthenticated:    "Get new credentials, then send the request.",
}

// adviceByOutcome is for what must not be sent again as it is.
var adviceByOutcome = map[boxgrpcv1.Outcome]string{
	boxgrpcv1.Outcome_OUTCOME_APPLIED: "It was carried out: do not do it twice.",
	boxgrpcv1.Outcome_OUTCOME_PARTIAL: "Some of it was carried out: look what is missing.",
	boxgrpcv1.Outcome_OUTCOME_UNKNOWN: "It may have been carried out: look first.",
}
