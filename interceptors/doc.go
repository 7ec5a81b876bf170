// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package interceptors puts an upstream's errors on the wire: for gRPC servers
// whose handlers return errors of package translate.
//
//	ctl := retry.New()
//	srv := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)),
//		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl)))
//
// Register them last, nearest to the handler, after recovery, logging and
// authentication: those then see the error as callers get it, and what the handler
// returned in errors.Unwrap.
//
// # What they do with a failed RPC
//
// They find the upstream's error in whatever the handler returns, wrapped or
// joined, and send exactly its status: no wrap text leaves the service.
//
// They add a LocalizedMessage where the caller's metadata has accept-language with
// English or Japanese in it.
//
// They judge the RPC. RetryInfo stays only if the same RPC may be sent again: the
// method declares idempotency_level NO_SIDE_EFFECTS or IDEMPOTENT, or [WithSafety]
// says so. Otherwise it is removed.
//
// They tell the caller's gRPC library what to do next, in exactly one
// grpc-retry-pushback-ms trailer (gRFC A6): the wait in milliseconds where the RPC
// may be sent again and the caller's deadline leaves room; -1 where it does not, or
// where a retry does harm or is in vain and the code is one that clients tend to
// retry (UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, DEADLINE_EXCEEDED, INTERNAL,
// UNKNOWN).
//
// Every other error passes as it is, but for RetryInfo on methods that are not
// declared safe to repeat.
//
// # Isolation
//
// Headers that a handler sets are held until it succeeds or sends its first
// message. Those of a failed RPC move to its trailers, so that the response stays
// Trailers-Only: with headers in front, grpc-go and others never retry. The price
// is one allocation of at most 192 bytes an RPC; [WithoutIsolation] saves it.
//
// That holds for what the handler and the interceptors further inside set. One that
// stands outside and sets a header, as some do for a request id, puts it in front of
// every error again: let it set a trailer, or register it further inside.
package interceptors
