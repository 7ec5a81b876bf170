// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/translate"
)

// variants is how many answers there are of a kind. What never changes is sent as one
// byte by HPACK, and kept in the caches of processor and libraries: it would flatter
// every figure. A power of two.
const variants = 4096

// conflicts are Box's answers to an upload whose name is in use.
func conflicts() []translate.Answer {
	return answers(http.StatusConflict, func(i int) string {
		return fmt.Sprintf(conflictBody, digits(i), digits(i+1), hash(i), i%1000, i%10, hash(i), i, id(i, 33))
	})
}

// rateLimits are Box's answers to a caller that was too fast, with a wait of two seconds.
func rateLimits() []translate.Answer {
	return answers(http.StatusTooManyRequests, func(i int) string { return fmt.Sprintf(rateLimitBody, id(i, 12)) })
}

// notFounds are Box's answers about an item that is not there.
func notFounds() []translate.Answer {
	return answers(http.StatusNotFound, func(i int) string {
		return fmt.Sprintf(notFoundBody, digits(i), digits(i), id(i, 16))
	})
}

// asServed is the answers with their slashes escaped and the older address in help_url, as
// Box's servers spell them. The study and its goals have them as the documentation does.
func asServed(all []translate.Answer) []translate.Answer {
	served := strings.NewReplacer(helpURL, `http:\/\/developers.box.com\/docs\/#errors`, "/", `\/`)
	for i := range all {
		all[i].Body = []byte(served.Replace(string(all[i].Body)))
	}
	return all
}

// The members are those that Box documents (developer.box.com, "Client errors"), with
// the lengths that they have in practice.
const (
	helpURL = "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/"

	conflictBody = `{"type":"error","status":409,"code":"item_name_in_use",` +
		`"context_info":{"conflicts":[{"type":"file","id":"%s","file_version":{"type":"file_version","id":"%s","sha1":"%s"},` +
		`"sequence_id":"%d","etag":"%d","sha1":"%s","name":"Contract %04d.pdf"}]},` +
		`"help_url":"` + helpURL + `","message":"Item with the same name already exists","request_id":"%s"}`
	rateLimitBody = `{"type":"error","status":429,"code":"rate_limit_exceeded","help_url":"` + helpURL + `",` +
		`"message":"Request rate limit exceeded, please try again later","request_id":"%s"}`
	notFoundBody = `{"type":"error","status":404,"code":"not_found",` +
		`"context_info":{"errors":[{"reason":"invalid_parameter","name":"item","message":"Invalid value 'd_%s'. 'item' with value 'd_%s' not found"}]},` +
		`"help_url":"` + helpURL + `","message":"Not Found","request_id":"%s"}`
)

func answers(code int, body func(int) string) []translate.Answer {
	all := make([]translate.Answer, variants)
	for i := range all {
		h := http.Header{"Content-Type": {"application/json"}, "Box-Request-Id": {id(i+variants, 33)}}
		if code == http.StatusTooManyRequests {
			h.Set("Retry-After", "2")
		}
		all[i] = translate.Answer{Method: http.MethodPost, Status: code, Header: h, Body: []byte(body(i))}
	}
	return all
}

// scatter makes neighbours differ in all their digits (Knuth's multiplicative hash).
func scatter(i int) uint64 { return uint64(i+1) * 0x9E3779B97F4A7C15 }

func digits(i int) string { return fmt.Sprintf("%020d", scatter(i))[8:] }
func id(i, n int) string  { return strings.Repeat(fmt.Sprintf("%016x", scatter(i)), 3)[:n] }
func hash(i int) string   { return strings.Repeat(fmt.Sprintf("%016x", scatter(i)), 3)[:40] }

// bodyOnly is the answers without the request id in their headers, which is not the one
// in their bodies.
func bodyOnly(all []translate.Answer) []translate.Answer {
	for _, a := range all {
		a.Header.Del("Box-Request-Id")
	}
	return all
}

// turns returns its arguments one after the other, over and over.
func turns[T any](all []T) func() T {
	i := -1
	return func() T {
		if i++; i == len(all) {
			i = 0
		}
		return all[i]
	}
}

// statuses are the answers, translated.
func statuses(all []translate.Answer) []*status.Status {
	out := make([]*status.Status, len(all))
	for i, a := range all {
		out[i] = status.Convert(translate.Box.Translate(a))
	}
	return out
}
