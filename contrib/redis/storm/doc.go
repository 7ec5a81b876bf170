// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package storm puts eight replicas of a service, each a process of its own, before one
// upstream that says 429, in real time: with one gate in Redis, with a gate each, and with
// somebody else's retry. The README of this module shows the table.
package storm
