// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Command boxgrpc shows what callers of a gRPC service get to see of an upstream's
// answer, and prints the catalogues by which that is decided.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/boxgrpc/boxgrpc/translate"
)

const usage = `boxgrpc shows what a gRPC caller sees of an upstream's HTTP answer.

Usage:
  boxgrpc explain [flags] [FILE]   explain one answer, as "curl -i" prints it
  boxgrpc catalog [flags]          print the catalogues of codes and statuses
  boxgrpc COMMAND -h               flags and examples of a command
`

// upstreams by the name that the flags use.
var upstreams = map[string]*translate.Translator{
	"box":  translate.Box,
	"http": translate.HTTP,
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// errUsage is a mistake on the command line: exit status 2.
type errUsage struct{ error }

// errLines says that some lines of the input had no answer: exit status 1.
var errLines = errors.New("some lines could not be read")

// run is the whole program; it returns the exit status.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	err := dispatch(args, in, out)
	var wrong errUsage
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errLines):
		return 1
	case errors.As(err, &wrong):
		fmt.Fprintf(errOut, "boxgrpc: %v\n", err)
		return 2
	}
	fmt.Fprintf(errOut, "boxgrpc: %v\n", err)
	return 1
}

func dispatch(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(out, usage)
		return errUsage{errors.New("a command is missing: explain or catalog")}
	}
	switch args[0] {
	case "explain":
		return explain(args[1:], in, out)
	case "catalog":
		return catalog(args[1:], out)
	case "-h", "-help", "--help", "help":
		fmt.Fprint(out, usage)
		return nil
	}
	return errUsage{fmt.Errorf("unknown command %q: explain or catalog", args[0])}
}

// flagSet returns flags whose mistakes come back as one line.
func flagSet(name, examples string, out io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {
		fmt.Fprintf(out, "Usage: boxgrpc %s\n\nFlags:\n", name)
		fs.SetOutput(out)
		fs.PrintDefaults()
		fs.SetOutput(io.Discard)
		fmt.Fprintf(out, "\nExamples:\n%s", examples)
	}
	return fs
}

// parse parses flags and checks how many arguments are left.
func parse(fs *flag.FlagSet, args []string, most int) error {
	help := fs.Usage
	fs.Usage = func() {} // a mistake gets one line, not the help
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help()
		return err
	case err != nil:
		return errUsage{err}
	case fs.NArg() > most:
		return errUsage{fmt.Errorf("unexpected argument %q", fs.Arg(most))}
	}
	return nil
}

// oneOf checks the value of a flag.
func oneOf(flagName, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return errUsage{fmt.Errorf("-%s %q: give one of %s", flagName, value, strings.Join(allowed, ", "))}
}

func upstreamNames() []string {
	return slices.Sorted(maps.Keys(upstreams))
}
