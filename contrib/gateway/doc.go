// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway lets HTTP clients behind a grpc-gateway see what callers by gRPC see
// of an upstream's errors: the wait, the text in their language, the upstream's own
// document.
//
//	mux := runtime.NewServeMux(gateway.Errors())
//
// # What clients get
//
// The status is grpc-gateway's for the code, or the upstream's own with
// [WithUpstreamStatus]. Retry-After is there exactly if the error has RetryInfo: its
// delay in whole seconds, rounded up. The body is what the client accepts (RFC 9110
// section 12.5.1):
//
//	application/problem+json             a problem of RFC 9457
//	application/vnd.boxgrpc.status+json  google.rpc.Status
//	application/json                     Box's own document, where Box answered one;
//	                                     else google.rpc.Status
//	that of another marshaler            google.rpc.Status, written by that marshaler
//
// Types with the same q are taken in this order: who names another one beside
// application/json means it for errors. Who accepts anything, or says nothing, gets the
// type that successes have, or that of [WithDefault]. So does who accepts none of these:
// an error in another form is worth more than a 406.
//
// A problem has about:blank as its type and the words of the status as its title, so what
// went wrong stands in members of its own: code (of gRPC), domain, reason, outcome,
// requestId, retryAfter (seconds), help, and errors, the fields at fault. They are those
// of google.rpc details, whoever attached them.
//
// # Languages
//
// [Errors] hands Accept-Language to the service, as accept-language in the metadata;
// grpc-gateway alone would rename it. Where the service does not speak, the gateway adds
// the text of package translate itself. It stands in a problem's detail, in the
// LocalizedMessage of google.rpc.Status, and in Box's document in a member
// localized_message, which is not there for clients without Accept-Language: theirs is
// the document that Box sent.
//
// # Streams
//
// [Errors] answers a server stream that fails before its first message as any other
// call. Later the status is sent already, so the client finds {"error": …} with
// google.rpc.Status behind the last message.
//
// # What does not pass
//
// Metadata of the service is not forwarded with an error: neither headers nor trailers,
// such as grpc-retry-pushback-ms, which is for gRPC libraries. Nor is there a
// WWW-Authenticate: grpc-gateway would make one from the error's message. One that was
// set on the http.ResponseWriter before, by a handler in front of the mux, stays.
// Details of a type that is not linked into the gateway are left out of google.rpc.Status;
// they are no reason for a 500.
package gateway
