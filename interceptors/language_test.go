// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"net/http"
	"testing"

	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/translate"
)

// The person at the caller's screen reads the failure in the language that the
// caller asks for, and pays for no text that nobody asked for.
func TestTheCallersLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation string
		accept    []string
		want      string
	}{
		{"none", nil, ""},
		{"Japanese", []string{"ja-JP, en;q=0.5"}, "ja"},
		{"two values", []string{"fr", "en"}, "en"},
		{"neither", []string{"fr"}, ""},
	}
	for _, tt := range tests {
		for _, method := range []string{readOnly, undeclared, listFolder} {
			t.Run(tt.situation+method, func(t *testing.T) {
				t.Parallel()
				conn := failing(box(http.MethodGet, 404, "not_found")).dial(t)
				ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{"accept-language": tt.accept})
				e, ok := translate.FromError(call(ctx, conn, method).err)
				if !ok {
					t.Fatal("no Error in the caller")
				}
				if locale, text := e.LocalizedMessage(); locale != tt.want || (text == "") != (tt.want == "") {
					t.Errorf("LocalizedMessage = %q %q, want %q", locale, text, tt.want)
				}
			})
		}
	}
}
