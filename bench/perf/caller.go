// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	"github.com/googleapis/gax-go/v2/apierror"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/bench/paired"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// caller is what the other side of the wire pays to learn what the error says. grpc-go
// has unmarshalled the status already when a caller sees it, which is the base.
func caller() *table {
	limit, conflict := received(rateLimits()), received(conflicts())
	ctl := retry.New()
	return &table{
		name: "caller", rounds: usualRounds, batch: translations, count: 1000,
		cases: []paired.Case{
			unmarshal("unmarshal", limit),
			asked("decide", limit.errs, decide(ctl)),
			asked("decide wrapped", limit.wrapped, decide(ctl)),
			asked("pushback", limit.errs, decidePushback(ctl)),
			asked("delay", limit.errs, delay),
			asked("delay wrapped", limit.wrapped, delay),
			asked("status.Code wrapped", limit.wrapped, func(err error) { sinks.any = status.Code(err) }),
			asked("details", conflict.errs, details),
			asked("details wrapped", conflict.wrapped, details),
			asked("ours", conflict.errs, everything),
			asked("ours wrapped", conflict.wrapped, everything),
			asked("apierror", conflict.errs, apiError),
		},
		goals: []goal{
			{id: "G8", what: "429: retry decision of the client interceptor", base: "one proto.Unmarshal of the status", figure: ratio("decide", "unmarshal"), unit: times, of: "decide",
				hard: most(1), allocs: most(20)},
			{id: "G8", what: "429: FromError and RetryDelay", base: "one proto.Unmarshal of the status", figure: ratio("delay", "unmarshal"), unit: times, of: "delay",
				hard: most(1), allocs: most(20)},
			{id: "G8", what: "429, wrapped: retry decision", base: "one proto.Unmarshal of the status", figure: ratio("decide wrapped", "unmarshal"), unit: times, of: "decide wrapped", hard: most(1.2)},
			{id: "G8", what: "429, wrapped: FromError and RetryDelay", base: "one proto.Unmarshal of the status", figure: ratio("delay wrapped", "unmarshal"), unit: times, of: "delay wrapped", hard: most(1.2)},
			{id: "G8", what: "429, wrapped: status.Code alone", base: "one proto.Unmarshal of the status", figure: ratio("status.Code wrapped", "unmarshal"), unit: times, of: "status.Code wrapped"},
			{id: "G8", what: "retry decision from the pushback trailer", base: "one proto.Unmarshal of the status", figure: ratio("pushback", "unmarshal"), unit: times, of: "pushback",
				hard: most(1), stretch: most(0.15), allocs: most(20), allocsStretch: most(0)},
			{id: "G8b", what: "409: all that it says, typed", base: "status.Details", figure: ratio("ours", "details"), unit: times, of: "ours", hard: most(1.10), stretch: most(1)},
			{id: "G8b", what: "409, wrapped: all that it says, typed", base: "status.Details of the unwrapped", figure: ratio("ours wrapped", "details"), unit: times, of: "ours wrapped", hard: most(1.2)},
			{id: "G8b", what: "409, wrapped: status.Details", base: "status.Details of the unwrapped", figure: ratio("details wrapped", "details"), unit: times, of: "details wrapped"},
			{id: "G8b", what: "409: gax apierror.FromError", base: "status.Details", figure: ratio("apierror", "details"), unit: times, of: "apierror"},
		},
	}
}

// arrived is what came over the wire, and what a caller makes of it.
type arrived struct {
	bytes         [][]byte
	errs, wrapped []error
}

// received is as many as fit into the processor's cache: a caller looks at an error that
// was made a moment ago.
func received(all []translate.Answer) arrived {
	var a arrived
	for _, st := range statuses(all[:warm]) {
		b, p := must(proto.Marshal(st.Proto())), new(spb.Status)
		must(0, proto.Unmarshal(b, p))
		err := status.ErrorProto(p)
		a.bytes, a.errs = append(a.bytes, b), append(a.errs, err)
		a.wrapped = append(a.wrapped, fmt.Errorf("upload: %w", err))
	}
	return a
}

func unmarshal(name string, a arrived) paired.Case {
	next := turns(a.bytes)
	return paired.Each(name, func() {
		p := new(spb.Status)
		must(0, proto.Unmarshal(next(), p))
		sinks.any = p
	})
}

// asked asks one error after the other.
func asked(name string, errs []error, ask func(error)) paired.Case {
	next := turns(errs)
	return paired.Each(name, func() { ask(next()) })
}

func decide(ctl *retry.Controller) func(error) {
	return func(err error) {
		sinks.decision = ctl.Decide(retry.Failure{Err: err, Attempt: 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline, Received: true})
	}
}

func decidePushback(ctl *retry.Controller) func(error) {
	trailer := metadata.Pairs("grpc-retry-pushback-ms", "2000")
	return func(err error) {
		p := retry.PushbackOf(trailer["grpc-retry-pushback-ms"])
		sinks.decision = ctl.Decide(retry.Failure{Err: err, Attempt: 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline, Received: true, Pushback: p})
	}
}

func delay(err error) {
	e, _ := translate.FromError(err)
	wait, _ := e.RetryDelay()
	sinks.decision.Delay = wait
}

func details(err error) { sinks.any = status.Convert(err).Details() }

func apiError(err error) {
	e, _ := apierror.FromError(err)
	sinks.any = e
}

// all is what a *translate.Error says. Its Body is not among them: no detail holds the JSON.
type all struct {
	code                           codes.Code
	text, reason, domain, id, name string
	metadata                       map[string]string
	outcome                        boxgrpcv1.Outcome
	status                         int
	wait                           time.Duration
	locale, message                string
}

func everything(err error) {
	e, _ := translate.FromError(err)
	a := &sinks.all
	a.code, a.text, a.reason, a.domain, a.id, a.name = e.Code(), e.Error(), e.Reason(), e.Domain(), e.RequestID(), e.ErrorCode()
	a.metadata, a.outcome = e.Metadata(), e.Outcome()
	a.status, _ = e.HTTPStatus()
	a.wait, _ = e.RetryDelay()
	a.locale, a.message = e.LocalizedMessage()
}
