// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

// growStack makes the stack of a handler's goroutine as large as a stream needs. The runtime
// starts it at 2 KiB and, where a call no longer fits, copies it to twice the room and adjusts
// every frame. With the first message of a stream grpc-go comes past 4 KiB, deep in its transport
// and with the handler and all interceptors on the stack. Here there is less to adjust: 100
// messages cost about as much with our interceptors as without any (G4 of bench).
//
// Where the stack is large enough already, as that of a stream worker (grpc.NumStreamWorkers)
// is, it does nothing. Unary handlers are called too late for it: grpc-go has read the
// request by then, and the stack has grown.
func growStack() { _ = deep(-1) }

// deep has a large frame, which it looks into for no index that is below 0.
//
//go:noinline
func deep(i int) byte {
	if i < 0 {
		return 0 // and clears nothing
	}
	var frame [3 << 10]byte
	return frame[i]
}
