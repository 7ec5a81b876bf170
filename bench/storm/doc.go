// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package storm puts boxgrpc and the usual retry libraries, one after the other, before
// an upstream that says 429, in virtual time, and measures what becomes of the calls.
// README.md tells how; TestTable prints the tables.
package storm
