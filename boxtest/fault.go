// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
)

// Fault is one scripted answer. The zero Fault is the normal answer: it lets a
// request through, as in Script(pattern, Fault{}, Error(…)).
type Fault struct {
	// Status is the HTTP status. 0 stands for the normal answer, which then also
	// supplies the body.
	Status int
	// Header is sent as it is spelt here. In a normal answer it comes on top.
	// Without a Content-Type, net/http guesses one from the body.
	Header http.Header
	// Body is sent as it is.
	Body string
	// Apply carries the request out before the fault is answered. Box does that:
	// a write can persist although its answer was a 503.
	Apply bool
	// CutAfter breaks the connection after that many bytes of the body, although
	// Content-Length promises the whole of it, or one byte more than it has if it
	// ends too soon for the break. 0 means no break.
	CutAfter int
}

// clientError is the body of nearly every error that Box answers.
type clientError struct {
	Type        string `json:"type"`
	Status      int    `json:"status"`
	Code        string `json:"code"`
	ContextInfo any    `json:"context_info,omitempty"`
	HelpURL     string `json:"help_url"`
	Message     string `json:"message"`
	RequestID   string `json:"request_id"`
}

// Error returns an answer in the shape of Box's client error. Each call draws a new
// request id for the body and, as Box does, another one for the header
// Box-Request-Id.
func Error(status int, code, message string) Fault {
	return newError(status, code, message, nil)
}

// Conflict returns the 409 item_name_in_use that names the item in the way. Its
// kind is "file" or "folder". As with Box, context_info.conflicts is a single
// object for a file, what uploads meet, and a list for anything else.
func Conflict(kind, id, name string) Fault {
	item := map[string]string{"type": kind, "id": id, "name": name}
	if kind == "file" {
		return newConflict(item)
	}
	return newConflict([]any{item})
}

// With returns a copy of the fault that has the header field set to the value.
func (f Fault) With(header, value string) Fault {
	f.Header = f.Header.Clone()
	if f.Header == nil {
		f.Header = http.Header{}
	}
	f.Header.Set(header, value)
	return f
}

func newConflict(conflicts any) Fault {
	return newError(http.StatusConflict, "item_name_in_use", "the folder has an item of that name",
		map[string]any{"conflicts": conflicts})
}

func newError(status int, code, message string, contextInfo any) Fault {
	body, err := json.Marshal(clientError{
		Type:        "error",
		Status:      status,
		Code:        code,
		ContextInfo: contextInfo,
		HelpURL:     "http://developers.box.com/docs/#errors", // on the wire to this day
		Message:     message,
		RequestID:   newRequestID(),
	})
	if err != nil {
		panic(err) // only strings and maps of strings get here
	}
	return Fault{Status: status, Body: string(body)}.
		With("Content-Type", "application/json").
		With("Box-Request-Id", newRequestID())
}

// newRequestID has the form of the content API: 16 characters of base 36.
func newRequestID() string {
	return strings.ToLower(rand.Text()[:16])
}

// over completes a fault by the normal answer, where it asks for it.
func (f Fault) over(normal *httptest.ResponseRecorder) Fault {
	if f.Status != 0 {
		return f
	}
	header := normal.Header()
	maps.Copy(header, f.Header)
	f.Status, f.Header, f.Body = normal.Code, header, normal.Body.String()
	return f
}

// write answers. A client that has gone away is no concern of ours.
func (f Fault) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), f.Header)
	sent, promised := f.Body, len(f.Body)
	if f.CutAfter > 0 {
		// net/http breaks the connection of an answer that ends before its promise.
		sent = sent[:min(f.CutAfter, promised)]
		promised = max(promised, f.CutAfter+1)
	}
	if promised > 0 { // a 204 must not have the field
		w.Header().Set("Content-Length", strconv.Itoa(promised))
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, sent)
}

// scene is one call of Script: a mux with a single route decides what matches.
type scene struct {
	route  *http.ServeMux
	faults []Fault
}

func newScene(pattern string, faults []Fault) *scene {
	for _, f := range faults {
		if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
			panic(fmt.Sprintf("boxtest: script %q: Status %d is not within 200–599", pattern, f.Status))
		}
		if f.CutAfter < 0 {
			panic(fmt.Sprintf("boxtest: script %q: CutAfter %d is negative", pattern, f.CutAfter))
		}
	}
	route := http.NewServeMux()
	route.Handle(pattern, http.NotFoundHandler()) // panics and names a bad pattern
	return &scene{route: route, faults: slices.Clone(faults)}
}

// next takes the fault for the request, if there is one left.
func (s *scene) next(r *http.Request) (Fault, bool) {
	if len(s.faults) == 0 {
		return Fault{}, false
	}
	if _, pattern := s.route.Handler(r); pattern == "" {
		return Fault{}, false
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return fault, true
}
