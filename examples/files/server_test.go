// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/boxgrpc/boxgrpc/retry"
)

func TestHealth(t *testing.T) {
	health := healthv1.NewHealthClient(dial(t, newServer(newClient("http://127.0.0.1:0", "token", retry.New(), nil))))
	for _, service := range []string{"", "files.v1.FileService"} {
		got, err := health.Check(t.Context(), &healthv1.HealthCheckRequest{Service: service})
		if err != nil || got.GetStatus() != healthv1.HealthCheckResponse_SERVING {
			t.Errorf("%q: got %v and error %v", service, got, err)
		}
	}
}

func TestReflection(t *testing.T) {
	conn := dial(t, newServer(newClient("http://127.0.0.1:0", "token", retry.New(), nil)))
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range resp.GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	if !slices.Contains(names, "files.v1.FileService") || !slices.Contains(names, "grpc.health.v1.Health") {
		t.Errorf("got %v", names)
	}
}
