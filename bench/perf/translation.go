// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/bench/paired"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// translation is what a handler pays: an answer of Box's becomes a status, or a retry
// that nobody sees.
func translation() *table {
	ctl := retry.New()
	conflict, limit := conflicts(), rateLimits()
	served, notFound := asServed(conflicts()), asServed(notFounds())
	return &table{
		name: "translation", rounds: usualRounds, batch: translations, count: 1000,
		cases: []paired.Case{
			marshal("marshal 409", conflict),
			marshal("marshal 429", limit),
			marshalSix("marshal six", conflict),
			shown("409", conflict),
			shown("409 as served", served),
			shown("429", limit),
			shown("404", notFound),
			retried("409 retried", ctl, conflict),
			retried("429 retried", ctl, limit),
			naively("naive", conflict),
			naively("naive 404", notFound),
			copied("copied", conflict),
			shownUnchecked("unchecked", conflict),
			searched("searched", conflict),
			kept("kept", conflict),
		},
		goals: []goal{
			{id: "G5", what: "409 to status, all details", base: "one proto.Marshal of it", figure: ratio("409", "marshal 409"), unit: times, of: "409",
				hard: most(4), stretch: most(2.8), allocs: most(26), allocsStretch: most(21)},
			{id: "G5", what: "409 to status, all details", base: "one proto.Marshal of six details", figure: ratio("409", "marshal six"), unit: times},
			{id: "G5", what: "409 to status, all details", base: "encoding/json + WithDetails", figure: ratio("409", "naive"), unit: times, hard: most(0.4)},
			{id: "G5", what: "encoding/json + WithDetails", base: "one proto.Marshal of ours", figure: ratio("naive", "marshal 409"), unit: times, of: "naive"},
			{id: "G5", what: "status.FromProto alone, which copies all details", base: "one proto.Marshal of it", figure: ratio("copied", "marshal 409"), unit: times, of: "copied"},
			{id: "G5", what: "409 to status, unchecked", base: "one proto.Marshal of it", figure: ratio("unchecked", "marshal 409"), unit: times, of: "unchecked"},
			{id: "G5", what: "of that, the search for the members", base: "one proto.Marshal of it", figure: ratio("searched", "marshal 409"), unit: times, of: "searched"},
			{id: "G5", what: "of ours, the copy of the body", base: "one proto.Marshal of it", figure: ratio("kept", "marshal 409"), unit: times, of: "kept"},
			{id: "G5", what: "429 to status, all details", base: "one proto.Marshal of it", figure: ratio("429", "marshal 429"), unit: times, of: "429"},
			{id: "G5", what: "409 as Box's servers spell it, all details", base: "one proto.Marshal of the 409", figure: ratio("409 as served", "marshal 409"), unit: times, of: "409 as served", allocs: most(26)},
			{id: "G5", what: "404 with a list of errors, so spelt, all details", base: "encoding/json + WithDetails", figure: ratio("404", "naive 404"), unit: times, of: "404", allocs: most(26)},
			{id: "G5b", what: "409, decided about and never shown", base: "one proto.Marshal of the status", figure: ratio("409 retried", "marshal 409"), unit: times, of: "409 retried",
				hard: most(0.5), stretch: most(0.3), allocs: most(3)},
			{id: "G5b", what: "429, decided about and never shown", base: "one proto.Marshal of the status", figure: ratio("429 retried", "marshal 429"), unit: times, of: "429 retried",
				hard: most(0.5), stretch: most(0.3), allocs: most(3), bytes: most(416)},
		},
	}
}

// warm is how many statuses the measures go round in. The body of an answer has just
// come in and a status has just been made, so both are in the processor's cache; 4096
// statuses would not be, and the measure itself would be slow.
const warm = 64

func marshal(name string, all []translate.Answer) paired.Case {
	return marshalAll(name, statuses(all[:warm]))
}

// marshalSix is the measure by which the goals of G5 were set: six details that say most things
// twice, 1164 bytes in all. Ours have 586.
func marshalSix(name string, all []translate.Answer) paired.Case {
	var six []*status.Status
	for _, a := range all[:warm] {
		six = append(six, must(naive(a.Body)))
	}
	return marshalAll(name, six)
}

func marshalAll(name string, all []*status.Status) paired.Case {
	var protos []proto.Message
	for _, st := range all {
		protos = append(protos, st.Proto())
	}
	next := turns(protos)
	return paired.Each(name, func() { sinks.bytes = must(proto.Marshal(next())) })
}

func shown(name string, all []translate.Answer) paired.Case {
	next := turns(all[:warm])
	return paired.Each(name, func() { sinks.status = translate.Box.Translate(next()).(*translate.Error).GRPCStatus() }) //nolint:errorlint // it is never wrapped
}

// copied is the least that a status with details costs: there is no other way to make one.
func copied(name string, all []translate.Answer) paired.Case {
	var protos []*spb.Status
	for _, st := range statuses(all[:warm]) {
		protos = append(protos, st.Proto())
	}
	next := turns(protos)
	return paired.Each(name, func() { sinks.status = status.FromProto(next()) })
}

func shownUnchecked(name string, all []translate.Answer) paired.Case {
	next := turns(all[:warm])
	return paired.Each(name, func() { sinks.status = unchecked(next()) })
}

// searched is the part of unchecked that stands for reading the body.
func searched(name string, all []translate.Answer) paired.Case {
	next := turns(all[:warm])
	g := new(guess)
	return paired.Each(name, func() { g.search(next().Body) })
}

// kept is a part of ours and not of unchecked: an error outlives the answer, whose memory its
// owner uses again.
func kept(name string, all []translate.Answer) paired.Case {
	next := turns(all[:warm])
	return paired.Each(name, func() { sinks.text = string(next().Body) })
}

func retried(name string, ctl *retry.Controller, all []translate.Answer) paired.Case {
	next := turns(all[:warm])
	return paired.Each(name, func() {
		sinks.decision = ctl.Decide(retry.Failure{
			Err: translate.Box.Translate(next()), Attempt: 1, Safety: retry.ReadOnly, Remaining: retry.NoDeadline,
		})
	})
}

func naively(name string, all []translate.Answer) paired.Case {
	next := turns(all[:warm])
	return paired.Each(name, func() { sinks.status = must(naive(next().Body)) })
}
