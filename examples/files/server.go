// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
)

// newServer returns the whole server. The interceptors are all that boxgrpc needs;
// they stand nearest to the handlers, and share their controller with the client.
func newServer(box *client) *grpc.Server {
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(box.ctl)),
		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(box.ctl)))
	filesv1.RegisterFileServiceServer(srv, &service{box: box})
	healthv1.RegisterHealthServer(srv, newHealth())
	reflection.Register(srv)
	return srv
}

// newHealth says SERVING whatever becomes of Box: a service that reports Box's
// troubles by statuses is healthy, and a restart of it would mend nothing.
func newHealth() *health.Server {
	h := health.NewServer()
	h.SetServingStatus(filesv1.FileService_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
	return h
}
