// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"

	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// An Option changes one translator, see [New] and [Translator.With]. There are no
// global settings.
type Option interface{ apply(*Translator) }

type option func(*Translator)

func (o option) apply(t *Translator) { o(t) }

func (t *Translator) clone() *Translator {
	c := *t
	c.codes = maps.Clone(t.codes)
	c.statuses = maps.Clone(t.statuses)
	return &c
}

// WithRule adds a rule for an error code, or replaces the one that is there. With
// an empty code it sets the upstream's reading of each status in http_status. It
// panics if the rule makes no sense.
func WithRule(code string, rule *boxgrpcv1.Rule) Option {
	rule = proto.CloneOf(rule)
	err := checkRule(rule, rule.GetHttpStatus())
	if rule == nil {
		err = errors.New("the rule is nil")
	}
	if err == nil && code == "" && len(rule.GetHttpStatus()) == 0 {
		err = errors.New("a rule without a code needs http_status")
	}
	if err == nil && code == "" && rule.GetGrpcCode() == boxgrpcv1.GrpcCode_GRPC_CODE_UNSPECIFIED {
		err = errors.New("a rule for a status needs grpc_code")
	}
	if err != nil {
		panic(fmt.Sprintf("translate: WithRule(%q): %v", code, err))
	}
	return option(func(t *Translator) {
		if code != "" {
			t.codes[code] = rule
			return
		}
		for _, s := range rule.GetHttpStatus() {
			t.statuses[s] = rule
		}
	})
}

// WithDomain sets the ErrorInfo domain. It panics if the domain is empty, longer
// than 128 bytes, or not printable ASCII without spaces.
func WithDomain(domain string) Option {
	mustDomain(domain)
	return option(func(t *Translator) { t.upstream.Domain = domain })
}

// WithServiceCredentials says that the service talks to the upstream with its own
// credentials. A caller can do nothing about their failure and shall learn
// nothing of them, so [Error.ForCaller] turns UNAUTHENTICATED into INTERNAL. By
// default the credentials are the caller's, and UNAUTHENTICATED is the caller's
// to mend.
func WithServiceCredentials() Option {
	return option(func(t *Translator) { t.serviceOwned = true })
}

// WithRawBody adds Box's body to the status byte for byte, where it fits and has
// no member that must not leave the service. By default the status holds what the
// JSON value says, each fact once.
func WithRawBody() Option {
	return option(func(t *Translator) { t.rawBody = true })
}

// WithRedaction hands every name, id and free text of an upstream to the service
// before anything is serialized, and sends what f returns instead. kind is "name"
// (of a file, folder or person), "id" (of an item), or "text"; the texts are those of
// messages, details and documents. Reasons, error codes and request ids are not
// handed over: callers and support depend on them. f must be safe for concurrent use,
// and say the same whenever it is asked the same; if it panics, the text is left out.
// By default only what is secret by itself is taken out: tokens, passwords, queries of
// URLs. It panics if f is nil.
func WithRedaction(f func(kind, text string) string) Option {
	if f == nil {
		panic("translate: WithRedaction: the function is nil")
	}
	return option(func(t *Translator) { t.scrubber.redact = f })
}

// WithMaxHeaderBytes bounds all header fields that boxgrpc writes for one error
// together, counted as HTTP/2 does (RFC 9113 section 6.5.2: name, value and 32
// each, base64 and percent-encoding included). Default 4096, which every gRPC
// stack takes; many refuse more than 8192 and then lose the code. What does not
// fit is cut, the least useful first, and the metadata says truncated=true. It
// panics outside 2048–65536.
func WithMaxHeaderBytes(n int) Option {
	if n < 2048 || n > 64<<10 {
		panic(fmt.Sprintf("translate: WithMaxHeaderBytes(%d): give a number from 2048 to 65536", n))
	}
	return option(func(t *Translator) { t.maxHeaderBytes = n })
}

const defaultMaxHeaderBytes = 4096

// RequireContent makes 202 with Retry-After an error, UNAVAILABLE with that wait:
// the content is not ready. [Box] does so by itself; for other upstreams 202 means
// that the request was accepted.
func RequireContent() Option {
	return WithRule("", &boxgrpcv1.Rule{
		HttpStatus: []int32{http.StatusAccepted},
		GrpcCode:   boxgrpcv1.GrpcCode_GRPC_CODE_OK,
		Retry:      boxgrpcv1.Retry_RETRY_NEVER,
		WithRetryAfter: &boxgrpcv1.RetryAfterRule{
			GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_UNAVAILABLE,
			Retry:    boxgrpcv1.Retry_RETRY_IF_IDEMPOTENT,
		},
	})
}

func mustDomain(domain string) {
	legal := domain != "" && len(domain) <= 128
	for i := range len(domain) {
		legal = legal && domain[i] > ' ' && domain[i] < 0x7f
	}
	if !legal {
		panic(fmt.Sprintf("translate: domain %.40q: give 1 to 128 bytes of printable ASCII without spaces, such as %q", domain, "api.example.com"))
	}
}
