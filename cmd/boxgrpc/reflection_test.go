// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/boxgrpc/boxgrpc/interceptors"
)

// shop is a schema in two files, with one of Google's and one that nobody has.
func shop(t *testing.T) map[string]*descriptorpb.FileDescriptorProto {
	t.Helper()
	files := make(map[string]*descriptorpb.FileDescriptorProto)
	for _, text := range []string{
		`name: "shop.proto" package: "shop.v1" syntax: "proto3"
		 dependency: "item.proto" dependency: "google/protobuf/timestamp.proto" dependency: "gone.proto"
		 service { name: "Shop"
		   method { name: "Buy" input_type: ".shop.v1.Item" output_type: ".google.protobuf.Timestamp" }
		   method { name: "Look" input_type: ".shop.v1.Item" output_type: ".google.protobuf.Timestamp" options { idempotency_level: NO_SIDE_EFFECTS } } }
		 service { name: "Till" method { name: "Open" input_type: ".shop.v1.Item" output_type: ".shop.v1.Item" options { idempotency_level: IDEMPOTENT } } }`,
		`name: "item.proto" package: "shop.v1" syntax: "proto3" dependency: "gone.proto" dependency: "google/protobuf/timestamp.proto"
		 message_type { name: "Item"
		   field { name: "sku" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "sku" }
		   field { name: "at" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" label: LABEL_OPTIONAL json_name: "at" } }`,
	} {
		fd := &descriptorpb.FileDescriptorProto{}
		if err := prototext.Unmarshal([]byte(text), fd); err != nil {
			t.Fatal(err)
		}
		files[fd.GetName()] = fd
	}
	return files
}

// oneByOne is a reflection that sends one file at a time, as those of some languages
// do.
type oneByOne struct {
	reflectionv1.UnimplementedServerReflectionServer

	files map[string]*descriptorpb.FileDescriptorProto
	gone  *atomic.Int32 // how often the file was asked for that nobody has
}

func (r oneByOne) ServerReflectionInfo(stream reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
	for {
		req, err := stream.Recv()
		if err != nil {
			return nil
		}
		if err := stream.Send(r.answer(req)); err != nil {
			return err
		}
	}
}

func (r oneByOne) answer(req *reflectionv1.ServerReflectionRequest) *reflectionv1.ServerReflectionResponse {
	if req.GetListServices() != "" {
		list := &reflectionv1.ListServiceResponse{Service: []*reflectionv1.ServiceResponse{{Name: "shop.v1.Till"}, {Name: "shop.v1.Shop"}, {Name: "shop.v1.Hidden"}}}
		return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}}
	}
	if req.GetFileByFilename() == "gone.proto" {
		r.gone.Add(1)
	}
	fd := r.files[req.GetFileByFilename()]
	if strings.HasPrefix(req.GetFileContainingSymbol(), "shop.v1.") && req.GetFileContainingSymbol() != "shop.v1.Hidden" {
		fd = r.files["shop.proto"]
	}
	if fd == nil {
		return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_ErrorResponse{
			ErrorResponse: &reflectionv1.ErrorResponse{ErrorCode: int32(codes.NotFound)},
		}}
	}
	raw, err := proto.Marshal(fd)
	if err != nil {
		panic(err)
	}
	return &reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_FileDescriptorResponse{
		FileDescriptorResponse: &reflectionv1.FileDescriptorResponse{FileDescriptorProto: [][]byte{raw}},
	}}
}

// Without it services in other languages, and older ones, cannot be asked.
func TestOtherServersReflection(t *testing.T) {
	t.Parallel()
	old := serve(t, &service{}, func(srv *grpc.Server) {
		reflectionv1alpha.RegisterServerReflectionServer(srv, reflection.NewServer(reflection.ServerOptions{Services: srv}))
	})
	if page := asked(t, old, "-method", getFile); !strings.Contains(page, "RESOURCE_EXHAUSTED") {
		t.Errorf("v1alpha: %s", page)
	}
	files, gone := shop(t), new(atomic.Int32)
	sparing := serve(t, &service{}, func(srv *grpc.Server) {
		reflectionv1.RegisterServerReflectionServer(srv, oneByOne{files: files, gone: gone})
	})
	if page := asked(t, sparing, "-method", "shop.v1.Shop/Buy", "-d", `{"sku":"a","at":"2026-11-22T00:00:00Z"}`); !strings.Contains(page, "unknown service shop.v1.Shop") {
		t.Errorf("one file at a time: %s", page)
	}
	if n := gone.Load(); n != 1 {
		t.Errorf("asked %d times for a file that two others import and nobody has, want once", n)
	}
	wantMistake(t, "", "there are shop.v1.Hidden, shop.v1.Shop, shop.v1.Till", "explain", "-target", sparing, "-plaintext", "-method", "shop.v1.Hidden/Buy")
	lost := files["item.proto"]
	delete(files, "item.proto")
	wantMistake(t, "", "does not say what shop.v1.Item is", "explain", "-target", sparing, "-plaintext", "-method", "shop.v1.Shop/Buy")
	lost.MessageType[0].Field[1].TypeName = new(".shop.v1.Gone")
	files["item.proto"] = lost
	wantMistake(t, "", "does not say what shop.v1.Gone is", "explain", "-target", sparing, "-plaintext", "-method", "shop.v1.Shop/Buy")
	lost.MessageType[0].Field[1].Type = descriptorpb.FieldDescriptorProto_TYPE_ENUM.Enum()
	wantMistake(t, "", "does not say what shop.v1.Gone is", "explain", "-target", sparing, "-plaintext", "-method", "shop.v1.Till/Open")
	files["item.proto"].Syntax = new("proto9")
	wantFailure(t, "makes no sense", "explain", "-target", sparing, "-plaintext", "-method", "shop.v1.Shop/Buy")
}

// Without it callers in other languages retry what must not be, or nothing, because
// their config is of another schema than the server's.
func TestServiceConfig(t *testing.T) {
	t.Parallel()
	sparing := serve(t, &service{}, func(srv *grpc.Server) {
		reflectionv1.RegisterServerReflectionServer(srv, oneByOne{files: shop(t), gone: new(atomic.Int32)})
	})
	set := &descriptorpb.FileDescriptorSet{}
	for _, fd := range shop(t) {
		set.File = append(set.File, fd)
	}
	file := written(t, set)
	parsed, err := filesOf(set.GetFile())
	if err != nil {
		t.Fatal(err)
	}
	shop, till := serviceIn(parsed, "shop.v1.Shop"), serviceIn(parsed, "shop.v1.Till")
	both := interceptors.ServiceConfig(shop, till)
	if !strings.Contains(both, `{"service":"shop.v1.Shop","method":"Look"},{"service":"shop.v1.Till","method":"Open"}`) || strings.Contains(both, "Buy") {
		t.Fatalf("the example does not tell the methods apart: %s", both)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"server":               {[]string{"-target", sparing, "-plaintext"}, both},
		"file":                 {[]string{"-descriptors", file}, both},
		"one service":          {[]string{"-descriptors", file, "-service", "shop.v1.Till"}, interceptors.ServiceConfig(till)},
		"one service, server":  {[]string{"-target", sparing, "-plaintext", "-service", "shop.v1.Shop"}, interceptors.ServiceConfig(shop)},
		"two services, server": {[]string{"-target", sparing, "-plaintext", "-service", "shop.v1.Till", "-service", "shop.v1.Shop"}, interceptors.ServiceConfig(till, shop)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exit, out, errOut := boxgrpc(t, "", append([]string{"service-config"}, tt.args...)...)
			if exit != 0 || out != tt.want+"\n" {
				t.Errorf("exit status %d, %s\n got %s\nwant %s", exit, errOut, out, tt.want)
			}
		})
	}
	wantFailure(t, "no method declares idempotency_level", "service-config", "-target", serve(t, &service{}, reflected), "-plaintext", "-service", "grpc.reflection.v1.ServerReflection")
}
