// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"strings"
	"time"

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

// answered starts the record of an answer with what holds for a success too.
func answered(t *translate.Translator, a translate.Answer) record {
	return record{RequestID: t.RequestID(a.Header)}
}

// with fills in the rest from the error that the translator made of the answer.
func (r record) with(err error) record {
	r.GRPCCode, r.Outcome = codeName(codes.OK), "APPLIED"
	r.Metadata, r.Details = map[string]string{}, []string{}
	r.Retry.Class = className(boxgrpcv1.Retry_RETRY_NEVER)
	if err == nil {
		return r
	}
	st, _ := status.FromError(err)
	r.GRPCCode, r.Message, r.Outcome = codeName(st.Code()), st.Message(), ""
	for _, d := range st.Proto().GetDetails() {
		r.Details = append(r.Details, d.GetTypeUrl()[strings.LastIndexByte(d.GetTypeUrl(), '/')+1:])
	}
	r.StatusBytes = proto.Size(st.Proto())
	if e, ok := translate.FromError(err); ok {
		r.fill(e, st)
	}
	return r
}

func (r *record) fill(e *translate.Error, st *status.Status) {
	r.Reason, r.Domain = e.Reason(), e.Domain()
	r.ErrorCode, r.RequestID = e.ErrorCode(), e.RequestID()
	r.Metadata = e.Metadata()
	r.Outcome = strings.TrimPrefix(e.Outcome().String(), "OUTCOME_")
	r.HeaderListBytes = e.HeaderBytes()
	r.Retry.Class = className(e.RetryClass())
	_, r.Retry.Allowed = e.RetryDelay()
	if after, hinted := e.RetryAfter(); hinted && r.Retry.Allowed {
		ms := int64(math.Ceil(float64(after) / float64(time.Millisecond)))
		r.Retry.AfterMS = &ms
	}
	for _, d := range st.Details() {
		if m, ok := d.(*errdetails.LocalizedMessage); ok {
			r.Localized = &localizedRecord{Locale: m.GetLocale(), Message: m.GetMessage()}
		}
	}
}

// codeName is the canonical name, such as NOT_FOUND.
func codeName(c codes.Code) string {
	if c == codes.OK {
		return "OK"
	}
	return strings.TrimPrefix(boxgrpcv1.GrpcCode(c).String(), "GRPC_CODE_") //nolint:gosec // canonical codes
}

func className(r boxgrpcv1.Retry) string {
	return strings.ToLower(strings.TrimPrefix(r.String(), "RETRY_"))
}
