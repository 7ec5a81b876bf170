// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package conformance holds what every language can check itself against: the
// catalogues, and vectors for every upstream, as plain data. README.md says how to
// read them.
package conformance

import _ "embed"

// Catalog is catalog.json: a JSON array of {domain, code, http_status, grpc_code,
// retry}, made from the rules in the schema. An empty code means that the status
// decides; an empty http_status means any. Where a valid Retry-After changes a
// rule, with_retry_after says to what.
//
// It is the review diff of a changed mapping, and the data for languages whose
// generators drop custom options.
//
//go:embed catalog.json
var Catalog string
