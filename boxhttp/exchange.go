// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// An exchange is one request, its attempts, and what came of them.
type exchange struct {
	*transport

	req       *http.Request
	sent      bool // the request's own body went with the first attempt
	refreshed bool
	watch     *watchdog      // of the last attempt
	resp      *http.Response // of it, to be drained before the next
	err       error          // or the network's
}

func (x *exchange) operation() retry.Operation {
	return retry.Operation{
		Name: x.req.Method, Group: x.group(x.req), Safety: x.safety(),
		Key: func() string { return principal(x.req) },
	}
}

// safety: of a plain request the answer tells whether it may be repeated. With If-Match
// a repeat does nothing twice. A login changes nothing that an RPC would do twice; that
// it is sent only once is the controller's business.
func (x *exchange) safety() retry.Safety {
	if login(x.req) {
		return retry.ReadOnly
	}
	switch x.req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return retry.ReadOnly
	}
	if x.req.Header.Get("If-Match") != "" {
		return retry.Idempotent
	}
	return retry.SingleUpstreamCall
}

// controller: a body that cannot be had again goes once, and so does a login, whose
// assertion may be good for once.
func (x *exchange) controller() *retry.Controller {
	if x.rewinds() && !login(x.req) {
		return x.ctl
	}
	return x.once
}

// attempt sends the request once, and once more after a refresh.
func (x *exchange) attempt(ctx context.Context) (*http.Response, error) {
	resp, err := x.send(ctx)
	if x.refreshes() && x.renew() {
		return x.send(ctx)
	}
	return resp, err
}

func (x *exchange) refreshes() bool {
	return x.refresh != nil && !x.refreshed && x.resp != nil && x.resp.StatusCode == http.StatusUnauthorized &&
		x.rewinds() && !login(x.req) && x.req.Header.Get("Authorization") != ""
}

// renew gets another token. The request that may take is not one of this attempt, so its
// context is the caller's. Where it fails, the 401 says it all.
func (x *exchange) renew() bool {
	x.refreshed = true
	fresh := x.req.Clone(x.req.Context())
	if x.refresh(fresh) != nil {
		return false
	}
	x.req = fresh
	return true
}

// send is one trip to the network and back. The answer is returned beside the error
// that it means.
func (x *exchange) send(ctx context.Context) (*http.Response, error) {
	body, err := x.body()
	if err != nil {
		return x.resp, err // no attempt: what the last one brought stays
	}
	x.discard()
	x.watch = watch(ctx, x.timeout)
	resp, err := x.base.RoundTrip(x.watch.over(x.req, body))
	if err != nil {
		x.err = x.watch.failed(err)
		return nil, x.translator.TransportError(x.req, x.err)
	}
	x.resp = resp
	resp.Request = x.req // whose context outlives the attempt
	resp.Body = x.watch.until(resp.Body)
	defer x.watch.callOff() // a body that explains an error can hang, too
	return resp, x.translator.Inspect(resp)
}

// body is the request's own the first time, and a fresh one after.
func (x *exchange) body() (io.ReadCloser, error) {
	if x.req.Body == nil || x.req.Body == http.NoBody || !x.sent {
		x.sent = true
		return x.req.Body, nil
	}
	return x.req.GetBody()
}

func (x *exchange) rewinds() bool {
	return x.req.Body == nil || x.req.Body == http.NoBody || x.req.GetBody != nil
}

// closeRequest keeps the promise of a RoundTripper where no attempt was made.
func (x *exchange) closeRequest() {
	if !x.sent && x.req.Body != nil {
		_ = x.req.Body.Close()
	}
}

// An answer that nobody gets is read so far and so long, for its connection can be used
// again then. A new one costs about as much.
const (
	maxDrain     = 256 << 10
	maxDrainTime = 100 * time.Millisecond
)

func (x *exchange) discard() {
	if x.resp == nil {
		return
	}
	cancel := x.watch.cancel
	late := time.AfterFunc(maxDrainTime, func() { cancel(errStalled) })
	defer late.Stop()
	_, _ = io.CopyN(io.Discard, x.resp.Body, maxDrain)
	_ = x.resp.Body.Close()
	x.resp = nil
}
