// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"errors"
	"strings"
	"time"

	mwinterceptors "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
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
	for _, o := range opts {
		o.apply(s)
	}
	return s
}

// judge turns a handler's error into what the caller gets. What the handler wrapped
// around it stays its cause, for the interceptors outside that log. The advice is nil for
// errors that are not an upstream's: nothing is added to those.
func (s *server) judge(ctx context.Context, call mwinterceptors.CallMeta, err error) (*retry.Advice, error) {
	safety := s.safety(ctx, call)
	_, upstream := errors.AsType[*translate.Error](err)
	e, ok := translate.FromError(err)
	if !upstream || !ok {
		return nil, judgeForeign(err, safety)
	}
	e = e.WithLanguage(language(ctx)).ForCaller()
	advice := s.ctl.Advise(e, safety, remaining(ctx))
	return &advice, judged(e, advice).WithCause(err)
}

// pushback is the trailer that tells the advice, or nil.
func pushback(advice *retry.Advice) metadata.MD {
	if advice == nil || advice.Pushback == "" {
		return nil
	}
	return metadata.Pairs(pushbackKey, advice.Pushback)
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

// remaining is what is left of the caller's deadline, or -1 without one.
func remaining(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return -1
	}
	return max(time.Until(deadline), 0)
}
