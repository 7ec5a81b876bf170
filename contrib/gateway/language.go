// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc/metadata"
)

// languages is what the client has in Accept-Language, which may come as several fields
// (RFC 9110 section 5.3).
func languages(r *http.Request) string {
	return strings.Join(r.Header.Values("Accept-Language"), ",")
}

// acceptLanguage tells the service. What gRPC could not carry is left out: it would fail
// the whole call.
func acceptLanguage(_ context.Context, r *http.Request) metadata.MD {
	l := languages(r)
	if l == "" || strings.ContainsFunc(l, func(c rune) bool { return c < ' ' || c > '~' }) {
		return nil
	}
	return metadata.Pairs("accept-language", l)
}

// isLocale tells whether a text can be a language tag (RFC 5646 section 2.1): a service
// may write anything into a LocalizedMessage.
func isLocale(s string) bool {
	return s != "" && len(s) <= 35 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}
