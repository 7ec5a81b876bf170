// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package interceptors puts an upstream's errors on the wire, and sends again what may
// be sent again: for gRPC servers whose handlers return errors of package translate, and
// for their callers.
//
//	ctl := retry.New()
//	srv := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)),
//		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl)))
//
//	conn, err := grpc.NewClient(target, append(interceptors.DialOptions(), creds)...)
//
// Register them last, nearest to the handler, after recovery, logging and
// authentication of go-grpc-middleware, in this order: those then see the error as
// callers get it, and what the handler returned in errors.Unwrap. The line that logging
// writes gets the fields boxgrpc.code, boxgrpc.reason, boxgrpc.request_id,
// boxgrpc.attempts and boxgrpc.outcome.
//
// # What is run again
//
// A handler is run again, 3 times in all, by this table: boxhttp is what the transport
// below the handler does with one request, declared are handlers of methods with an
// idempotency_level (or [WithSafety]), other are those of any other method.
//
//	the upstream answers                                          boxhttp  declared  other
//	429                                                           yes      yes       no
//	409 operation_blocked_temporary                               yes      yes       no
//	a refused connection                                          yes      yes       no
//	500, 502, 503, 504, a lost connection, on GET, PUT or DELETE  yes      yes       no
//	the same on POST                                              no       yes       no
//	the same on POST with If-Match                                yes      yes       no
//	202 with Retry-After                                          yes      yes       no
//	409 item_name_in_use, 400, 404                                no       no        no
//	401                                                           no       no        no
//	403 storage_limit_exceeded, 507                               no       no        no
//
// Besides, the error must be the upstream's, nothing may have been sent to the caller,
// the caller must not be retrying by itself, no layer below may have made all the
// attempts, and deadline and budget must allow it. Of methods that are declared
// [retry.Conditional] or [retry.SingleUpstreamCall] no write may have been made. A panic is
// never a reason.
//
// When a handler has failed, nothing is sent any more through boxhttp or [retry.Do] for
// what it left behind in goroutines, unless their context is not derived from its own.
//
// Each run has a context of its own, and what it sets in headers and trailers is sent
// only if it is the last. The request is the same one in each: do not modify it. A
// server stream is run again before its first message and its headers; other streams
// only before they have received anything.
//
// # What callers are told
//
// The interceptors find the upstream's error in what a handler returns, wrapped or
// joined, and send exactly its status: no wrap text leaves the service. They add a
// LocalizedMessage where the caller's metadata has accept-language with English or
// Japanese in it.
//
// RetryInfo stays only if the same RPC may be sent again: the method is declared safe to
// repeat, or every upstream request of this run went through boxhttp or [retry.Do], with
// the handler's context, and none of them changed anything. Otherwise it is removed. A
// request under another context, such as context.Background, is not seen: declare the
// method as [retry.NotIdempotent] where there are such writes.
//
// Exactly one grpc-retry-pushback-ms trailer (gRFC A6) tells the caller's gRPC library
// what to do next: the wait in milliseconds where the RPC may be sent again and
// nothing was sent again here; -1 where the deadline comes sooner, where anything was
// sent again here or the budget is used up, or where a retry does harm or is in vain and
// the code is one that clients tend to retry (UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, DEADLINE_EXCEEDED,
// INTERNAL, UNKNOWN).
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
//
// # Callers
//
// [DialOptions] is for callers in Go. Where grpc-go's own retry ends, because headers
// were sent or a proxy stands between, it goes on. Callers in other languages obey by
// what [ServiceConfig] writes for them. go-grpc-middleware's retry does not hear the
// pushback: behind it, an RPC that fails for good leads to 5 runs instead of 3, and its
// streams repeat messages that were delivered.
package interceptors
