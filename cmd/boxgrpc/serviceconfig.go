// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/boxgrpc/boxgrpc/interceptors"
)

const serviceConfigExamples = `  boxgrpc service-config -target localhost:50051 -plaintext
  boxgrpc service-config -target files.example.com:443 -cacert ca.pem -H "authorization: Bearer $T" -timeout 5s
  buf build -o files.binpb && boxgrpc service-config -descriptors files.binpb
  boxgrpc service-config -descriptors files.binpb -service files.v1.FileService > service-config.json
`

func serviceConfigFlags(fs *flag.FlagSet) func(invocation) error {
	var t target
	var only list
	t.define(fs)
	fs.Var(&only, "service", "only this `service`, such as files.v1.FileService; may be given several times (default all)")
	return func(i invocation) error {
		switch {
		case t.address == "" && t.descriptors == "":
			return usagef("give -target ADDRESS, a server with reflection, or -descriptors FILE")
		case t.address != "" && t.descriptors != "":
			return usagef("give -target or -descriptors, not both")
		}
		if err := t.check(i.given); err != nil {
			return err
		}
		return serviceConfig(&t, only, i.out)
	}
}

// serviceConfig prints the service config of a server's services or a file's.
func serviceConfig(t *target, only []string, out io.Writer) error {
	fields, err := t.fields()
	if err != nil {
		return err
	}
	ctx, cancel := t.context(fields)
	defer cancel()
	s, closeConn, err := t.open()
	if err != nil {
		return err
	}
	defer closeConn()
	services, err := pick(ctx, s, only)
	if err != nil {
		return err
	}
	config := interceptors.ServiceConfig(services...)
	if !strings.Contains(config, `"retryPolicy"`) {
		return errors.New("no method declares idempotency_level, so there is none that callers may send again: declare it in the schema")
	}
	_, err = fmt.Fprintln(out, config)
	return err
}

// pick loads the services that are asked for, or all.
func pick(ctx context.Context, s schema, only []string) ([]protoreflect.ServiceDescriptor, error) {
	names, err := s.services(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range only {
		if !slices.Contains(names, name) {
			return nil, usagef("-service %.80q: there are %s", name, strings.Join(names, ", "))
		}
	}
	if len(only) > 0 {
		names = only
	}
	files, err := s.load(ctx, names)
	if err != nil {
		return nil, err
	}
	var services []protoreflect.ServiceDescriptor
	for _, name := range names {
		if d := serviceIn(files, name); d != nil { // reflection may list what it has no file of
			services = append(services, d)
		}
	}
	return services, nil
}
