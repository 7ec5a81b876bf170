// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/translate"
)

// A failure is an error as an HTTP client is to see it.
type failure struct {
	httpStatus int
	status     *spb.Status // its texts are UTF-8
	details    details
	upstream   *translate.Error // nil: not an upstream's

	locale, text string // for the person at the screen, in a language that was asked for

	repeatable bool  // RetryInfo
	retryAfter int64 // seconds
}

// details are those that HTTP clients get to see in another form; of each type the first.
type details struct {
	info      *errdetails.ErrorInfo
	request   *errdetails.RequestInfo
	bad       *errdetails.BadRequest
	help      *errdetails.Help
	retry     *errdetails.RetryInfo
	localized *errdetails.LocalizedMessage
}

// look finds out what there is to say of an error.
func (h *handler) look(ctx context.Context, err error, r *http.Request) *failure {
	var custom *runtime.HTTPStatusError
	if errors.As(err, &custom) {
		err = custom.Err
	}
	e, st := leave(ctx, err)
	f := &failure{status: st, httpStatus: h.statusOf(e, codes.Code(st.GetCode()))}
	if custom != nil && custom.HTTPStatus >= http.StatusMultipleChoices && custom.HTTPStatus < 600 {
		f.httpStatus = custom.HTTPStatus
	}
	f.details.read(st)
	if f.details.retry != nil {
		f.repeatable, f.retryAfter = true, seconds(f.details.retry.GetRetryDelay().AsDuration())
	}
	f.locale, f.text = f.details.localized.GetLocale(), f.details.localized.GetMessage()
	if e != nil {
		f.upstream = e
		f.speak(r)
	}
	return f
}

// leave returns what may leave the service of err. What comes by gRPC was judged there.
// The handlers of a mux without gRPC (RegisterXHandlerServer) are not: no interceptor
// runs, and only that could tell whether the call may be repeated.
func leave(ctx context.Context, err error) (*translate.Error, *spb.Status) {
	judged := grpc.ServerTransportStreamFromContext(ctx) == nil
	e, ok := translate.FromError(err)
	switch {
	case ok && judged:
		return e, clean(e.GRPCStatus().Proto())
	case ok:
		e = e.ForCaller().WithoutRetry()
		return e, clean(e.GRPCStatus().Proto())
	}
	st := clean(status.Convert(err).Proto())
	if !judged {
		st.Details = slices.DeleteFunc(st.GetDetails(), func(d *anypb.Any) bool { return d.MessageIs((*errdetails.RetryInfo)(nil)) })
	}
	return nil, st
}

// clean makes a status of what grpc-go reads off the wire: bytes that are no UTF-8,
// which JSON cannot hold, and no error at all.
func clean(st *spb.Status) *spb.Status {
	if st.GetCode() == int32(codes.OK) {
		return &spb.Status{Code: int32(codes.Internal), Message: "an error without a code"}
	}
	st.Message = strings.ToValidUTF8(st.GetMessage(), "\uFFFD")
	return st
}

func (h *handler) statusOf(e *translate.Error, code codes.Code) int {
	if e != nil && h.upstreamStatus {
		if s, answered := e.HTTPStatus(); answered && mayLeave(s, code) {
			return s
		}
	}
	return runtime.HTTPStatusFromCode(code)
}

// mayLeave tells whether an HTTP client may see the upstream's status.
func mayLeave(upstream int, code codes.Code) bool {
	switch upstream {
	case http.StatusUnauthorized:
		return code == codes.Unauthenticated // else it would ask the wrong one for a token
	case http.StatusProxyAuthRequired, // it asks for the password of a proxy
		http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly, // browsers send it again, a POST too
		http.StatusExpectationFailed,             // so do some libraries
		http.StatusUpgradeRequired,               // it needs an Upgrade header (RFC 9110 section 15.5.22)
		http.StatusNetworkAuthenticationRequired: // browsers open the login page of a network
		return false
	}
	return upstream >= 400 && upstream <= 599
}

func (d *details) read(st *spb.Status) {
	for _, packed := range st.GetDetails() {
		take(packed, &d.info)
		take(packed, &d.request)
		take(packed, &d.bad)
		take(packed, &d.help)
		take(packed, &d.retry)
		take(packed, &d.localized)
	}
}

// take unpacks a detail if it is of the type of into and the first such.
func take[P interface {
	*T
	proto.Message
}, T any](packed *anypb.Any, into *P) {
	if m := P(new(T)); *into == nil && packed.MessageIs(m) && packed.UnmarshalTo(m) == nil {
		*into = m
	}
}

// speak adds the text for the person at the screen where the service has sent none. The
// status as the service sent it is kept: with the text it might not fit.
func (f *failure) speak(r *http.Request) {
	if f.text != "" {
		return
	}
	f.locale, f.text = f.upstream.WithLanguage(languages(r)).LocalizedMessage()
	if f.text == "" {
		return
	}
	if packed, err := anypb.New(&errdetails.LocalizedMessage{Locale: f.locale, Message: f.text}); err == nil {
		f.status.Details = append(f.status.Details, packed)
	}
}

// seconds rounds up: earlier than told is too early.
func seconds(d time.Duration) int64 {
	whole := int64(max(d, 0) / time.Second)
	if d > 0 && d%time.Second > 0 {
		whole++
	}
	return whole
}
