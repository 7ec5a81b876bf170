// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package retry decides what may be sent again, once for every layer.
//
// A [Controller] is shared by all interceptors of a service. So far it decides
// what the caller of a failed RPC is told; nothing is repeated by itself.
package retry
