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

Examples:
  curl -si https://api.box.com/2.0/folders/1 | boxgrpc explain
  boxgrpc catalog -upstream box
`

// upstreams by the name that the flags use.
var upstreams = map[string]*translate.Translator{
	"box":         translate.Box,
	"hitachi":     translate.Hitachi,
	"http":        translate.HTTP,
	"informatica": translate.Informatica,
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// A usageError is a mistake on the command line or in a file: exit status 2.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error {
	return usageError(fmt.Sprintf(format, args...))
}

// maxErrorText keeps a mistake to one line that can be read: what is wrong may be a
// file that is no text at all.
const maxErrorText = 240

// run is the whole program; it returns the exit status.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	err := dispatch(args, in, out)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(errOut, "boxgrpc: %s\n", cut(printable(err.Error()), maxErrorText))
	if _, wrong := errors.AsType[usageError](err); wrong {
		return 2
	}
	return 1
}

func dispatch(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return usagef("give a command, explain or catalog; boxgrpc -h shows examples")
	}
	switch args[0] {
	case "explain":
		return explain(args[1:], in, out)
	case "catalog":
		return catalog(args[1:], out)
	case "-h", "-help", "--help", "help":
		_, err := io.WriteString(out, usage)
		return err
	}
	return usagef("unknown command %.40q: explain or catalog", args[0])
}

// flagSet returns flags whose mistakes come back as one line.
func flagSet(name, examples string, out io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {
		var b strings.Builder
		fs.SetOutput(&b)
		fs.PrintDefaults()
		fs.SetOutput(io.Discard)
		fmt.Fprintf(out, "Usage: boxgrpc %s\n\nFlags:\n%s\nExamples:\n%s", name, &b, examples)
	}
	return fs
}

// parse parses flags, which may stand before and after the arguments, and returns
// the arguments: at most so many.
func parse(fs *flag.FlagSet, args []string, most int) ([]string, error) {
	help := fs.Usage
	fs.Usage = func() {} // a mistake gets one line, not the help
	var rest []string
	for {
		err := fs.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			help()
			return nil, err
		case err != nil:
			return nil, usagef("%v", err)
		case fs.NArg() == 0:
			return rest, nil
		case len(rest) == most:
			return nil, usagef("unexpected argument %.40q", fs.Arg(0))
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}

// given are the flags that stand on the command line.
func given(fs *flag.FlagSet) map[string]bool {
	set := make(map[string]bool)
	fs.Visit(func(f *flag.Flag) { set[f.Name] = true })
	return set
}

// oneOf checks the value of a flag.
func oneOf(flagName, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return usagef("-%s %.40q: give one of %s", flagName, value, strings.Join(allowed, ", "))
}

func upstreamNames() []string {
	return slices.Sorted(maps.Keys(upstreams))
}
