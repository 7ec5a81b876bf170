// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/boxgrpc/boxgrpc/translate"
)

// explainRPC makes one RPC and shows what its caller gets.
func explainRPC(t *target, method, data, lang, format string, in io.Reader, out io.Writer) error {
	body, err := readData(data, in)
	if err != nil {
		return err
	}
	fields, err := t.fields()
	if err != nil {
		return err
	}
	conn, err := t.dial()
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // one RPC, and it is over
	ctx, cancel := t.context(fields)
	defer cancel()
	s, err := t.schema(conn)
	if err != nil {
		return err
	}
	m, err := findMethod(ctx, s, method)
	if err != nil {
		return err
	}
	requests, err := requestsOf(m, body)
	if err != nil {
		return err
	}
	// A deadline of its own: what the schema took is nothing to the handler.
	ctx, done := t.context(metadata.Join(language(lang), fields))
	defer done()
	r, err := t.call(ctx, conn, m, requests)
	if err != nil {
		return err
	}
	return show(out, format, rpcRecord(r))
}

func language(lang string) metadata.MD {
	if lang == "" {
		return nil
	}
	return metadata.Pairs("accept-language", lang)
}

// readData is the text itself, or what is in the file behind an @; @- is standard
// input.
func readData(text string, in io.Reader) ([]byte, error) {
	name, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return []byte(text), nil
	}
	read := func() ([]byte, error) { return os.ReadFile(name) } //nolint:gosec // the file that the user names
	if name == "-" {
		read = func() ([]byte, error) { return io.ReadAll(in) }
	}
	data, err := read()
	if err != nil {
		return nil, usagef("-d: %v", err)
	}
	return data, nil
}

// rpcRecord is what a caller gets of an RPC.
func rpcRecord(r *reply) record {
	e, _ := translate.FromError(r.status.Err())
	record := newRecord(r.status, e)
	record.wire = true
	record.RPC = &rpcPart{Header: fieldsOf(r.header), Trailer: fieldsOf(r.trailer), Replies: r.count, First: []json.RawMessage{}}
	for _, text := range r.first {
		record.RPC.First = append(record.RPC.First, json.RawMessage(text))
	}
	return record
}

// A rpcPart is what only a live RPC has.
type rpcPart struct {
	Header  map[string][]string `json:"header"`
	Trailer map[string][]string `json:"trailer"`
	Replies int                 `json:"replies"`
	First   []json.RawMessage   `json:"first_replies"`
}

// fieldsOf writes bytes in base64, as they are on the wire.
func fieldsOf(md metadata.MD) map[string][]string {
	fields := make(map[string][]string)
	for name, values := range md {
		for _, v := range values {
			if strings.HasSuffix(name, "-bin") {
				v = base64.RawStdEncoding.EncodeToString([]byte(v))
			}
			fields[name] = append(fields[name], v)
		}
	}
	return fields
}

// told are the fields whose content is on the page already, or is the same for all.
var told = []string{"content-type", "grpc-status-details-bin"}

const pushbackKey = "grpc-retry-pushback-ms"

// rows of a page: the first replies, then all fields of header and trailer.
func (r *rpcPart) rows(p *page) {
	for i, text := range r.First {
		p.row("reply "+strconv.Itoa(i+1), string(text))
	}
	if more := r.Replies - len(r.First); more > 0 {
		p.row("replies", fmt.Sprintf("%d more", more))
	}
	for _, part := range []struct {
		name   string
		fields map[string][]string
	}{{"header", r.Header}, {"trailer", r.Trailer}} {
		for _, name := range slices.Sorted(maps.Keys(part.fields)) {
			for _, value := range part.fields[name] {
				if !slices.Contains(told, name) {
					p.row(part.name, name+": "+value+meaning(name, part.fields[name]))
				}
			}
		}
	}
}

// meaning says what a caller's gRPC library does about a pushback (gRFC A6).
func meaning(name string, values []string) string {
	if name != pushbackKey {
		return ""
	}
	ms, err := strconv.ParseInt(values[0], 10, 32)
	if err != nil || ms < 0 || len(values) > 1 {
		return " (no gRPC library sends it again by itself)"
	}
	return " (gRPC libraries that retry do so after " + waitText(time.Duration(ms)*time.Millisecond) + ")"
}
