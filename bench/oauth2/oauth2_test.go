// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package oauth2 runs boxhttp where it belongs: under the transport of
// golang.org/x/oauth2, on which the core does not depend.
package oauth2_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

func client(box *boxtest.Server, ctl *retry.Controller) *http.Client {
	tokens := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "secret"})
	return &http.Client{Transport: &oauth2.Transport{
		Source: tokens,
		Base:   boxhttp.NewTransport(ctl, box.Client().Transport),
	}}
}

// Most services sign their requests with oauth2. Under it a 429 has to be waited out, and
// the gate has to know whose limit it was: the next request waits, too.
func TestA429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := boxtest.NewInMemory()
		defer box.Close()
		box.Script("POST /folders", boxtest.Error(429, "rate_limit_exceeded", "slow down").With("Retry-After", "2"))
		c := client(box, retry.New(retry.WithMaxWait(time.Minute)))
		resp, err := c.Post(box.URL+"/folders", "application/json", strings.NewReader(`{"name":"a","parent":{"id":"0"}}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		requests := box.Requests()
		if resp.StatusCode != http.StatusCreated || len(requests) != 2 {
			t.Fatalf("status %d after %d requests, want 201 after 2", resp.StatusCode, len(requests))
		}
		if wait := requests[1].Time.Sub(requests[0].Time); wait < 2*time.Second || requests[1].Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("sent again after %v with %q, want 2 s and the token", wait, requests[1].Header.Get("Authorization"))
		}
	})
}

// oauth2 puts the token into every request, those that follow a redirect to a store of
// somebody else's among them. That host must not get it.
func TestARedirectElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := boxtest.NewInMemory()
		defer box.Close()
		id := box.AddFile("0", "a", []byte("dig here"))
		box.Script("GET /files/{id}/content", boxtest.Fault{Status: 302}.With("Location", "http://store.test/blob"))
		resp, err := client(box, retry.New()).Get(box.URL + "/files/" + id + "/content")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		requests := box.Requests() // in memory, every host is this one
		if len(requests) != 2 || requests[0].Header.Get("Authorization") == "" || requests[1].Header.Get("Authorization") != "" {
			t.Errorf("%d requests, want one with the token and one without: %+v", len(requests), requests)
		}
	})
}
