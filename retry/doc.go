// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package retry decides what is sent again, when, how often and by whom: once for
// every layer.
//
// A [Controller] is shared by the interceptors and transports of a service. [Do]
// repeats any operation by it:
//
//	file, err := retry.Do(ctx, ctl, retry.Operation{Name: "get file", Safety: retry.ReadOnly},
//		func(ctx context.Context) (*File, error) { return sdk.GetFile(ctx, id) }, nil)
//
// # What is sent again
//
// Only what is proven to be an upstream's error: one of package translate. And only
// where it does no harm: the operation is safe to repeat ([ReadOnly], [Idempotent]), or
// the answer proves that nothing was done, or a reconcile function looks first.
// Unknown means not safe.
//
// A wait that the upstream named is never shortened. One that is longer than 10 s, or
// ends after the deadline, is not begun: the caller gets the upstream's error at
// once, with the wait in it. A wait of our own has full jitter; to one that was named
// jitter is only added.
//
// # Who sends again
//
// One layer on each hop. A [Ledger] in the context tells each what the others did:
// the transport below a handler notes its requests, the interceptors above it read
// that, do not spend the same attempts again, and know whether a repeat of the whole
// RPC could write something twice. [Controller.Advise] says what the next hop is told.
//
// # How much
//
// 3 attempts in all. A budget stops all repeating while too much fails (gRFC A6). A
// [Gate] holds back the requests of a principal that was answered 429, and lets them
// go one by one.
package retry
