// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Fault is one scripted answer. The zero Fault is the normal answer: it lets a
// request through, as in Script(pattern, Fault{}, Error(…)).
type Fault struct {
	// Status is the HTTP status. 0 stands for the normal answer, which then also
	// supplies the body.
	Status int
	// Header is sent as it is spelt here. In a normal answer it comes on top.
	// Without a Content-Type, net/http guesses one from the body. A 401 without a
	// Box-Request-Id gets one.
	Header http.Header
	// Body is sent as it is: JSON, half of it, or a gateway's HTML.
	Body string
	// Apply carries the request out before the fault is answered. Box does that:
	// a write can persist although its answer was a 503. The check of the token and
	// limits come before that, but their answer is not sent.
	Apply bool

	// Delay is waited after the request was read, and carried out if it is, and
	// before anything is answered.
	Delay time.Duration
	// Hang answers nothing until the client goes away or the server closes.
	Hang bool
	// Reset breaks the connection when the request was read, without an answer: by
	// an RST on TCP, by closing the pipe in memory. Beware: on a connection that it
	// has used before, net/http's client sends a GET again by itself.
	Reset bool
	// ResetUnread breaks the connection when only the head was read.
	ResetUnread bool

	// CutAfter breaks the connection after that many bytes of the body, although
	// Content-Length promises the whole of it, or one byte more than it has if it
	// ends too soon for the break. 0 means no break.
	CutAfter int
	// Pause is waited before each ChunkLen bytes of the body; the head goes out at
	// once. 0 means no pause.
	Pause time.Duration
	// ChunkLen is in bytes; 0 stands for 1. Without a Pause it has no meaning.
	ChunkLen int
	// Gzip compresses the body, whether or not the client has asked for it. Bodies of
	// more than MaxKept bytes go out as they are.
	Gzip bool
	// LengthOff is added to Content-Length, which never gets below 0: with a positive
	// one the connection breaks before the promise is fulfilled, with a negative one
	// bytes come that nobody was told of, and the connection closes behind them.
	LengthOff int
}

// check panics if the fault makes no sense.
func (f Fault) check(pattern string) {
	silent := f.Hang || f.Reset || f.ResetUnread
	answers := f.Status != 0 || len(f.Header) > 0 || f.Body != "" || f.CutAfter != 0 || f.Pause != 0 || f.Gzip || f.LengthOff != 0
	for _, rule := range []struct {
		broken bool
		why    string
	}{
		{f.Status != 0 && (f.Status < 200 || f.Status > 599), fmt.Sprintf("Status %d is not within 200–599", f.Status)},
		{f.CutAfter < 0, fmt.Sprintf("CutAfter %d is negative", f.CutAfter)},
		{f.Delay < 0, fmt.Sprintf("Delay %v is negative", f.Delay)},
		{f.Pause < 0, fmt.Sprintf("Pause %v is negative", f.Pause)},
		{f.ChunkLen < 0, fmt.Sprintf("ChunkLen %d is negative", f.ChunkLen)},
		{f.ChunkLen > 0 && f.Pause == 0, "ChunkLen without a Pause"},
		{f.LengthOff != 0 && f.CutAfter != 0, "LengthOff and CutAfter both set Content-Length"},
		{f.Hang && (f.Reset || f.ResetUnread), "Hang and a Reset exclude each other"},
		{f.Reset && f.ResetUnread, "Reset and ResetUnread exclude each other"},
		{f.ResetUnread && f.Apply, "Apply needs what ResetUnread leaves unread"},
		{f.ResetUnread && f.Delay > 0, "Delay is waited after what ResetUnread leaves unread"},
		{silent && answers, "Hang, Reset and ResetUnread answer nothing: no Status, Header, Body, CutAfter, Pause, Gzip or LengthOff"},
	} {
		if rule.broken {
			panic(fmt.Sprintf("boxtest: script %q: %s", pattern, rule.why))
		}
	}
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
