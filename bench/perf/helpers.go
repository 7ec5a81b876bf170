// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/bench/paired"
	"github.com/boxgrpc/boxgrpc/retry"
)

// sinks keep the compiler from leaving out what nobody uses.
var sinks struct {
	text     string
	bytes    []byte
	status   *status.Status
	decision retry.Decision
	options  []grpc.CallOption
	stream   grpc.ClientStream
	all      all
	any      any
}

// must is for operations that never fail: the time of a failure is not what is wanted.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The figures, by the names of cases.
func ratio(of, to string) func(*paired.Figures) paired.Estimate {
	return func(f *paired.Figures) paired.Estimate { return f.Ratio(of, to) }
}

func excess(of, to string) func(*paired.Figures) paired.Estimate {
	return added(of, "pass", to, "pass")
}

func difference(of, to string) func(*paired.Figures) paired.Estimate {
	return func(f *paired.Figures) paired.Estimate { return f.Difference(of, to) }
}

func speed(of, to string) func(*paired.Figures) paired.Estimate {
	return func(f *paired.Figures) paired.Estimate { return f.Speed(of, to) }
}

// added is excess where the two cases stand on different floors.
func added(of, floor, to, itsFloor string) func(*paired.Figures) paired.Estimate {
	return func(f *paired.Figures) paired.Estimate { return f.Excess(of, floor, to, itsFloor) }
}
