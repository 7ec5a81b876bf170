// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A command is what the first word on the command line asks for.
type command struct {
	name  string
	args  string   // what may stand beside the flags, as the usage shows it
	most  int      // how many of these
	words []string // one of which the argument must be; nil: the name of a file
	about string

	// define adds the flags and returns what to do once they are read.
	define   func(fs *flag.FlagSet) func(invocation) error
	examples string
}

// An invocation is what stood on the command line, and where to read and write.
type invocation struct {
	given map[string]bool // the flags
	args  []string
	in    io.Reader
	out   io.Writer
}

// commands is a function because the completion reads it too.
func commands() []command {
	return []command{
		{
			name: "explain", args: "[FILE]", most: 1, define: explainFlags, examples: explainExamples,
			about: `explain an answer of HTTP, or the error of an RPC`,
		},
		{
			name: "catalog", define: catalogFlags, examples: catalogExamples,
			about: "print the catalogues of codes and statuses",
		},
		{
			name: "service-config", define: serviceConfigFlags, examples: serviceConfigExamples,
			about: "print by what callers in any language retry (gRFC A6)",
		},
		{
			name: "completion", args: "SHELL", most: 1, words: shells, define: completionFlags, examples: completionExamples,
			about: "print what makes bash, zsh or fish complete all this",
		},
	}
}

const usageHead = `boxgrpc shows what a gRPC caller sees of an upstream's HTTP answer.

Usage:
`

const usageExamples = `
Examples:
  curl -si https://api.box.com/2.0/folders/1 | boxgrpc explain
  boxgrpc explain -target localhost:50051 -plaintext -method files.v1.FileService/GetFile
  boxgrpc catalog -upstream box
  source <(boxgrpc completion bash)
`

func usage() string {
	var b strings.Builder
	b.WriteString(usageHead)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  boxgrpc %-32s %s\n", c.synopsis(), c.about)
	}
	fmt.Fprintf(&b, "  boxgrpc %-32s %s\n", "COMMAND -h", "flags and examples of a command")
	return b.String() + usageExamples
}

func (c command) synopsis() string {
	text := c.name
	if fs, _ := c.flags(); hasFlags(fs) {
		text += " [flags]"
	}
	return strings.TrimSpace(text + " " + c.args)
}

func dispatch(args []string, in io.Reader, out io.Writer) error {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	if len(args) == 0 {
		return usagef("give a command: %s; boxgrpc -h shows examples", strings.Join(names, ", "))
	}
	if slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		_, err := io.WriteString(out, usage())
		return err
	}
	i := slices.Index(names, args[0])
	if i < 0 {
		return usagef("unknown command %.40q: give one of %s", args[0], strings.Join(names, ", "))
	}
	return commands()[i].run(args[1:], in, out)
}

// run reads the flags, and does what they say.
func (c command) run(args []string, in io.Reader, out io.Writer) error {
	fs, do := c.flags()
	rest, err := parse(fs, args, c.most, func() error {
		_, err := io.WriteString(out, c.help(fs))
		return err
	})
	if err != nil {
		return err
	}
	return do(invocation{given: given(fs), args: rest, in: in, out: out})
}

// flags are those of the command, and what to do when they are read. A mistake comes
// back as one line.
func (c command) flags() (*flag.FlagSet, func(invocation) error) {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs, c.define(fs)
}

func (c command) help(fs *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: boxgrpc %s\n", c.synopsis())
	if hasFlags(fs) {
		b.WriteString("\nFlags:\n")
		fs.SetOutput(&b)
		fs.PrintDefaults()
		fs.SetOutput(io.Discard)
	}
	fmt.Fprintf(&b, "\nExamples:\n%s", c.examples)
	return b.String()
}

func hasFlags(fs *flag.FlagSet) bool {
	n := 0
	fs.VisitAll(func(*flag.Flag) { n++ })
	return n > 0
}
