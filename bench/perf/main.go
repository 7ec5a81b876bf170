// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Command perf measures what boxgrpc costs, beside what others cost in the same run,
// and prints one table in Markdown. It fails where a goal is missed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	only := flag.String("only", "", "goals, separated by commas: G5,G5b; default all")
	rounds := flag.Int("rounds", 0, "of each table; more make the intervals smaller; default what each table needs")
	exact := flag.Bool("exact", false, "time nothing: only allocations and bytes, which are the same in every run")
	closer := flag.Bool("look", false, "print instead where the time and the bytes of an error RPC go")
	flag.Parse()
	if *closer {
		look(os.Stdout, *rounds)
		return
	}
	missed := measure(os.Stdout, chosen(*only), *rounds, !*exact)
	for _, m := range missed {
		fmt.Fprintln(os.Stderr, m)
	}
	if len(missed) > 0 {
		os.Exit(1)
	}
}

// chosen tells which goals -only names.
func chosen(only string) func(string) bool {
	ids := strings.Split(only, ",")
	return func(id string) bool { return only == "" || slices.Contains(ids, id) }
}

// measure prints the goals that were chosen and returns what was missed.
func measure(w io.Writer, chosen func(string) bool, rounds int, timing bool) []string {
	var missed []string
	fmt.Fprint(w, header)
	for _, p := range plans {
		if !slices.ContainsFunc(p.ids, chosen) {
			continue
		}
		t := p.prepare()
		for _, g := range t.goals {
			if !slices.Contains(p.ids, g.id) {
				panic(fmt.Sprintf("perf: table %s: goal %s is not in its plan: add it, or -only %[2]s never finds it", t.name, g.id))
			}
		}
		results, n := t.run(chosen, rounds, timing)
		t.end()
		t.print(w, results, n)
		for _, r := range results {
			if !r.met() {
				missed = append(missed, fmt.Sprintf("%s missed: %s: %s", r.id, r.what, r.wanted()))
			}
		}
	}
	return missed
}
