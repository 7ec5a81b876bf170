// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// client makes requests to Box. Each of its errors is a gRPC status.
type client struct {
	url, uploadURL string // paths are appended
	translator     *translate.Translator
	http           *http.Client
	look           *boxhttp.Lookup
	ctl            *retry.Controller
}

// newClient sends over base, or the default transport where that is nil. What may be
// sent again is boxhttp's business; what signs the requests stands above it.
func newClient(url, token string, ctl *retry.Controller, base http.RoundTripper) *client {
	signed := &http.Client{Transport: signer{token, boxhttp.NewTransport(ctl, base)}}
	return &client{
		url: url, uploadURL: url,
		translator: translate.Box,
		http:       signed,
		look:       boxhttp.NewLookup(signed, url),
		ctl:        ctl,
	}
}

// signer puts the token into each request, as oauth2.Transport would. Where Box
// redirects to another host, boxhttp takes it out again.
type signer struct {
	token string
	next  http.RoundTripper
}

func (s signer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+s.token)
	return s.next.RoundTrip(req)
}

// send returns Box's answer if it is a success; the body is then to be closed.
func (c *client) send(req *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, translate.Box.TransportError(req, err)
	}
	if err := c.translator.CheckResponse(resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// get asks for something whose body is to be read by and by.
func (c *client) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return nil, translate.Box.TransportError(nil, err)
	}
	return c.send(req)
}

// getJSON reads an answer into a value.
func (c *client) getJSON(ctx context.Context, path string, into any) error {
	resp, err := c.get(ctx, path)
	if err != nil {
		return err
	}
	return decode(resp, into)
}

// postJSON sends a value and reads the answer into another one.
func (c *client) postJSON(ctx context.Context, path string, from, into any) error {
	body, err := json.Marshal(from)
	if err != nil {
		return translate.Box.TransportError(nil, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return translate.Box.TransportError(nil, err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.send(req)
	if err != nil {
		return err
	}
	return decode(resp, into)
}

// remove asks for a deletion, whose answer has no body.
func (c *client) remove(ctx context.Context, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, c.url+path, nil)
	if err != nil {
		return translate.Box.TransportError(nil, err)
	}
	resp, err := c.send(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // it is gone, whatever the body does
	return nil
}

// maxAnswer is far more than the longest page of a list.
const maxAnswer = 16 << 20

// decode reads JSON. TransportError tells an answer that breaks off from one that is
// no JSON.
func decode(resp *http.Response, into any) error {
	defer resp.Body.Close() //nolint:errcheck // all of it that matters was read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	return translate.Box.TransportError(resp.Request, err)
}
