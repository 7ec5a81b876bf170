// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A target is a gRPC server, and how to talk to it.
type target struct {
	address     string
	plaintext   bool
	authorities file
	headers     list
	timeout     time.Duration
	descriptors file
}

// targetFlags are the names of the flags that say how to talk to a target.
var targetFlags = []string{"plaintext", "cacert", "H", "timeout"}

const defaultTimeout = time.Minute

func (t *target) define(fs *flag.FlagSet) {
	fs.StringVar(&t.address, "target", "", "ask the gRPC server at this `address`, such as localhost:50051")
	fs.BoolVar(&t.plaintext, "plaintext", false, "talk to -target without TLS")
	fs.Var(&t.authorities, "cacert", "trust the certificates in this PEM `file` instead of the system's")
	fs.Var(&t.headers, "H", "send this metadata, \"`name: value`\", or @FILE with one on each line, which keeps\n"+
		"secrets out of the list of processes; may be given several times; never printed")
	fs.DurationVar(&t.timeout, "timeout", defaultTimeout, "give up after this `time`; the server is told it as the deadline")
	fs.Var(&t.descriptors, "descriptors", "take the schema from this `file`, as \"buf build -o FILE\" writes it, and not from\nthe server's reflection")
}

// check finds what needs no server to be wrong.
func (t *target) check(given map[string]bool) error {
	for _, name := range targetFlags {
		if given[name] && t.address == "" {
			return usagef("-%s says how to talk to a server: give -target too", name)
		}
	}
	switch {
	case t.plaintext && t.authorities != "":
		return usagef("-cacert does not go with -plaintext, which is without TLS")
	case strings.Contains(t.address, "://") && strings.HasPrefix(t.address, "http"):
		return usagef("-target: give host:port, without http:// or https:// in front")
	case t.timeout <= 0:
		return usagef("-timeout %v: give more than 0, such as 5s", t.timeout)
	}
	return nil
}

// dial connects at the first call. Nothing is sent again: what one attempt gets is what
// there is to explain.
func (t *target) dial() (*grpc.ClientConn, error) {
	creds, err := t.credentials()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(t.address, grpc.WithTransportCredentials(creds), grpc.WithDisableRetry(), grpc.WithUserAgent("boxgrpc"))
	if err != nil {
		return nil, usagef("-target %.80q: %v", t.address, err)
	}
	return conn, nil
}

// open is the schema alone.
func (t *target) open() (schema, func(), error) {
	if t.address == "" {
		s, err := t.schema(nil)
		return s, func() {}, err
	}
	conn, err := t.dial()
	if err != nil {
		return nil, nil, err
	}
	s, err := t.schema(conn)
	return s, func() { _ = conn.Close() }, err
}

func (t *target) credentials() (credentials.TransportCredentials, error) {
	if t.plaintext {
		return insecure.NewCredentials(), nil
	}
	if t.authorities == "" {
		return credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12}), nil
	}
	pem, err := os.ReadFile(string(t.authorities))
	if err != nil {
		return nil, usagef("-cacert: %v", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, usagef("-cacert %.80q: no certificate in PEM is in it", string(t.authorities))
	}
	return credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}), nil
}

// fields are the metadata of -H. They are read once: a file may be a pipe, as of @<(pass show token).
func (t *target) fields() (metadata.MD, error) {
	md := metadata.MD{}
	for i, text := range t.headers {
		lines := []string{text}
		if name, isFile := strings.CutPrefix(text, "@"); isFile {
			data, err := os.ReadFile(name) //nolint:gosec // the file that the user names
			if err != nil {
				return nil, usagef("-H: %v", err)
			}
			lines = strings.Split(strings.TrimSpace(string(data)), "\n")
		}
		for _, line := range lines {
			if !addField(md, line) {
				// The text itself may be a secret whose name was forgotten.
				return nil, usagef(`-H, number %d: give "name: value", both of printable ASCII, of a name that ends in -bin the value in base64`, i+1)
			}
		}
	}
	return md, nil
}

// context has the deadline, and metadata.
func (t *target) context(md metadata.MD) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout)
	return metadata.NewOutgoingContext(ctx, md), cancel
}

// field is "name: value" as gRPC can carry it. Where it cannot, its own error would show
// the name, which is half a secret where the name was forgotten: "Bearer abc:def".
var field = regexp.MustCompile(`^\s*([0-9A-Za-z_.-]+)\s*:\s*([ -~]*?)\s*$`)

// addField adds "name: value". Values of names that end in -bin are bytes, which
// nobody can type: they are given in base64.
func addField(md metadata.MD, line string) bool {
	m := field.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	name, value := strings.ToLower(m[1]), m[2]
	if strings.HasSuffix(name, "-bin") {
		raw, err := decodeBase64(value)
		if err != nil {
			return false
		}
		value = string(raw)
	}
	md.Append(name, value)
	return true
}

// unsent says why a call did not get out of this program.
func (t *target) unsent(err error) error {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded:
		return t.unreachable(err)
	}
	return fmt.Errorf("%s: nothing was sent: %s", t.address, status.Convert(err).Message())
}

// unreachable says why there is no connection, and which flag may be the reason.
func (t *target) unreachable(err error) error {
	text := status.Convert(err).Message()
	switch {
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return fmt.Errorf("%s speaks no TLS: give -plaintext", t.address)
	case strings.Contains(text, "failed to verify certificate") && !strings.Contains(text, "unknown authority"):
		// Of another name, or out of date: no -cacert helps.
		return fmt.Errorf("%s has a certificate that does not fit: %s", t.address, lastOf(text))
	case strings.Contains(text, "failed to verify certificate"):
		return fmt.Errorf("%s has a certificate that is not trusted: give -cacert FILE (%s)", t.address, lastOf(text))
	case strings.Contains(text, "error reading server preface"):
		return fmt.Errorf("%s is no gRPC server without TLS: leave -plaintext out? (%s)", t.address, lastOf(text))
	}
	return fmt.Errorf("%s cannot be reached: %s", t.address, lastOf(text))
}

// lastOf leaves gRPC's own words about an error of the network away.
func lastOf(text string) string {
	for _, words := range []string{"Error while dialing: ", "transport: ", "desc = "} {
		if i := strings.LastIndex(text, words); i >= 0 {
			return strings.Trim(text[i+len(words):], `"`)
		}
	}
	return text
}
