// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A record is what explain says about one answer, as JSON.
type record struct {
	ID              string            `json:"id"`
	GRPCCode        string            `json:"grpc_code"`
	Message         string            `json:"message"`
	Reason          string            `json:"reason"`
	Domain          string            `json:"domain"`
	ErrorCode       string            `json:"error_code"`
	RequestID       string            `json:"request_id"`
	Metadata        map[string]string `json:"metadata"`
	Retry           retryRecord       `json:"retry"`
	Outcome         string            `json:"outcome"`
	Details         []string          `json:"details"`
	StatusBytes     int               `json:"status_bytes"`
	HeaderListBytes int               `json:"header_list_bytes"`
	Localized       *localizedRecord  `json:"localized"`
	RPC             *rpcPart          `json:"rpc,omitempty"`

	st   *status.Status
	wire bool             // it is what a caller has, and no class travels
	e    *translate.Error // nil for a success and for a status that is not boxgrpc's
}

type retryRecord struct {
	Allowed bool   `json:"allowed"`
	Class   string `json:"class"`
	AfterMS *int64 `json:"after_ms"`
}

type localizedRecord struct {
	Locale  string `json:"locale"`
	Message string `json:"message"`
}

// newRecord tells what is in a status, and what boxgrpc knows of it.
func newRecord(st *status.Status, e *translate.Error) record {
	r := record{
		st: st, e: e,
		GRPCCode: code.Code(st.Code()).String(), // the canonical name, or the number
		Message:  st.Message(),
		Metadata: map[string]string{},
		Details:  []string{},

		StatusBytes: proto.Size(st.Proto()),
	}
	r.Retry.Class = className(boxgrpcv1.Retry_RETRY_NEVER)
	for _, d := range st.Proto().GetDetails() {
		r.Details = append(r.Details, typeName(d.GetTypeUrl()))
	}
	for _, d := range st.Details() {
		r.fillDetail(d)
	}
	switch {
	case e != nil:
		r.fill(e)
	case st.Code() == codes.OK:
		r.Outcome = outcomeName(boxgrpcv1.Outcome_OUTCOME_APPLIED)
	}
	return r
}

func (r *record) fillDetail(d any) {
	switch d := d.(type) {
	case *errdetails.ErrorInfo:
		r.Reason, r.Domain = d.GetReason(), d.GetDomain()
		if d.GetMetadata() != nil {
			r.Metadata = d.GetMetadata()
		}
	case *errdetails.RequestInfo:
		r.RequestID = d.GetRequestId()
	case *errdetails.LocalizedMessage:
		r.Localized = &localizedRecord{Locale: d.GetLocale(), Message: d.GetMessage()}
	}
}

func (r *record) fill(e *translate.Error) {
	r.ErrorCode = e.ErrorCode()
	r.Outcome = outcomeName(e.Outcome())
	r.HeaderListBytes = e.HeaderBytes()
	r.Retry.Class = className(e.RetryClass())
	_, r.Retry.Allowed = e.RetryDelay()
	if after, hinted := e.RetryAfter(); hinted && r.Retry.Allowed {
		ms := int64(math.Ceil(float64(after) / float64(time.Millisecond)))
		r.Retry.AfterMS = &ms
	}
}

// typeName is the full name of a detail's type without the prefix of its URL.
func typeName(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

func outcomeName(o boxgrpcv1.Outcome) string {
	if o == boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(o.String(), "OUTCOME_")
}

func className(r boxgrpcv1.Retry) string {
	return strings.ToLower(strings.TrimPrefix(r.String(), "RETRY_"))
}
