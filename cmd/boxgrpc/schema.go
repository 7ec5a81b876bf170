// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// A schema is what a file of descriptors or a server's reflection says.
type schema interface {
	// services are the full names of all services.
	services(ctx context.Context) ([]string, error)
	// load returns files that have these services, as far as there are such.
	load(ctx context.Context, services []string) (*protoregistry.Files, error)
}

// schema is the file that is named, else the server's word.
func (t *target) schema(conn *grpc.ClientConn) (schema, error) {
	if t.descriptors == "" {
		return &serverSchema{target: t, conn: conn}, nil
	}
	data, err := os.ReadFile(string(t.descriptors))
	if err != nil {
		return nil, usagef("-descriptors: %v", err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	if proto.Unmarshal(data, set) != nil || len(set.GetFile()) == 0 {
		return nil, usagef("-descriptors %.80q: no google.protobuf.FileDescriptorSet, as \"buf build -o FILE\" or \"protoc -o FILE --include_imports\" writes it", string(t.descriptors))
	}
	files, err := filesOf(set.GetFile())
	if err != nil {
		return nil, usagef("-descriptors %.80q: %v", string(t.descriptors), err)
	}
	return fileSchema{files}, nil
}

// filesOf takes what is not in the list out of this program: google/protobuf, mostly.
// What is nowhere is left out: an option or a field of a type that nobody knows says
// nothing about the methods.
func filesOf(list []*descriptorpb.FileDescriptorProto) (*protoregistry.Files, error) {
	have := make(map[string]bool)
	for _, fd := range list {
		have[fd.GetName()] = true
	}
	for i := 0; ; i++ {
		if i == len(list) { // it grows
			break
		}
		for _, name := range list[i].GetDependency() {
			known, err := protoregistry.GlobalFiles.FindFileByPath(name)
			if err == nil && !have[name] {
				have[name] = true
				list = append(list, protodesc.ToFileDescriptorProto(known))
			}
		}
	}
	return protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(&descriptorpb.FileDescriptorSet{File: list})
}

// fileSchema is a schema that is all there.
type fileSchema struct{ files *protoregistry.Files }

func (s fileSchema) services(context.Context) ([]string, error) {
	var names []string
	s.files.RangeFiles(func(fd protoreflect.FileDescriptor) bool {
		for i := range fd.Services().Len() {
			names = append(names, string(fd.Services().Get(i).FullName()))
		}
		return true
	})
	slices.Sort(names)
	return names, nil
}

func (s fileSchema) load(context.Context, []string) (*protoregistry.Files, error) {
	return s.files, nil
}

// serviceIn is nil if there is no such service.
func serviceIn(files *protoregistry.Files, name string) protoreflect.ServiceDescriptor {
	d, err := files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	s, _ := d.(protoreflect.ServiceDescriptor)
	return s
}

// findMethod finds an RPC by its name: pkg.Service/Method, with or without a slash in
// front, or with a dot.
func findMethod(ctx context.Context, s schema, name string) (protoreflect.MethodDescriptor, error) {
	path := strings.TrimPrefix(name, "/")
	cut := max(strings.LastIndexByte(path, '/'), strings.LastIndexByte(path, '.'))
	if cut < 1 {
		return nil, unknown(ctx, s, name)
	}
	files, err := s.load(ctx, []string{path[:cut]})
	if err != nil {
		return nil, err
	}
	service := serviceIn(files, path[:cut])
	if service == nil {
		return nil, unknown(ctx, s, name)
	}
	m := service.Methods().ByName(protoreflect.Name(path[cut+1:]))
	if m == nil {
		return nil, usagef("-method %.80q: %s has %s", name, service.FullName(), strings.Join(methodNames(service), ", "))
	}
	for _, message := range []protoreflect.MessageDescriptor{m.Input(), m.Output()} {
		if lacking := missingIn(message, make(map[protoreflect.FullName]bool)); lacking != "" {
			return nil, usagef("-method %.80q: the schema does not say what %s is: give -descriptors with all imports", name, lacking)
		}
	}
	return m, nil
}

// missingIn names a type that a message is made of and no file defines: dynamicpb panics
// over such. seen are the messages that need not be looked at again.
func missingIn(m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) protoreflect.FullName {
	if m.IsPlaceholder() || seen[m.FullName()] {
		return missing(m)
	}
	seen[m.FullName()] = true
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if e := f.Enum(); e != nil && e.IsPlaceholder() {
			return missing(e)
		}
		if inner := f.Message(); inner != nil {
			if lacking := missingIn(inner, seen); lacking != "" {
				return lacking
			}
		}
	}
	return ""
}

func missing(d protoreflect.Descriptor) protoreflect.FullName {
	if d.IsPlaceholder() {
		return d.FullName()
	}
	return ""
}

func methodNames(s protoreflect.ServiceDescriptor) []string {
	var names []string
	for i := range s.Methods().Len() {
		names = append(names, string(s.Methods().Get(i).Name()))
	}
	return names
}

// unknown names the services that there are.
func unknown(ctx context.Context, s schema, method string) error {
	names, err := s.services(ctx)
	if err != nil {
		return err
	}
	what := "no such service"
	if method == "" {
		what = "give pkg.Service/Method"
	}
	return usagef("-method %.80q: %s; there are %s", method, what, strings.Join(names, ", "))
}
