// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// text shows a record to a person. e is nil for a success and for a status that is
// not boxgrpc's.
func (r record) text(e *translate.Error) string {
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name, printable(value))
		}
	}
	row("code", r.GRPCCode)
	row("reason", r.Reason)
	row("domain", r.Domain)
	row("message", r.Message)
	row("error code", r.ErrorCode)
	row("request id", r.RequestID)
	row("retry", r.retryText(e))
	row("outcome", r.Outcome)
	for _, k := range slices.Sorted(maps.Keys(r.Metadata)) {
		row("metadata", k+"="+r.Metadata[k])
	}
	for _, d := range r.Details {
		row("detail", d)
	}
	if r.StatusBytes > 0 {
		row("on the wire", fmt.Sprintf("%d bytes of google.rpc.Status, %d bytes of header", r.StatusBytes, r.HeaderListBytes))
	}
	row("what to do", r.advice(e))
	return b.String()
}

// printable keeps control characters of strangers away from the terminal.
func printable(s string) string {
	q := strconv.QuoteToGraphic(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

func (r record) retryText(e *translate.Error) string {
	if e == nil {
		return ""
	}
	text := r.Retry.Class
	if wait, ok := e.RetryDelay(); ok {
		text += ", after " + wait.String()
		if r.Retry.AfterMS == nil {
			text += " (no Retry-After: boxgrpc's default)"
		}
	}
	return text
}

// advice says in words what the caller should do.
func (r record) advice(e *translate.Error) string {
	if e == nil {
		if r.GRPCCode == "OK" {
			return "Nothing: the answer is a success."
		}
		return "The status carries no details of boxgrpc; go by its code."
	}
	if wait, ok := e.RetryDelay(); ok {
		return fmt.Sprintf("Send the same request again, not before %v have passed.", wait.Round(time.Millisecond))
	}
	if e.RetryClass() == boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT {
		return "Do not just send it again: the upstream may have carried it out. Look first."
	}
	if text := adviceByCode[e.Code()]; text != "" {
		return text
	}
	return "Do not send it again unchanged."
}

var adviceByCode = map[codes.Code]string{
	codes.InvalidArgument:    "Correct the request; the same one fails again.",
	codes.NotFound:           "Check the id and the access rights; what was asked for is not there, or hidden.",
	codes.AlreadyExists:      "Use what exists, or choose another name.",
	codes.PermissionDenied:   "Ask for the permission; the same request fails until it is given.",
	codes.ResourceExhausted:  "Make room or raise the limit; waiting alone does not help.",
	codes.FailedPrecondition: "Bring the system into the required state first, then send the request.",
	codes.Aborted:            "Read the current state, then decide anew and send a new request.",
	codes.OutOfRange:         "Ask for a range that exists.",
	codes.Unimplemented:      "Use another operation; the upstream does not offer this one.",
	codes.Unauthenticated:    "Get new credentials, then send the request.",
	codes.Internal:           "Nothing for the caller: somebody has to look at the service or the upstream.",
	codes.Canceled:           "Nothing: the call was given up.",
	codes.DeadlineExceeded:   "Look whether the work was done, and allow more time.",
}
