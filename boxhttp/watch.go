// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// A watchdog ends an attempt that makes no progress until it is called off.
type watchdog struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	after  time.Duration

	mu    sync.Mutex // a body can still be read when the answer is there
	timer *time.Timer
	off   bool
}

// watch starts a watchdog; one with after = 0 sleeps. Its context lives until the body
// of the answer is closed.
func watch(ctx context.Context, after time.Duration) *watchdog {
	w := &watchdog{after: after, off: after <= 0}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	if !w.off {
		w.timer = time.AfterFunc(after, func() { w.cancel(errStalled) })
	}
	return w
}

// errStalled is a timeout as net.Error knows it.
var errStalled error = stalled{}

type stalled struct{}

func (stalled) Error() string {
	return "boxhttp: the upstream did not answer in time (WithAttemptTimeout)"
}
func (stalled) Timeout() bool   { return true }
func (stalled) Temporary() bool { return true }

// over is the request as it is sent under the watchdog.
func (w *watchdog) over(req *http.Request, body io.ReadCloser) *http.Request {
	req = req.WithContext(w.ctx)
	req.Body = body
	if body == nil || body == http.NoBody || w.timer == nil || short(req) {
		return req
	}
	req.Body = &followed{body, w}
	if again := req.GetBody; again != nil { // net/http asks for it where a connection turns out to be dead
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			if err != nil {
				return nil, err
			}
			return &followed{body, w}, nil
		}
	}
	return req
}

// short: a body of that length in memory goes in one piece. net/http knows readers in
// memory by their types, and sends such a piece together with the headers.
func short(req *http.Request) bool {
	return req.GetBody != nil && req.ContentLength > 0 && req.ContentLength <= 4<<10
}

// A followed body makes each piece that is taken of it count as progress, and the time
// in which it has nothing to give not count at all.
type followed struct {
	io.ReadCloser

	w *watchdog
}

func (f *followed) Read(p []byte) (int, error) {
	f.w.pause()
	defer f.w.progress()
	return f.ReadCloser.Read(p)
}

func (w *watchdog) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.off {
		w.timer.Stop()
	}
}

func (w *watchdog) progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.off {
		w.timer.Reset(w.after)
	}
}

func (w *watchdog) callOff() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.off {
		w.off = true
		w.timer.Stop()
	}
}

// failed ends the attempt.
func (w *watchdog) failed(err error) error {
	w.callOff()
	defer w.cancel(nil)
	return w.explain(err)
}

// explain returns the watchdog's own error where it was the watchdog. net/http would
// say that the context was cancelled, as if the caller had gone.
func (w *watchdog) explain(err error) error {
	if errors.Is(context.Cause(w.ctx), errStalled) {
		return errStalled
	}
	return err
}

// until ties the context to the body of the answer.
func (w *watchdog) until(body io.ReadCloser) io.ReadCloser {
	if body == nil { // a transport of net/http never does that, others do
		body = http.NoBody
	}
	return &watched{body, w}
}

type watched struct {
	io.ReadCloser

	w *watchdog
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil:
		b.w.progress()
	case !errors.Is(err, io.EOF):
		err = b.w.explain(err)
	}
	return n, err
}

func (b *watched) Close() error {
	defer b.w.cancel(nil)
	return b.ReadCloser.Close()
}
