// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The two versions of the reflection service have the same messages; older servers
// offer the second only.
var reflectionMethods = []string{
	reflectionv1.ServerReflection_ServerReflectionInfo_FullMethodName,
	"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
}

// maxFiles bounds what is read of a server that never comes to an end.
const maxFiles = 10000

// A serverSchema is the schema that a server tells about itself.
type serverSchema struct {
	target *target
	conn   *grpc.ClientConn
	stream grpc.ClientStream
	tried  int // of the methods
}

func (r *serverSchema) services(ctx context.Context) ([]string, error) {
	resp, err := r.ask(ctx, &reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{ListServices: "*"},
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range resp.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	slices.Sort(names)
	return names, nil
}

// load asks for the files of the services, then for what these import and the server
// did not send along: some send one file at a time.
func (r *serverSchema) load(ctx context.Context, services []string) (*protoregistry.Files, error) {
	f := found{asked: make(map[string]bool)}
	for _, name := range services {
		if err := r.fetch(ctx, &f, &reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name},
		}); err != nil {
			return nil, err
		}
	}
	for i := 0; ; i++ {
		if i == len(f.list) { // it grows
			break
		}
		for _, name := range f.list[i].GetDependency() {
			if f.asked[name] || len(f.list) > maxFiles {
				continue
			}
			f.asked[name] = true // once, whether it is there or not
			if err := r.fetch(ctx, &f, &reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_FileByFilename{FileByFilename: name},
			}); err != nil {
				return nil, err
			}
		}
	}
	files, err := filesOf(f.list)
	if err != nil {
		return nil, fmt.Errorf("%s tells a schema that makes no sense: %w", r.target.address, err)
	}
	return files, nil
}

// found are files in the order in which they came.
type found struct {
	list  []*descriptorpb.FileDescriptorProto
	asked map[string]bool // names of files that are here, or need not be asked for again
}

// fetch adds the files of an answer. A name that the server does not know adds none.
func (r *serverSchema) fetch(ctx context.Context, f *found, req *reflectionv1.ServerReflectionRequest) error {
	resp, err := r.ask(ctx, req)
	if err != nil {
		return err
	}
	for _, raw := range resp.GetFileDescriptorResponse().GetFileDescriptorProto() {
		fd := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(raw, fd); err != nil {
			return fmt.Errorf("%s sends descriptors that cannot be read", r.target.address)
		}
		f.add(fd)
	}
	return nil
}

func (f *found) add(fd *descriptorpb.FileDescriptorProto) {
	same := func(other *descriptorpb.FileDescriptorProto) bool { return other.GetName() == fd.GetName() }
	if !slices.ContainsFunc(f.list, same) {
		f.asked[fd.GetName()] = true
		f.list = append(f.list, fd)
	}
}

// ask asks on the stream that is open, else it opens one, of the older version where
// the server does not know the newer.
func (r *serverSchema) ask(ctx context.Context, req *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
	if r.stream == nil {
		s, err := r.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, reflectionMethods[r.tried])
		if err != nil {
			return nil, r.target.unsent(err)
		}
		r.stream = s
	}
	resp := &reflectionv1.ServerReflectionResponse{}
	_ = r.stream.SendMsg(req) // RecvMsg has the reason
	err := r.stream.RecvMsg(resp)
	if err == nil {
		return resp, nil
	}
	why := status.Convert(err).Message()
	switch {
	case strings.Contains(why, "unexpected HTTP status code"):
		return nil, fmt.Errorf("%s is no gRPC server: %s", r.target.address, why)
	case status.Code(err) != codes.Unimplemented:
		return nil, fmt.Errorf("%s answers a question about its schema with %v (%s): give -descriptors FILE", r.target.address, code.Code(status.Code(err)), why)
	}
	r.stream = nil
	if r.tried++; r.tried == len(reflectionMethods) {
		return nil, fmt.Errorf("%s offers no reflection: give -descriptors FILE", r.target.address)
	}
	return r.ask(ctx, req)
}
