// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Without it a new flag has to be tried out to learn what its value looks like, or an
// example that somebody copies is refused.
func TestEveryFlagHasAnExample(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, page, _ := boxgrpc(t, "", c.name, "-h")
			_, examples, found := strings.Cut(page, "\nExamples:\n")
			if !found {
				t.Fatalf("no examples:\n%s", page)
			}
			shown := make(map[string]bool)
			for line := range strings.Lines(examples) {
				for _, args := range commandLines(t, line) {
					for name := range parsed(t, c.name, args) {
						shown[name] = true
					}
				}
			}
			fs, _ := c.flags()
			fs.VisitAll(func(f *flag.Flag) {
				if !shown[f.Name] {
					t.Errorf("no example of -%s", f.Name)
				}
				if !strings.Contains(page, "\n  -"+f.Name+"\n") && !strings.Contains(page, "\n  -"+f.Name+" ") || f.Usage == "" {
					t.Errorf("-%s is not explained", f.Name)
				}
			})
		})
	}
}

// commandLines are the arguments of each boxgrpc on a line, as bash reads them.
func commandLines(t *testing.T, line string) [][]string {
	t.Helper()
	const shell = `boxgrpc() { printf '%s\n' boxgrpc "$@" >&9; }; curl() { :; }; buf() { :; }; cd "$1"; mkdir -p ~/.config/fish/completions; echo > answers.jsonl; eval "$2"; wait`
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "bash", "--norc", "-c", "exec 9>&1; "+shell, "bash", dir, line)
	cmd.Env = append(cmd.Environ(), "T=token", "HOME="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	var calls [][]string
	for word := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n"), "\n") {
		if word == "boxgrpc" {
			calls = append(calls, nil)
		} else if len(calls) > 0 {
			calls[len(calls)-1] = append(calls[len(calls)-1], word)
		}
	}
	return calls
}

// parsed are the flags of an example, which must be a valid one of this command.
func parsed(t *testing.T, name string, args []string) map[string]bool {
	t.Helper()
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return len(args) > 0 && c.name == args[0] })
	if i < 0 || all[i].name != name {
		t.Errorf("an example of %s runs %q", name, args)
		return nil
	}
	fs, _ := all[i].flags()
	fs.SetOutput(io.Discard)
	if _, err := parse(fs, args[1:], all[i].most, func() error { return nil }); err != nil {
		t.Errorf("the example %q is refused: %v", args, err)
	}
	return given(fs)
}

// Without it the first page that a newcomer sees lacks a command.
func TestUsageNamesEveryCommand(t *testing.T) {
	t.Parallel()
	_, page, _ := boxgrpc(t, "", "help")
	for _, c := range commands() {
		if !strings.Contains(page, "\n  boxgrpc "+c.name+" ") || !strings.Contains(page, c.about) {
			t.Errorf("%s is missing:\n%s", c.name, page)
		}
	}
	for line := range strings.Lines(page) {
		if len(line) > pageWidth+1 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	_, examples, _ := strings.Cut(page, "\nExamples:\n")
	for line := range strings.Lines(examples) {
		for _, args := range commandLines(t, line) {
			parsed(t, args[0], args)
		}
	}
}
