// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

// Media types that an error can be written in, besides that of the mux's marshaler.
const (
	// MediaTypeJSON is Box's document, or google.rpc.Status where there is none.
	MediaTypeJSON = "application/json"
	// MediaTypeProblem is a problem of RFC 9457.
	MediaTypeProblem = "application/problem+json"
	// MediaTypeStatus is google.rpc.Status, also where there is a document of Box.
	MediaTypeStatus = "application/vnd.boxgrpc.status+json"
)

// An Option changes how errors are answered.
type Option interface{ apply(h *handler) }

type optionFunc func(*handler)

func (f optionFunc) apply(h *handler) { f(h) }

// WithUpstreamStatus answers with the HTTP status that the upstream answered, where it
// did and where HTTP clients may see it; by default the code alone decides, as in
// grpc-gateway. Of the statuses of 4xx and 5xx these stay in the service, because clients
// act on them by themselves and they speak of the connection between the service and the
// upstream: 407, 408, 417, 421, 425, 426, 511, and 401 where it was not the caller's
// credentials that failed.
func WithUpstreamStatus() Option {
	return optionFunc(func(h *handler) { h.upstreamStatus = true })
}

// WithDefault sets the media type for clients that accept anything, or say nothing: one
// of the constants of this package. By default it is the type that the mux answers
// successes in. It panics on any other type.
func WithDefault(mediaType string) Option {
	switch mediaType {
	case MediaTypeJSON, MediaTypeProblem, MediaTypeStatus:
		return optionFunc(func(h *handler) { h.fallback = mediaType })
	}
	panic(fmt.Sprintf("gateway: WithDefault: %q is none of %s, %s, %s", mediaType, MediaTypeJSON, MediaTypeProblem, MediaTypeStatus))
}

// Errors is all that a mux needs: an error handler for calls and one for streams, and
// what hands Accept-Language to the service. It replaces both handlers of the mux; other
// options stay.
func Errors(opts ...Option) runtime.ServeMuxOption {
	h := newHandler(opts)
	return func(mux *runtime.ServeMux) {
		for _, option := range []runtime.ServeMuxOption{
			runtime.WithErrorHandler(h.answer),
			runtime.WithMetadata(acceptLanguage),
			runtime.WithMiddlewares(watch),
			runtime.WithStreamErrorHandler(h.streamError(mux)),
		} {
			option(mux)
		}
	}
}

// ErrorHandler is only the error handler for calls, for a mux that needs the rest
// otherwise: runtime.WithErrorHandler(gateway.ErrorHandler()).
func ErrorHandler(opts ...Option) runtime.ErrorHandlerFunc {
	return newHandler(opts).answer
}

// A handler answers errors. It never changes.
type handler struct {
	upstreamStatus bool
	fallback       string // media type; empty: that of the mux
}

func newHandler(opts []Option) *handler {
	h := &handler{}
	for _, opt := range opts {
		if opt == nil {
			panic("gateway: an option is nil; leave it out")
		}
		opt.apply(h)
	}
	return h
}

// answer is a [runtime.ErrorHandlerFunc].
func (h *handler) answer(ctx context.Context, _ *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	f := h.look(ctx, err, r)
	native := nativeOf(m, f)
	mediaType := negotiate(r.Header.Values("Accept"), native, h.fallback)
	contentType, body := f.write(mediaType, native, m)

	header := w.Header()
	for _, stale := range []string{"Trailer", "Transfer-Encoding", "Content-Length", "Content-Language", "Retry-After"} {
		header.Del(stale) // of the success that it was to be
	}
	header.Add("Vary", "Accept, Accept-Language")
	header.Set("Content-Type", contentType)
	header.Set("X-Content-Type-Options", "nosniff") // an upstream's text may look like HTML
	if isLocale(f.locale) {
		header.Set("Content-Language", f.locale)
	}
	if f.repeatable {
		header.Set("Retry-After", strconv.FormatInt(f.retryAfter, 10))
	}
	w.WriteHeader(f.httpStatus)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // whoever is gone need not be told
	}
}
