// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// look prints where the time and the bytes of one failed RPC go.
func look(w io.Writer, rounds int) {
	t := errorRPC()
	defer t.end()
	fmt.Fprintln(w, "One error RPC over TCP, both sides in one process, 409 with varying content:")
	lookAtVariants(w, t, rounds)
	ours := slices.IndexFunc(errorVariants, func(v errorVariant) bool { return v.name == "ours" })
	fields, rest := errorVariants[ours].watch().perRPC()
	fmt.Fprintln(w, "\nWhat the translated one sends to the caller, bytes:")
	lookAtFields(w, fields, rest)
	fmt.Fprintln(w, "\nWhat is in its `grpc-status-details-bin`, bytes before base64 makes four of three:")
	lookAtDetails(w)
	fmt.Fprintln(w, "\nProcessor time of an RPC, both sides together, in µs, by a CPU profile:")
	lookAtProfiles(w, t)
}

func lookAtVariants(w io.Writer, t *table, rounds int) {
	f, n := t.time(rounds)
	fmt.Fprint(w, "\n| the handler returns | µs | × bare | bytes to the caller | allocs |\n|---|---:|---:|---:|---:|\n")
	costs := make(map[string]paired.Cost)
	for _, v := range errorVariants {
		fields, rest := v.watch().perRPC()
		for _, fd := range fields {
			rest += fd.sent
		}
		fmt.Fprintf(w, "| %s | %.1f | %.2f | %.0f | %.0f |\n", v.title, f.Time(v.name).Median/1000, f.Ratio(v.name, "bare").Median, rest, t.cost(v.name, costs).Allocs)
	}
	fmt.Fprintf(w, "\nA/A %.3f (%.3f–%.3f).\n", n.estimate.Median, n.estimate.Low, n.estimate.High)
}

func lookAtFields(w io.Writer, fields []field, rest float64) {
	fmt.Fprint(w, "\n| header field | as text | compressed |\n|---|---:|---:|\n")
	for _, f := range fields {
		fmt.Fprintf(w, "| `%s` | %.0f | %.0f |\n", f.name, f.text, f.sent)
	}
	fmt.Fprintf(w, "| *frames, window updates and pings* | | %.0f |\n", rest)
}

func lookAtDetails(w io.Writer) {
	all := statuses(conflicts())
	fmt.Fprint(w, "\n| part | type name | content |\n|---|---:|---:|\n")
	p := all[0].Proto() // they differ in their content, hardly in their length
	fmt.Fprintf(w, "| code and message | | %d |\n", len(p.GetMessage())+4)
	for _, d := range p.GetDetails() {
		name := d.GetTypeUrl()[strings.LastIndex(d.GetTypeUrl(), "/")+1:]
		fmt.Fprintf(w, "| `%s` | %d | %d |\n", name, len(d.GetTypeUrl()), len(d.GetValue()))
	}
}
