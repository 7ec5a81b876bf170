// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
)

// Without it a server that tells nonsense about its schema takes the program down: what
// is asked for is never more than a message of it.
func FuzzSchema(f *testing.F) {
	f.Add([]byte{}, []byte("{}"), []byte{})
	raw, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(filesv1.File_files_v1_file_service_proto),
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw, []byte(`{"file_id":"1"}`), []byte("\x0a\x05\x0a\x03abc"))
	f.Add(raw, []byte(`{"metadata":{"name":"x"}}{"chunk":"AAE="}`), []byte{})
	f.Fuzz(func(t *testing.T, descriptors, request, answer []byte) {
		set := &descriptorpb.FileDescriptorSet{}
		if proto.Unmarshal(descriptors, set) != nil {
			return
		}
		files, err := filesOf(set.GetFile())
		if err != nil {
			return
		}
		s := fileSchema{files}
		names, _ := s.services(t.Context())
		for _, name := range names {
			service := serviceIn(files, name)
			if service == nil {
				t.Fatalf("%s is listed, and not there", name)
			}
			_ = interceptors.ServiceConfig(service)
			for _, method := range methodNames(service) {
				m, err := findMethod(t.Context(), s, name+"/"+method)
				if err != nil {
					continue
				}
				list, _ := requestsOf(m, request)
				for _, req := range list {
					_, _ = proto.Marshal(req)
				}
				message := dynamicpb.NewMessage(m.Output())
				if proto.Unmarshal(answer, message) == nil {
					(&reply{}).add(message)
				}
			}
		}
	})
}
