// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bufio"
	"context"
	"net"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"
)

// grpc-gateway asks for the status of a stream that failed and writes it by itself:
// without Retry-After, and not as the client accepts it. Before the first message the
// whole answer is still ours to give, so a watched writer knows whether it is.

// watched is an [http.ResponseWriter] that knows whether the answer has begun, and that
// can be closed.
type watched struct {
	http.ResponseWriter
	request       *http.Request
	begun, closed bool
}

type watchedKey struct{}

// watch is a [runtime.Middleware].
func watch(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, pathParams map[string]string) {
		seen := &watched{ResponseWriter: w}
		seen.request = r.WithContext(context.WithValue(r.Context(), watchedKey{}, seen))
		next(seen, seen.request, pathParams)
	}
}

// streamError returns a [runtime.StreamErrorHandlerFunc].
func (h *handler) streamError(mux *runtime.ServeMux) runtime.StreamErrorHandlerFunc {
	return func(ctx context.Context, err error) *status.Status {
		w, ok := ctx.Value(watchedKey{}).(*watched)
		if !ok { // of a handler that the mux does not know
			_, st := leave(ctx, err)
			return status.FromProto(known(st, &runtime.JSONPb{}))
		}
		_, m := runtime.MarshalerForRequest(mux, w.request)
		if !w.begun {
			h.answer(ctx, mux, m, w, w.request, err)
			w.closed = true
		}
		return status.FromProto(known(h.look(ctx, err, w.request).status, m))
	}
}

// Header of a closed answer changes nothing.
func (w *watched) Header() http.Header {
	if w.closed {
		return http.Header{}
	}
	return w.ResponseWriter.Header()
}

func (w *watched) WriteHeader(code int) {
	if w.closed {
		return
	}
	w.begun = w.begun || code >= http.StatusOK // 1xx come before an answer
	w.ResponseWriter.WriteHeader(code)
}

// Write to a closed answer says that all is well: there is nobody to do anything about
// it.
func (w *watched) Write(data []byte) (int, error) {
	if w.closed {
		return len(data), nil
	}
	w.begun = true
	return w.ResponseWriter.Write(data)
}

// Flush is for those who look for an [http.Flusher].
func (w *watched) Flush() { _ = w.FlushError() }

// FlushError is for [http.ResponseController], as Unwrap is.
func (w *watched) FlushError() error {
	w.begun = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack is for those who look for an [http.Hijacker], as WebSockets do.
func (w *watched) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
