// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// A phase is what an RPC spends time on, by what its functions' names contain. Of the
// phases that a stack is in, the first one counts.
type phase struct {
	title string
	names []string
}

var phases = []phase{
	{"making the error: translation, details", []string{"boxgrpc/translate.", "boxgrpc/retry.", "boxgrpc/interceptors.", "main.naive", "main.translated"}},
	{"HPACK, both sides", []string{"/hpack."}},
	{"base64, both sides", []string{"encoding/base64.", "BinHeader"}},
	{"protobuf and status, both sides", []string{"google.golang.org/protobuf/", "grpc/status.", "grpc/internal/status."}},
	{"system calls", []string{"syscall.", "internal/poll.", "internal/runtime/syscall"}},
	{"garbage collection", []string{"runtime.gcBgMarkWorker", "runtime.gcAssist", "runtime.bgsweep", "runtime.gcStart", "runtime.bgscavenge"}},
	{"the rest of grpc-go", []string{"google.golang.org/grpc", "golang.org/x/net/"}},
	{"goroutines that take turns", []string{"runtime.mcall", "runtime.schedule", "runtime.findRunnable", "runtime.mstart", "runtime.ready", "runtime.sysmon"}},
}

const others = "anything else"

// profiled is long enough for a few hundred samples.
const profiled = 4 * time.Second

func lookAtProfiles(w io.Writer, t *table) {
	shown := []string{"bare", "ready", "ours", "naive"}
	fmt.Fprint(w, "\n| |")
	spent := make(map[string]map[string]float64)
	for _, v := range errorVariants {
		if slices.Contains(shown, v.name) {
			spent[v.name] = t.profile(v.name)
			fmt.Fprintf(w, " %s |", v.title)
		}
	}
	fmt.Fprint(w, "\n|---|", strings.Repeat("---:|", len(shown)), "\n")
	for _, p := range append(slices.Clone(phases), phase{title: others}, phase{title: together}) {
		fmt.Fprintf(w, "| %s |", p.title)
		for _, name := range shown {
			fmt.Fprintf(w, " %.1f |", spent[name][p.title])
		}
		fmt.Fprintln(w)
	}
}

const together = "**together**"

// profile returns the µs of processor time of each phase.
func (t *table) profile(name string) map[string]float64 {
	c := t.cases[slices.IndexFunc(t.cases, func(c paired.Case) bool { return c.Name == name })]
	var buf bytes.Buffer
	if err := pprof.StartCPUProfile(&buf); err != nil {
		panic(err)
	}
	calls := 0
	for start := time.Now(); time.Since(start) < profiled; calls += 100 {
		c.Run(100)
	}
	pprof.StopCPUProfile()
	spent := make(map[string]float64)
	for _, s := range must(profile.Parse(&buf)).Sample {
		us := float64(s.Value[1]) / 1000 / float64(calls)
		spent[phaseOf(s)] += us
		spent[together] += us
	}
	return spent
}

func phaseOf(s *profile.Sample) string {
	for _, p := range phases {
		for _, l := range s.Location {
			for _, line := range l.Line {
				if slices.ContainsFunc(p.names, func(n string) bool { return strings.Contains(line.Function.Name, n) }) {
					return p.title
				}
			}
		}
	}
	return others
}
