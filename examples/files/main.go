// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Command files is a gRPC service in front of Box. Run by itself it shows what a
// caller of such a service sees when Box fails, against a fake Box; files serve
// runs the service against a real one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `files is a gRPC service in front of Box.

Usage:
  files                show what callers see when Box fails; needs nothing else
  files serve [flags]  run the service against a Box
  files serve -h       its flags, and an example
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a mistake on the command line: exit status 2.
type usageError struct{ error }

// run is the whole program; it returns the exit status.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	err := dispatch(ctx, args, out)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(errOut, "files: %v\n", err)
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return walk(ctx, script, printer{out: out, colour: isTerminal(out)})
	}
	switch args[0] {
	case "serve":
		return serve(ctx, args[1:], out)
	case "-h", "-help", "--help", "help":
		fmt.Fprint(out, usage)
		return nil
	}
	return usageError{fmt.Errorf("unknown command %q: give serve, or nothing for the walk-through", args[0])}
}
