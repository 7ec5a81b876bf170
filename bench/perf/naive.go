// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// boxBody is what a service that translates by itself decodes Box's errors into.
type boxBody struct {
	Type        string          `json:"type"`
	Status      int             `json:"status"`
	Code        string          `json:"code"`
	ContextInfo json.RawMessage `json:"context_info"`
	HelpURL     string          `json:"help_url"`
	Message     string          `json:"message"`
	RequestID   string          `json:"request_id"`
}

// naive is the translation of a 409 as the documentation of the libraries suggests it:
// decode, build the messages, attach them all at once. It knows a single code, bounds
// nothing and hides nothing, all of which ours does.
func naive(body []byte) (*status.Status, error) {
	var b boxBody
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, err
	}
	const domain, reason = "api.box.com", "ITEM_NAME_IN_USE"
	return status.New(codes.AlreadyExists, b.Message).WithDetails(
		&errdetails.ErrorInfo{Reason: reason, Domain: domain, Metadata: map[string]string{
			"httpStatus": strconv.Itoa(b.Status), "code": b.Code, "requestId": b.RequestID,
		}},
		&errdetails.RequestInfo{RequestId: b.RequestID},
		&errdetails.Help{Links: []*errdetails.Help_Link{{Description: "Box's documentation of errors", Url: b.HelpURL}}},
		&errdetails.LocalizedMessage{Locale: "en-US", Message: b.Message},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "name", Description: b.Message, Reason: reason},
		}},
		&boxgrpcv1.BoxError{Type: &b.Type, Code: &b.Code, Message: &b.Message, HelpUrl: &b.HelpURL, RequestId: &b.RequestID, ContextInfo: b.ContextInfo},
	)
}
