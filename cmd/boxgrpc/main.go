// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Command boxgrpc shows what callers of a gRPC service get to see of an upstream's
// answer, or of a live service's error, and prints the catalogues by which that is
// decided and the service config by which callers retry.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/boxgrpc/boxgrpc/translate"
)

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

func upstreamNames() []string {
	return slices.Sorted(maps.Keys(upstreams))
}
