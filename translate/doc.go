// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package translate turns an upstream's HTTP answer into a Go error that is a
// gRPC status: the right code, google.rpc details, the right wait, and nothing
// that should not leave the service.
//
// A [Translator] knows one upstream: [Box], [Hitachi] storage, [Informatica] Cloud
// Application Integration, or [HTTP] for any other. A handler translates where it
// sees the failure, and may wrap the result as usual:
//
//	resp, err := client.Do(req)
//	if err != nil {
//		return nil, translate.Box.TransportError(req, err)
//	}
//	defer resp.Body.Close()
//	if err := translate.Box.CheckResponse(resp); err != nil {
//		return nil, fmt.Errorf("get file %s: %w", id, err)
//	}
//
// Callers in any language read the result with the status API of their gRPC
// library. Callers in Go may use [FromError], which gives the same [Error] on
// both sides of the wire.
//
// # How an answer is classified
//
// The first match wins:
//
//  1. the upstream's error code, such as Box's item_name_in_use, under a status
//     that it is documented for
//  2. the upstream's own reading of the HTTP status
//  3. the HTTP status (RFC 9110 and the IANA registry)
//  4. the x00 of its class (RFC 9110 section 15)
//
// The rules are options on the enum values of the schema (BoxCode, HttpStatus and
// so on), so every language reads the same catalogue, and a new code is one
// value there and no line here. Message text never decides.
//
// # What callers get
//
// ErrorInfo is always there. RetryInfo is there exactly if the request may be
// sent again; the server interceptor then judges the RPC as a whole. Other
// details come where the upstream gives the facts: RequestInfo, BadRequest,
// PreconditionFailure, QuotaFailure, ResourceInfo, Help, a LocalizedMessage
// ([Error.WithLanguage]), and last the document itself (BoxError). Each type comes at most once, and everything together stays
// within 4096 bytes of header, see [WithMaxHeaderBytes].
//
// ErrorInfo.metadata has keys from a closed list: httpStatus, outcome (see
// boxgrpc.v1.Outcome), cause, headerRequestId, retryAfter (a wait that is known
// but must not be obeyed, as in "30s"), truncated; from Hitachi messageId, ssb,
// detailCode; from Informatica innerStatus.
//
// Wrap texts and response headers never reach a caller. Out of the upstream's texts
// and documents go queries of addresses, stack traces, and tokens, passwords and
// cookies where they stand as such. What else must not leave the service, it says with
// [WithRedaction].
package translate
