// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// server is what both interceptors share.
type server struct {
	ctl      *retry.Controller
	safeties []declared
	isolated bool
}

func newServer(ctl *retry.Controller, opts []Option) *server {
	if ctl == nil {
		panic("interceptors: the *retry.Controller is nil; give retry.New()")
	}
	s := &server{ctl: ctl, isolated: true}
	for i, o := range opts {
		if o == nil {
			panic(fmt.Sprintf("interceptors: option %d is nil", i))
		}
		o.apply(s)
	}
	return s
}

// upstreamError returns the upstream's error in err, and false if there is none: then
// nothing is repeated, and nothing added.
func upstreamError(err error) (*translate.Error, bool) {
	if _, ok := errors.AsType[*translate.Error](err); !ok {
		return nil, false
	}
	return translate.FromError(err)
}

// tell turns an upstream's error into what the caller gets, and says with which
// pushback. What the handler wrapped around it stays its cause, for the interceptors
// outside that log.
func (s *server) tell(ctx context.Context, e *translate.Error, advice retry.Advice, err error) error {
	e = judged(e.WithLanguage(language(ctx)).ForCaller(), advice)
	if logging.ExtractFields(ctx) != nil {
		logging.AddFields(ctx, fields(e))
	}
	return e.WithCause(err)
}

// fields are for the access line of go-grpc-middleware's logging, where that stands
// outside.
func fields(e *translate.Error) logging.Fields {
	f := logging.Fields{"boxgrpc.reason", e.Reason(), "boxgrpc.outcome", e.Metadata()["outcome"], "boxgrpc.attempts", e.Attempts()}
	if code := e.ErrorCode(); code != "" {
		f = append(f, "boxgrpc.code", code)
	}
	if id := e.RequestID(); id != "" {
		f = append(f, "boxgrpc.request_id", id)
	}
	return f
}

// judged makes RetryInfo say what the advice says.
func judged(e *translate.Error, advice retry.Advice) *translate.Error {
	delay, told := e.RetryDelay()
	switch {
	case advice.Retry && (!told || delay != advice.Delay):
		return e.WithRetryDelay(advice.Delay)
	case !advice.Retry && told:
		return e.WithoutRetry()
	}
	return e
}

// pushback is the trailer that tells p, or nil.
func pushback(p retry.Pushback) metadata.MD {
	if p == (retry.Pushback{}) {
		return nil
	}
	return metadata.Pairs(pushbackKey, p.String())
}

// judgeForeign takes RetryInfo from somebody else's status where nobody declared
// that the RPC may be repeated. Everything else stays.
func judgeForeign(err error, safety retry.Safety) error {
	if safety.Repeatable() {
		return err
	}
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	p := st.Proto()
	kept := make([]*anypb.Any, 0, len(p.GetDetails()))
	for _, d := range p.GetDetails() {
		if !d.MessageIs((*errdetails.RetryInfo)(nil)) {
			kept = append(kept, d)
		}
	}
	if len(kept) == len(p.GetDetails()) {
		return err
	}
	p.Details = kept
	return status.ErrorProto(p)
}

// language is what the caller's person at the screen reads, as the caller says in
// its metadata.
func language(ctx context.Context) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, "accept-language"), ",")
}
