// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// An errorVariant is a service whose one method fails.
type errorVariant struct {
	name, title string
	handler     func() handler
	server      []grpc.ServerOption
}

var errorVariants = []errorVariant{
	{"bare", "a bare status", bare, nil},
	{"reason", "ErrorInfo only, ready-made", reasonOnly, nil},
	{"ready", "all details, ready-made", ready, nil},
	{"copied", "all details, ready-made, copied by status.FromProto", readyCopied, nil},
	{"unchecked", "all details, translated unchecked", translatedUnchecked, nil},
	{"ours", "all details, translated", translated, nil},
	{"intercepted", "the same behind the server interceptor", translated, chainServer(interceptors.UnaryServerInterceptor(retry.New()))},
	{"naive", "encoding/json + WithDetails", translatedNaively, nil},
}

// errorRPC is a whole RPC that fails, over TCP: what the details cost in bytes, on both
// sides, beside what making them costs.
func errorRPC() *table {
	t := &table{name: "error RPC", rounds: usualRounds, batch: rpcs, count: 500}
	for _, v := range errorVariants {
		t.add(v.name, loopback, v.handler(), v.server, nil, each(func(cc *grpc.ClientConn) { mustFail(call(cc)) }))
	}
	t.goals = []goal{
		{id: "G7", what: "error RPC, 409 translated", base: "ready-made, the same bytes", figure: ratio("ours", "ready"), unit: times, of: "ours", hard: most(1.10), stretch: most(1.05)},
		{id: "G7", what: "error RPC, 409 translated", base: "bare status", figure: ratio("ours", "bare"), unit: times, hard: most(1.85), stretch: most(1.72)},
		{id: "G7", what: "the same behind the server interceptor", base: "bare status", figure: ratio("intercepted", "bare"), unit: times, of: "intercepted"},
		{id: "G7", what: "ready-made, the same bytes", base: "bare status", figure: ratio("ready", "bare"), unit: times, of: "ready"},
		{id: "G7", what: "ready-made, but copied by status.FromProto", base: "ready-made, the same bytes", figure: ratio("copied", "ready"), unit: times, of: "copied"},
		{id: "G7", what: "error RPC, 409 translated unchecked", base: "ready-made, the same bytes", figure: ratio("unchecked", "ready"), unit: times, of: "unchecked"},
		{id: "G7", what: "ErrorInfo only, ready-made", base: "bare status", figure: ratio("reason", "bare"), unit: times, of: "reason"},
		{id: "G7", what: "encoding/json + WithDetails", base: "bare status", figure: ratio("naive", "bare"), unit: times, of: "naive"},
	}
	return t
}

// mustFail is for calls that have to fail with the code of the conflict.
func mustFail(err error) {
	if status.Code(err) != codes.AlreadyExists {
		panic(err)
	}
}

// bare is the status without details. Its message varies as little as that of the
// others does, which is not at all.
func bare() handler {
	err := status.Error(codes.AlreadyExists, "Item with the same name already exists")
	return func(context.Context) error { return err }
}

// reasonOnly has but the one detail that every API should have (AIP-193).
func reasonOnly() handler {
	var all []*status.Status
	for _, st := range statuses(conflicts()) {
		for _, d := range st.Details() {
			if info, ok := d.(*errdetails.ErrorInfo); ok {
				all = append(all, must(status.New(st.Code(), st.Message()).WithDetails(info)))
			}
		}
	}
	next := turns(all)
	return func(context.Context) error { return next().Err() }
}

// ready has the bytes of the translated ones, and nothing to do for them.
func ready() handler {
	next := turns(statuses(conflicts()))
	return func(context.Context) error { return next().Err() }
}

// readyCopied does besides what nobody can do without: status.FromProto copies all details,
// and WithDetails, the other way to make a status, does so too.
func readyCopied() handler {
	var protos []*spb.Status
	for _, st := range statuses(conflicts()) {
		protos = append(protos, st.Proto())
	}
	next := turns(protos)
	return func(context.Context) error { return status.FromProto(next()).Err() }
}

func translatedUnchecked() handler {
	next := turns(conflicts())
	return func(context.Context) error { return unchecked(next()).Err() }
}

func translated() handler {
	next := turns(conflicts())
	return func(context.Context) error { return translate.Box.Translate(next()) }
}

func translatedNaively() handler {
	next := turns(conflicts())
	return func(context.Context) error { return must(naive(next().Body)).Err() }
}
