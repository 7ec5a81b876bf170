// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package boxgrpcotel tells OpenTelemetry what boxgrpc decides: metrics in the manner of
// gRFC A96, and events on the span of the call.
//
//	ctl := retry.New(
//		retry.WithObserver(boxgrpcotel.Observer()),
//		retry.WithGate(boxgrpcotel.Gate(retry.NewGate())))
//
// # Metrics
//
// Package retry tells its observers of failures only, so what succeeds at once costs
// nothing, and is counted by whoever counts RPCs.
//
//	boxgrpc.call.retries      counter, {retry}       attempts that were decided on, the first not counted
//	boxgrpc.call.retry_delay  histogram, s           the wait before each of them
//	boxgrpc.call.failures     counter, {failure}     what was given up, and why
//	boxgrpc.call.attempts     histogram, {attempt}   how often that was tried
//	boxgrpc.call.pushbacks    counter, {pushback}    what servers told this caller to do (gRFC A6)
//	boxgrpc.call.reconciled   counter, {call}        writes that turned out to be applied
//	boxgrpc.gate.wait         histogram, s           how long the gate held requests back that it let go
//	boxgrpc.gate.refused      counter, {request}     requests that were not sent, for the wait was too long
//	boxgrpc.gate.unkeyed      counter, {request}     answers of 429 to requests without a principal
//	boxgrpc.gate.throttled    counter, {request}     answers of 429 that the gate was told of ([Gate])
//	boxgrpc.gate.waiting      updowncounter, {request}  requests that wait at the gate ([Gate])
//	boxgrpc.gate.closed       updowncounter, {gate}  gates that look after any principal ([Gate])
//
// The budget has no instrument of its own: a retry that it forbids is a failure of
// reason "budget".
//
// # Attributes
//
//	boxgrpc.operation  the full method of an RPC, the HTTP method of a request of boxhttp,
//	                   the name that was given to retry.Do
//	boxgrpc.group      the limit group
//	boxgrpc.reason     the retry.Reason: of retries, their delays, failures and attempts
//	grpc.status        the code, as in NOT_FOUND: of failures
//	boxgrpc.outcome    whether anything was changed, as in UNKNOWN: of failures of an upstream
//	boxgrpc.pushback   wait or stop
//
// All of them come from short lists, but operations can be a stranger's choice where a
// server answers unknown methods: the first 256 keep their names, the others share
// _OTHER. An RPC that fails is counted for each layer that decides about it, so sum over
// one kind of operation only. Request ids, principals and addresses are never attributes
// of a metric.
//
// # Span events
//
// Where the context has a span that records, each decision is an event of it:
// boxgrpc.retry, boxgrpc.gave_up, boxgrpc.held, boxgrpc.refused, boxgrpc.unkeyed or
// boxgrpc.reconciled, with the attributes above, boxgrpc.attempt, boxgrpc.delay (s), and
// of an upstream's error boxgrpc.error.reason, boxgrpc.error.domain and
// boxgrpc.request_id. Its text is not there: it may hold what must not leave the service.
package boxgrpcotel
