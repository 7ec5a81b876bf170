// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package boxhttp sends one request to Box, or to another upstream, as often as is
// safe and useful: an [http.RoundTripper] for the client that handlers use.
//
//	ctl := retry.New() // the same as for the interceptors
//	box := &http.Client{Transport: boxhttp.NewTransport(ctl, nil)}
//
// One request is the best thing to repeat. Here its method, If-Match and body are
// known, and nothing that a handler did before is done again.
//
// # What is sent again
//
//   - what proves that nothing was done: 429, 409 operation_blocked_temporary, a
//     connection that did not come about: any request
//   - 500, 502, 503, 504 and a lost connection: GET, HEAD, OPTIONS, PUT, DELETE, and any
//     request with If-Match
//   - 202 with Retry-After: what is not ready yet, until it is
//   - 401: once, with what [WithRefresh] got
//
// but never a login, which is a request to /oauth2/token: its assertion may be good for
// once. And only while attempts, deadline, budget and gate of the controller allow, and
// where the body can be sent again: http.NewRequest sees to that for bytes and strings.
//
// The answer that the caller of [http.Client] gets is the upstream's own, the last one,
// with its whole body. Where the gate let no request through there is none, but an
// error: TransportError of package translate finds RESOURCE_EXHAUSTED in it, reason
// COOLDOWN.
//
// # Its place
//
// It belongs under golang.org/x/oauth2's transport, next to the network: there it
// sees whose limit a request counts against. Tokens that rotate make a new principal of
// the same user; [retry.WithKey] names it once and for all. An SDK's own retries are
// to be turned off.
//
// Each request is noted in the ledger of its context, if that is the context of a
// handler under the server interceptors: they do not spend the same attempts again,
// and tell callers exactly whether the RPC may be repeated.
//
// # What became of a write
//
// After a 503 or a lost connection nobody knows whether a POST was carried out. It is not
// sent again here. [CreatedFolder] and its kin make the reconcile function by which
// [retry.Do] finds out; T is what the service reads the item's JSON into.
//
// An item counts as ours by three things: it is what was asked for, the user that the
// client acts for has made it, and it was made while an attempt was under way whose
// end is unknown ([retry.Window]), give or take two seconds: Box tells the time in
// seconds, and its clock is not ours. So a second writer is told apart if it acts for
// another user, or outside that time. Who creates the same name for the same user while
// our attempt is under way, which can be its whole timeout, is taken for us. And what Box
// carries out only after the look, as it may, nobody finds: of folders, files and collaborations it then refuses the second one,
// of comments there are two.
package boxhttp
