// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/contrib/gateway"
)

// What an error costs in the gateway, beside grpc-gateway's own handler in the same run.
func BenchmarkError(b *testing.B) {
	mux := runtime.NewServeMux()
	_, m := runtime.MarshalerForRequest(mux, httptest.NewRequest(http.MethodGet, "/", nil))
	st := status.Convert(notFound()).Proto()
	for _, bench := range []struct {
		name   string
		h      runtime.ErrorHandlerFunc
		accept string
	}{
		{"grpc-gateway", runtime.DefaultHTTPErrorHandler, "application/json"},
		{"status", gateway.ErrorHandler(), gateway.MediaTypeStatus},
		{"box", gateway.ErrorHandler(), gateway.MediaTypeJSON},
		{"problem", gateway.ErrorHandler(), gateway.MediaTypeProblem},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/v1/files/7", nil)
			r.Header.Set("Accept", bench.accept)
			b.ReportAllocs()
			for b.Loop() {
				bench.h(r.Context(), mux, m, httptest.NewRecorder(), r, status.FromProto(st).Err())
			}
		})
	}
}

// What [gateway.Errors] costs a call that succeeds: one context, one request, and the
// metadata of a client with a language.
func BenchmarkSuccess(b *testing.B) {
	for _, bench := range []struct {
		name string
		opts []runtime.ServeMuxOption
	}{
		{"grpc-gateway", nil},
		{"boxgrpc", []runtime.ServeMuxOption{gateway.Errors()}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			mux := runtime.NewServeMux(bench.opts...)
			if err := mux.HandlePath(http.MethodGet, "/x", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
				if _, err := runtime.AnnotateContext(r.Context(), mux, r, "/files.v1.FileService/GetFile"); err != nil {
					b.Error(err)
				}
				w.WriteHeader(http.StatusOK)
			}); err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/x", nil)
			r.Header.Set("Accept-Language", "ja")
			b.ReportAllocs()
			for b.Loop() {
				mux.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
