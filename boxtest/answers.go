// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// empty is an answer without a body.
func empty(status int) *answer {
	return Fault{Status: status}.With("Box-Request-Id", newRequestID()).answer()
}

func newJSON(status int, v any) *answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only views get here
	}
	return Fault{Status: status, Body: string(body) + "\n"}.
		With("Content-Type", "application/json").
		With("Box-Request-Id", newRequestID()).answer()
}

// refuse is an error of Box's.
func refuse(status int, code, message string) *answer {
	return Error(status, code, message).answer()
}

func notFound() *answer {
	return refuse(http.StatusNotFound, "not_found", "there is no such item")
}

// unauthorized says why in its header only: Box leaves the body empty.
func unauthorized() *answer {
	a := empty(http.StatusUnauthorized)
	a.header.Set("WWW-Authenticate",
		`Bearer realm="Service", error="invalid_token", error_description="no bearer token"`)
	return a
}

func hasToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(token) != ""
}

// violation is an entry of context_info.errors.
type violation struct {
	Reason  string `json:"reason"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

func badRequest(violations ...violation) *answer {
	var contextInfo any
	if len(violations) > 0 {
		contextInfo = map[string]any{"errors": violations}
	}
	return newError(http.StatusBadRequest, "bad_request", "the request is not valid", contextInfo).answer()
}

func invalid(name, why string) violation {
	return violation{"invalid_parameter", name, fmt.Sprintf("%s %s", name, why)}
}

// field is a parameter that must not be empty.
type field struct{ name, value string }

// missing lists the parameters that are empty.
func missing(fields ...field) []violation {
	var violations []violation
	for _, f := range fields {
		if f.value == "" {
			violations = append(violations, violation{"missing_parameter", f.name, f.name + " is missing or empty"})
		}
	}
	return violations
}
