// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/boxgrpc/boxgrpc/translate"
)

// A line is one answer as JSON. Other members are ignored.
type line struct {
	ID             string          `json:"id"`
	Upstream       *string         `json:"upstream"`
	Method         *string         `json:"method"`
	Status         json.RawMessage `json:"status"`
	Headers        headers         `json:"headers"`
	RequestHeaders headers         `json:"request_headers"`
	Body           string          `json:"body"`
	BodyBase64     *string         `json:"body_base64"`
}

// A lineError answers a line that could not be read.
type lineError struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// explainLines answers every line; errLines if some could not be read.
func explainLines(in io.Reader, out io.Writer, upstream string) error {
	r, w := bufio.NewReader(in), bufio.NewWriter(out)
	defer w.Flush() //nolint:errcheck // the last Flush below reports
	var failed error
	for n := 1; ; n++ {
		text, err := r.ReadBytes('\n')
		if len(bytes.TrimSpace(text)) > 0 {
			v, lerr := explainLine(text, upstream)
			if lerr != nil {
				v, failed = lineError{ID: lineID(text), Error: fmt.Sprintf("line %d: %v", n, lerr)}, errLines
			}
			if werr := writeJSON(w, v); werr != nil {
				return werr
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(failed, w.Flush())
}

func explainLine(text []byte, upstream string) (any, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, jsonError(err)
	}
	if l.Upstream != nil {
		upstream = *l.Upstream
	}
	t := upstreams[upstream]
	if t == nil {
		return nil, fmt.Errorf("upstream: %q is unknown, give one of %s", upstream, strings.Join(upstreamNames(), ", "))
	}
	a, err := l.answer()
	if err != nil {
		return nil, err
	}
	r := answered(t, a).with(t.Translate(a))
	r.ID = l.ID
	return r, nil
}

func (l *line) answer() (translate.Answer, error) {
	status, err := integer(l.Status)
	if err != nil {
		return translate.Answer{}, fmt.Errorf("status: %w", err)
	}
	a := translate.Answer{
		Method: http.MethodGet, Status: status, Body: []byte(l.Body),
		Header: http.Header(l.Headers), RequestHeader: http.Header(l.RequestHeaders),
	}
	if l.Method != nil {
		a.Method = *l.Method
	}
	if l.BodyBase64 != nil {
		if a.Body, err = base64.StdEncoding.DecodeString(*l.BodyBase64); err != nil {
			return translate.Answer{}, errors.New("body_base64: not base64")
		}
	}
	return a, nil
}

var integerPattern = regexp.MustCompile(`^-?[0-9]+$`)

// integer reads a JSON integer. One that no int can hold is as far out of range as
// the largest.
func integer(raw json.RawMessage) (int, error) {
	if !integerPattern.Match(raw) {
		return 0, errors.New("an integer is missing")
	}
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil && raw[0] == '-' {
		return math.MinInt32, nil
	} else if err != nil {
		return math.MaxInt32, nil
	}
	return int(n), nil
}

// headers is a JSON object whose values are strings or arrays of strings; names in
// any case.
type headers http.Header

func (h *headers) UnmarshalJSON(raw []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return errors.New("headers: an object is expected")
	}
	*h = make(headers)
	for name, value := range members {
		var one string
		var several []string
		switch {
		case json.Unmarshal(value, &several) == nil:
		case json.Unmarshal(value, &one) == nil:
			several = []string{one}
		default:
			return fmt.Errorf("headers: %s is neither a string nor an array of strings", name)
		}
		for _, v := range several {
			http.Header(*h).Add(name, v)
		}
	}
	return nil
}

// jsonError says what is wrong with a line without repeating it.
func jsonError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%s: a %s is not expected here", kind.Field, kind.Value)
	case errors.As(err, &syntax), errors.As(err, &kind):
		return errors.New("not a JSON object")
	}
	return err
}

// lineID is the id of a line that may be wrong otherwise.
func lineID(text []byte) string {
	var l struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(text, &l) // keeps what it could read
	return l.ID
}
