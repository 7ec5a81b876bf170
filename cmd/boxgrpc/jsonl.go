// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/boxgrpc/boxgrpc/translate"
)

// A lineError answers a line that could not be read.
type lineError struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// explainLines answers every line that is not blank with one line. The
// defaults are for lines that name no upstream or no method.
func explainLines(in io.Reader, out io.Writer, d defaults) error {
	r, w := bufio.NewReader(in), bufio.NewWriter(out)
	defer w.Flush() //nolint:errcheck // the last Flush below reports
	failed := 0
	for n := 1; ; n++ {
		text, rerr := r.ReadBytes('\n')
		if text = bytes.TrimSpace(text); len(text) > 0 {
			answer, ok := explainLine(text, n, d)
			if !ok {
				failed++
			}
			if err := writeJSON(w, answer); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(rerr, io.EOF):
			return errors.Join(unread(failed), w.Flush())
		case rerr != nil:
			return usagef("%v", rerr)
		case r.Buffered() == 0: // somebody may be waiting at the other end
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}

func unread(lines int) error {
	if lines == 0 {
		return nil
	}
	return fmt.Errorf(`lines that could not be read: %d, see "error" in the output`, lines)
}

// explainLine returns a record, or a lineError and false.
func explainLine(text []byte, number int, d defaults) (any, bool) {
	l := line{upstream: d.upstream, answer: translate.Answer{Method: d.method}}
	if err := l.read(text); err != nil {
		return lineError{ID: l.id, Error: fmt.Sprintf("line %d: %v", number, err)}, false
	}
	r := answerRecord(upstreams[l.upstream], l.answer, d.lang)
	r.ID = l.id
	return r, true
}

// A line is one answer as JSON.
type line struct {
	id       string
	upstream string
	answer   translate.Answer
}

// read takes its members out of a JSON object, by their exact names. Others are
// ignored. A missing member and null leave what is there.
func (l *line) read(text []byte) error {
	var m members
	if json.Unmarshal(text, &m.raw) != nil || m.raw == nil {
		return errors.New("not a JSON object")
	}
	l.id, _ = scalar(m.raw["id"]) // first, to name the line in a mistake too
	m.text("upstream", &l.upstream)
	m.text("method", &l.answer.Method)
	m.integer("status", &l.answer.Status)
	m.header("headers", &l.answer.Header)
	m.header("request_headers", &l.answer.RequestHeader)
	m.bytes("body", "body_base64", &l.answer.Body)
	if m.err == nil && upstreams[l.upstream] == nil {
		m.fail("upstream", fmt.Sprintf("%.40q is unknown, give one of %s", l.upstream, strings.Join(upstreamNames(), ", ")))
	}
	return m.err
}
