// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"fmt"
	"net/http"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// transport is what all requests share.
type transport struct {
	ctl        *retry.Controller
	once       *retry.Controller // for what cannot be sent twice
	base       http.RoundTripper
	translator *translate.Translator
	timeout    time.Duration
	group      func(*http.Request) string
	refresh    func(*http.Request) error
}

// NewTransport returns a transport over base; nil means [http.DefaultTransport]. It is
// safe for concurrent use. It panics if ctl is nil.
func NewTransport(ctl *retry.Controller, base http.RoundTripper, opts ...Option) http.RoundTripper {
	if ctl == nil {
		panic("boxhttp: the *retry.Controller is nil; give retry.New()")
	}
	if base == nil {
		base = http.DefaultTransport
	}
	t := &transport{
		ctl: ctl, once: ctl.With(retry.WithMaxAttempts(1)), base: base,
		translator: translate.Box, timeout: defaultTimeout, group: BoxGroup,
	}
	for i, o := range opts {
		if o == nil {
			panic(fmt.Sprintf("boxhttp: NewTransport: option %d is nil", i))
		}
		o.apply(t)
	}
	return t
}

// RoundTrip returns the upstream's last answer, or the network's last error.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{transport: t, req: withoutToken(req)}
	defer x.closeRequest()
	resp, err := retry.Do(req.Context(), x.controller(), x.operation(), x.attempt, nil)
	switch {
	case resp != nil:
		return resp, nil
	case x.err != nil:
		return nil, x.err
	}
	return nil, err
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}
