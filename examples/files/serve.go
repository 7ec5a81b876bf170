// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

const serveUsage = `Usage: files serve [flags]

Flags:
`

const serveExample = `
Example:
  files serve -box-url https://api.box.com/2.0 -upload-url https://upload.box.com/api/2.0 -token T
  grpcurl -plaintext -d '{"folder_id": "0"}' 127.0.0.1:50051 files.v1.FileService/ListFolder
`

// settings are the flags of serve.
type settings struct {
	listen, boxURL, uploadURL, token string
	serviceAccount                   bool
	attempts                         int
}

// serve runs the service until ctx ends.
func serve(ctx context.Context, args []string, out io.Writer) error {
	s, err := parseSettings(args, out)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening on %s\n", listener.Addr())
	srv := newServer(s.client())
	context.AfterFunc(ctx, func() { shutDown(srv) })
	if err := srv.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil // stopped as asked, maybe before it had begun
}

// grace is how long calls may go on after the signal to stop.
const grace = 10 * time.Second

func shutDown(srv *grpc.Server) {
	force := time.AfterFunc(grace, srv.Stop)
	defer force.Stop()
	srv.GracefulStop()
}

func (s settings) client() *client {
	ctl := retry.New(retry.WithMaxAttempts(s.attempts), retry.WithObserver(retry.LogTo(slog.Default())))
	c := newClient(s.boxURL, s.token, ctl, nil)
	c.uploadURL = s.uploadURL
	if s.serviceAccount {
		c.translator = translate.Box.With(translate.WithServiceCredentials())
	}
	return c
}

// parseSettings reads the flags. A mistake gets one line, not the help.
func parseSettings(args []string, out io.Writer) (settings, error) {
	var s settings
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.StringVar(&s.listen, "listen", "127.0.0.1:50051", "the `address` to listen on; whoever reaches it acts by the token")
	fs.StringVar(&s.boxURL, "box-url", "", "the `URL` of Box's API, up to and without /files")
	fs.StringVar(&s.uploadURL, "upload-url", "", "the `URL` of Box's API for uploads (default: -box-url)")
	fs.StringVar(&s.token, "token", "", "the bearer `token` for Box")
	fs.BoolVar(&s.serviceAccount, "service-account", false,
		"the token is the service's own and no business of callers:\nits failure is INTERNAL to them and not UNAUTHENTICATED")
	fs.IntVar(&s.attempts, "attempts", 3, "how `often` to try what may be tried again, 1 to 100;\n1: callers are told when, and try themselves")
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		help(fs, out)
		return s, err
	}
	if err == nil {
		err = s.complete(fs.Args())
	}
	if err != nil {
		return s, usageError{fmt.Errorf("serve: %w (-h shows the flags)", err)}
	}
	return s, nil
}

func help(fs *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, serveUsage)
	fs.SetOutput(out)
	fs.PrintDefaults()
	fmt.Fprint(out, serveExample)
}

// complete checks the settings and fills in what was left out.
func (s *settings) complete(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.boxURL == "":
		return errors.New("-box-url is missing")
	case s.token == "":
		return errors.New("-token is missing")
	case s.attempts < 1 || s.attempts > 100:
		return fmt.Errorf("-attempts %d is not from 1 to 100", s.attempts)
	case s.uploadURL == "":
		s.uploadURL = s.boxURL
	}
	if err := checkURL("-box-url", &s.boxURL); err != nil {
		return err
	}
	return checkURL("-upload-url", &s.uploadURL)
}

// checkURL takes a slash from the end, where paths are appended.
func checkURL(name string, value *string) error {
	u, err := url.Parse(*value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return fmt.Errorf("%s %q is no URL such as https://api.box.com/2.0", name, *value)
	}
	*value = strings.TrimRight(*value, "/")
	return nil
}
