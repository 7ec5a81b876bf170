// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (b *box) newRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /files/{id}", b.getFile)
	mux.HandleFunc("GET /files/{id}/content", b.download)
	mux.HandleFunc("GET /files/{id}/comments", b.listComments)
	mux.HandleFunc("POST /files/content", b.upload)
	mux.HandleFunc("POST /comments", b.addComment)
	mux.HandleFunc("GET /folders/{id}/items", b.listItems)
	mux.HandleFunc("POST /folders", b.createFolder)
	mux.HandleFunc("DELETE /folders/{id}", b.deleteFolder)
	mux.HandleFunc("GET /search", b.search)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	return mux
}

// ServeHTTP gives the normal answer.
func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Box-Request-Id", newRequestID())
	if !hasToken(r) {
		// Box says why in this header only and leaves the body empty.
		w.Header().Set("WWW-Authenticate",
			`Bearer realm="Service", error="invalid_token", error_description="no bearer token"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.routes.ServeHTTP(w, r)
}

func hasToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(token) != ""
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // into a recorder: nothing to fail
}

func writeNotFound(w http.ResponseWriter) {
	Error(http.StatusNotFound, "not_found", "there is no such item").write(w)
}

// violation is an entry of context_info.errors.
type violation struct {
	Reason  string `json:"reason"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

func writeBadRequest(w http.ResponseWriter, violations ...violation) {
	var contextInfo any
	if len(violations) > 0 {
		contextInfo = map[string]any{"errors": violations}
	}
	newError(http.StatusBadRequest, "bad_request", "the request is not valid", contextInfo).write(w)
}

// field is a parameter that must not be empty.
type field struct{ name, value string }

func missing(fields ...field) []violation {
	var violations []violation
	for _, f := range fields {
		if f.value == "" {
			violations = append(violations, violation{"missing_parameter", f.name, f.name + " is missing or empty"})
		}
	}
	return violations
}

// decode reads a JSON body. If that fails it answers and returns false.
func decode(w http.ResponseWriter, body io.Reader, into any) bool {
	if err := json.NewDecoder(body).Decode(into); err != nil {
		writeBadRequest(w)
		return false
	}
	return true
}

// page is a part of a list.
type page[T any] struct {
	TotalCount int `json:"total_count"`
	Entries    []T `json:"entries"`
	Offset     int `json:"offset"`
	Limit      int `json:"limit"`
}

// writePage answers the part of the list that the query asks for by offset and limit.
func writePage[T any](w http.ResponseWriter, query url.Values, all []T, defaultLimit, maxLimit int) {
	offset, badOffset := number(query, "offset", 0, math.MaxInt)
	limit, badLimit := number(query, "limit", defaultLimit, maxLimit)
	if bad := slices.Concat(badOffset, badLimit); bad != nil {
		writeBadRequest(w, bad...)
		return
	}
	from := min(offset, len(all))
	to := from + min(limit, len(all)-from)
	writeJSON(w, http.StatusOK, page[T]{len(all), all[from:to], offset, limit})
}

func number(query url.Values, name string, absent, most int) (int, []violation) {
	if !query.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, []violation{{"invalid_parameter", name, name + " is no number within the bounds"}}
	}
	return n, nil
}
