// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// text shows a record to a person: first what happened and what to do, then what
// goes over the wire.
func (r record) text() string {
	var p page
	p.row("code", r.GRPCCode)
	p.row("reason", r.Reason)
	if !strings.EqualFold(r.ErrorCode, r.Reason) {
		p.row("error code", r.ErrorCode)
	}
	p.row("message", r.Message)
	if r.e != nil {
		p.row("retry", r.retryText())
		p.row("wait", r.waitText())
	}
	p.row("outcome", r.outcomeText())
	if !slices.Contains(r.Details, "google.rpc.RequestInfo") {
		p.row("request id", r.RequestID)
	}
	p.row("what to do", r.advice())
	for _, d := range r.st.Proto().GetDetails() {
		p.row(shortName(typeName(d.GetTypeUrl())), detailText(d))
	}
	p.row("on the wire", r.sizeText())
	if r.RPC != nil {
		r.RPC.rows(&p)
	}
	return p.String()
}

func (r record) retryText() string {
	class := " (" + r.Retry.Class + ")"
	if r.wire {
		class = ""
	}
	if r.Retry.Allowed {
		return "allowed" + class
	}
	return "not allowed" + class
}

func (r record) waitText() string {
	delay, allowed := r.e.RetryDelay()
	named, hinted := r.e.RetryAfter()
	switch {
	case allowed && hinted:
		return waitText(delay)
	case allowed:
		return waitText(delay) + ", boxgrpc's own: the upstream named none"
	case hinted:
		return "none; the " + waitText(named) + " that the upstream named must not be obeyed"
	}
	return "none"
}

// waitText drops what nobody waits for, and units that are zero.
func waitText(d time.Duration) string {
	s := (d + time.Millisecond - 1).Truncate(time.Millisecond).String() // up: nobody shall come early
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (r record) outcomeText() string {
	return cmp.Or(map[string]string{
		"NOT_APPLIED": "NOT_APPLIED: nothing was changed",
		"APPLIED":     "APPLIED: it was carried out",
		"PARTIAL":     "PARTIAL: some of it was carried out",
		"UNKNOWN":     "UNKNOWN: it may have been carried out",
	}[r.Outcome], r.Outcome)
}

func (r record) sizeText() string {
	switch {
	case r.e != nil:
		return fmt.Sprintf("%d bytes of google.rpc.Status, %d bytes of header", r.StatusBytes, r.HeaderListBytes)
	case r.StatusBytes > 0:
		return fmt.Sprintf("%d bytes of google.rpc.Status", r.StatusBytes)
	}
	return ""
}
