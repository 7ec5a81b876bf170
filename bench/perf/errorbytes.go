// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/translate"
)

// errorBytes is how large errors are. A byte of details costs about as much as
// translating it, and what is larger than a peer's header limit reaches callers as
// another error. That no input at all gets over the limit is what translate's
// FuzzTranslate looks for; here stand the largest that anybody has written down.
func errorBytes() *table {
	return &table{
		name: "bytes", count: 1,
		goals: []goal{
			{id: "G6", what: "409 as google.rpc.Status, the largest of 4096", exact: func() float64 { return largestStatus(bodyOnly(conflicts())) }, unit: octets, hard: most(720), stretch: most(650)},
			{id: "G6", what: "the same with another id in Box-Request-Id", exact: func() float64 { return largestStatus(conflicts()) }, unit: octets},
			{id: "G6", what: "429 as google.rpc.Status, the largest of 4096", exact: func() float64 { return largestStatus(bodyOnly(rateLimits())) }, unit: octets, hard: most(450)},
			{id: "G6", what: "the same with another id in Box-Request-Id", exact: func() float64 { return largestStatus(rateLimits()) }, unit: octets},
			{id: "G6", what: "409, encoding/json + WithDetails", exact: naiveStatus, unit: octets},
			{id: "G6", what: "header list, the largest of the conformance vectors", exact: largestVector, unit: octets, hard: most(4096)},
			{id: "G6", what: "header list, 32 KiB of body in all its members", exact: largestHostile, unit: octets, hard: most(4096)},
		},
	}
}

func largestStatus(all []translate.Answer) float64 {
	largest := 0
	for _, st := range statuses(all) {
		largest = max(largest, proto.Size(st.Proto()))
	}
	return float64(largest)
}

func naiveStatus() float64 {
	return float64(proto.Size(must(naive(conflicts()[0].Body)).Proto()))
}

// vectors are the files of conformance/vectors that hold answers, and who reads them.
var vectors = map[string]*translate.Translator{
	"box.jsonl": translate.Box, "hitachi.jsonl": translate.Hitachi, "informatica.jsonl": translate.Informatica, "http.jsonl": translate.HTTP,
}

// vector is what matters here of a line of them; conformance/README.md tells the rest.
type vector struct {
	Method  string                 `json:"method"`
	Status  int                    `json:"status"`
	Headers map[string]fieldValues `json:"headers"`
	Body    string                 `json:"body"`
}

// fieldValues are one value, or an array of them.
type fieldValues []string

func (v *fieldValues) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*v = fieldValues{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(v))
}

func (v *vector) answer() translate.Answer {
	h := http.Header{}
	for name, values := range v.Headers {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return translate.Answer{Method: v.Method, Status: v.Status, Header: h, Body: []byte(v.Body)}
}

// largestVector is in bytes of header, counted as HTTP/2 does.
func largestVector() float64 {
	largest := 0
	for file, translator := range vectors {
		for line := range bytes.Lines(must(fs.ReadFile(os.DirFS(root()), "conformance/vectors/"+file))) {
			var v vector
			must(0, json.Unmarshal(line, &v))
			largest = max(largest, headerBytes(translator.Translate(v.answer())))
		}
	}
	return float64(largest)
}

// largestHostile is an answer all of whose members are far too long, and which is still
// short enough to be read.
func largestHostile() float64 {
	long := strings.Repeat("界%", 700)
	body := must(json.Marshal(map[string]any{
		"type": "error", "code": "bad_request", "message": long, "help_url": "https://h/" + long, "request_id": long, "other": long,
		"context_info": map[string]any{
			"errors":    []map[string]string{{"name": long, "message": long, "reason": long}},
			"conflicts": map[string]string{"type": "file", "id": long, "name": long},
		},
	}))
	h := http.Header{"Retry-After": {"7"}, "Box-Request-Id": {long}}
	err := translate.Box.With(translate.WithRawBody()).Translate(translate.Answer{Method: http.MethodGet, Status: http.StatusBadRequest, Header: h, Body: body})
	return float64(headerBytes(err))
}

func headerBytes(err error) int {
	e, _ := translate.FromError(err)
	if e == nil { // a success
		return 0
	}
	return e.HeaderBytes()
}

// root is the folder of the core module, from wherever this runs below it.
func root() string {
	dir := must(os.Getwd())
	for {
		if _, err := os.Stat(filepath.Join(dir, "conformance")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			panic("perf: run it below the module github.com/boxgrpc/boxgrpc: it reads conformance/vectors")
		}
		dir = up
	}
}
