// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/retry"
)

// pushbackKey is the trailer of gRFC A6. Two values in it mean "stop" to clients.
const pushbackKey = "grpc-retry-pushback-ms"

// A run is one run of a handler: its context with a ledger, and in it the stream on
// which grpc.SetHeader and its kin act. Headers and trailers are held until it is
// known how the run ends. It is one allocation, and never pooled: a handler may keep
// its context.
type run struct {
	retry.Ledger

	ss grpc.ServerStream // nil for unary RPCs

	mu              sync.Mutex
	header, trailer metadata.MD
	open            bool // headers go straight through
	done            bool // trailers too
	failed          bool // headers go nowhere any more
}

// streamKey is grpc's own key for the stream in a context. It has no name outside
// package grpc; asking grpc for a stream shows it. With it a run can be context
// and stream in one allocation instead of two.
var streamKey = func() any {
	var k keyRecorder
	grpc.ServerTransportStreamFromContext(&k)
	return k.key
}()

type keyRecorder struct {
	context.Context
	key any
}

func (k *keyRecorder) Value(key any) any {
	k.key = key
	return nil
}

// Value gives out the run itself as the stream, if the RPC has one.
func (r *run) Value(key any) any {
	v := r.Ledger.Value(key)
	if key == streamKey && v != nil {
		return (*heldStream)(r)
	}
	return v
}

// sink is where headers and trailers end up.
func (r *run) sink() grpc.ServerTransportStream {
	below := grpc.ServerTransportStreamFromContext(r.Context)
	if r.ss != nil {
		return streamSink{r.ss, below}
	}
	return below
}

// openHeaders lets the held headers through, and all that come after them.
func (r *run) openHeaders() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed {
		return errFailed
	}
	r.openLocked()
	return nil
}

// openLocked does not mind where an interceptor outside has sent headers already, and
// these come too late: that is no reason to fail an RPC that has succeeded.
func (r *run) openLocked() {
	header := r.header
	r.open, r.header = true, nil
	if len(header) > 0 {
		_ = r.sink().SetHeader(header)
	}
}

// succeed ends the run with everything that the handler set.
func (r *run) succeed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.openLocked()
	r.closeLocked(r.trailer)
}

// fail ends the RPC with this run. p is the only pushback; of several, clients obey none.
func (r *run) fail(p retry.Pushback) {
	r.mu.Lock()
	defer r.mu.Unlock()
	trailer := r.moved()
	trailer.Delete(pushbackKey)
	r.closeLocked(joined(trailer, pushback(p)))
}

// failForeign is fail for an error that is not an upstream's: the handler's own
// pushback stays.
func (r *run) failForeign() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeLocked(r.moved())
}

// moved is the trailer with the headers that are still held.
func (r *run) moved() metadata.MD {
	if size(r.header) > maxMoved {
		r.openLocked()
	}
	header := r.header
	r.failed, r.header = true, nil
	return joined(header, r.trailer)
}

// joined is metadata.Join where there is something to join.
func joined(a, b metadata.MD) metadata.MD {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	return metadata.Join(a, b)
}

// freeze keeps goroutines that outlive the handler from setting and sending anything.
func (r *run) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

// frozen tells whether the handler has returned with an error.
func (r *run) frozen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// drop ends the run, and another follows: nothing of this one is ever sent.
func (r *run) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed, r.done, r.header, r.trailer = true, true, nil, nil
}

// committed tells whether the caller has got something of this run already.
func (r *run) committed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open
}

// maxMoved bounds the headers that move into the frame of the status. With it, and
// the 4096 bytes of an error, a frame stays below the 8192 that many peers take.
// Larger headers go out in front as grpc-go itself would send them: better no retry
// than no status.
const maxMoved = 2048

// size counts metadata as HTTP/2 does (RFC 9113 section 6.5.2).
func size(md metadata.MD) int {
	n := 0
	for key, values := range md {
		for _, v := range values {
			n += len(key) + len(v) + 32
		}
	}
	return n
}

func (r *run) closeLocked(trailer metadata.MD) {
	r.done, r.trailer = true, nil
	if len(trailer) == 0 {
		return
	}
	if sink := r.sink(); sink != nil { // a handler can be called without a server
		_ = sink.SetTrailer(trailer) // it fails only where the RPC is over anyway
	}
}

// heldStream is a run as handlers see it through grpc.SetHeader and its kin.
type heldStream run

// Method returns the full method of the RPC.
func (h *heldStream) Method() string {
	m, _ := grpc.Method(h.Context)
	return m
}

// errFailed answers a goroutine that outlives its handler. A header that it sets
// would put a frame in front of the failed RPC, a trailer could be a second pushback.
var errFailed = errors.New("interceptors: this run of the handler is over, nothing that it sets is sent any more")

// SetHeader holds md until the run opens.
func (h *heldStream) SetHeader(md metadata.MD) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.failed:
		return errFailed
	case h.open:
		return (*run)(h).sink().SetHeader(md)
	}
	if err := sendable(md); err != nil {
		return err
	}
	h.header = metadata.Join(h.header, md)
	return nil
}

// SendHeader sends what is held, and md, at once.
func (h *heldStream) SendHeader(md metadata.MD) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed {
		return errFailed
	}
	(*run)(h).openLocked()
	return (*run)(h).sink().SendHeader(md)
}

// SetTrailer holds md until the run ends.
func (h *heldStream) SetTrailer(md metadata.MD) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.failed:
		return errFailed
	case h.done:
		return (*run)(h).sink().SetTrailer(md)
	}
	if err := sendable(md); err != nil {
		return err
	}
	h.trailer = metadata.Join(h.trailer, md)
	return nil
}
