// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// BoxGroup tells which of Box's limits a request counts against: "upload", "search",
// "sign", or "" for the general one.
func BoxGroup(req *http.Request) string {
	path := req.URL.Path
	switch {
	case strings.HasSuffix(path, "/search"):
		return "search"
	case strings.Contains(path, "/sign_requests"):
		return "sign"
	case strings.Contains(path, "/upload_sessions"), strings.HasSuffix(path, "/content") && req.Method == http.MethodPost:
		return "upload"
	}
	return ""
}

// principal is whose limit a request counts against: the host, the token, and on
// whose behalf. It is "" without a token.
func principal(req *http.Request) string {
	token := req.Header.Get("Authorization")
	if token == "" {
		return ""
	}
	return strings.Join([]string{req.URL.Host, token, req.Header.Get("As-User")}, "\n")
}

// login finds requests for a token.
func login(req *http.Request) bool {
	return strings.HasSuffix(req.URL.Path, "/oauth2/token")
}

// withoutToken takes the credentials from a request that a redirect sends elsewhere.
// net/http does so too, but a transport above, such as that of oauth2, puts them
// back.
func withoutToken(req *http.Request) *http.Request {
	first := req
	for range maxRedirects {
		if first.Response == nil || first.Response.Request == nil {
			break
		}
		first = first.Response.Request
	}
	if first == req || sameOrigin(first.URL, req.URL) {
		return req
	}
	stripped := req.Clone(req.Context())
	maps.DeleteFunc(stripped.Header, func(key string, _ []string) bool {
		return slices.Contains(secrets, http.CanonicalHeaderKey(key)) // nobody has to spell a key canonically
	})
	return stripped
}

// secrets are headers that are good for Box alone. BoxApi can hold the password of a
// shared link.
var secrets = []string{"Authorization", "As-User", "Boxapi", "Cookie"}

// maxRedirects bounds the walk back through the redirects of a request.
const maxRedirects = 32

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return defaultPorts[u.Scheme]
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}
