// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"fmt"
	"net/http"
	"time"

	"github.com/boxgrpc/boxgrpc/translate"
)

// An Option changes one transport.
type Option interface{ apply(*transport) }

type option func(*transport)

func (o option) apply(t *transport) { o(t) }

const defaultTimeout = 30 * time.Second

// WithAttemptTimeout sets how long one attempt waits for the upstream until the headers
// of its answer are there: no connection comes about, nothing more of the request's body
// is taken, and no answer comes. Then the attempt has failed as a lost connection does.
// It does not bound how long a body takes, up or down, but that of an answer that is
// read here, a failure's, must not pause for longer. The default is 30 s; 0 means no
// limit. It panics if d is negative.
func WithAttemptTimeout(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("boxhttp: WithAttemptTimeout(%v): give 0 or more", d))
	}
	return option(func(t *transport) { t.timeout = d })
}

// WithTranslator sets who reads the answers; by default [translate.Box]. It panics if
// t is nil.
func WithTranslator(t *translate.Translator) Option {
	if t == nil {
		panic("boxhttp: WithTranslator: the *translate.Translator is nil")
	}
	return option(func(tr *transport) { tr.translator = t })
}

// WithGroup sets which of the upstream's limits a request counts against; by default
// [BoxGroup]. group must return one of a few names. It panics if group is nil.
func WithGroup(group func(*http.Request) string) Option {
	if group == nil {
		panic("boxhttp: WithGroup: the function is nil")
	}
	return option(func(t *transport) { t.group = group })
}

// WithRefresh sets what is done about a 401: refresh gets a copy of the request and
// puts a new token in it, as a rule into its Authorization header. Then it is sent
// once more. That happens once for a request, never for one that had no
// Authorization header, and never for a login, so that no assertion is used twice. If
// refresh fails, the 401 is the answer. By default nothing is done. It panics if refresh
// is nil.
//
// refresh is called concurrently; requests that met their 401 together should share
// one refresh.
func WithRefresh(refresh func(*http.Request) error) Option {
	if refresh == nil {
		panic("boxhttp: WithRefresh: the function is nil")
	}
	return option(func(t *transport) { t.refresh = refresh })
}
