// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"regexp"
	"strconv"

	"github.com/boxgrpc/boxgrpc/translate"
)

// maxInput bounds what explain reads of one answer: more than any translator looks
// at.
const maxInput = 1 << 20

// statusLine begins a block of "curl -i": HTTP/1.1 404 Not Found, HTTP/2 404.
var statusLine = regexp.MustCompile(`^HTTP/[0-9.]+ +(-?[0-9]+)( [^\n]*)?\r?(\n|$)`)

// readAnswer reads what "curl -i" prints: a status line, header lines, an empty
// line, and the body to the end. Of several such blocks, as with -L or through a
// proxy, the last counts.
func readAnswer(in io.Reader) (translate.Answer, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil {
		return translate.Answer{}, usagef("%v", err)
	}
	data = bytes.TrimLeft(data, "\r\n")
	if !statusLine.Match(data) {
		return translate.Answer{}, usagef(`no HTTP answer: the input must begin with a status line such as "HTTP/2 404", as curl -i prints it`)
	}
	for {
		a, err := readBlock(data)
		if err != nil || !followed(a) {
			return a, err
		}
		data = a.Body
	}
}

// followed tells whether what looks like the answer's body is another block. curl
// prints one for each interim answer, redirect, challenge and tunnel, and leaves
// their bodies out. A body may begin with a status line as well: some gateways
// answer so.
func followed(a translate.Answer) bool {
	length := a.Header.Get("Content-Length")
	if !statusLine.Match(a.Body) || length == strconv.Itoa(len(a.Body)) {
		return false
	}
	switch {
	case a.Status/100 == 1, a.Status/100 == 3,
		a.Status == http.StatusUnauthorized, a.Status == http.StatusProxyAuthRequired:
		return true
	}
	content := length != "" && length != "0" || a.Header.Get("Transfer-Encoding") != "" || a.Header.Get("Content-Type") != ""
	return !content
}

// readBlock reads one head and takes all that follows for the body.
func readBlock(data []byte) (translate.Answer, error) {
	m := statusLine.FindSubmatch(data)
	head, body := splitHead(data[len(m[0]):])
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.Clone(head), "\r\n\r\n"...))))
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return translate.Answer{}, usagef("the header cannot be read, is the empty line before the body missing? %v", err)
	}
	return translate.Answer{Status: statusNumber(m[1]), Header: http.Header(header), Body: body}, nil
}

// splitHead cuts at the first empty line, with or without carriage returns. A
// head without one has no body.
func splitHead(data []byte) (head, body []byte) {
	for i := 0; i < len(data); {
		line, rest, found := bytes.Cut(data[i:], []byte("\n"))
		if found && len(bytes.TrimRight(line, "\r")) == 0 {
			return data[:i], rest
		}
		i += len(line) + 1
	}
	return data, nil
}

// statusNumber reads digits. A number that no translator can hold is as far out of
// range as the largest.
func statusNumber(digits []byte) int {
	n, _ := strconv.ParseInt(string(digits), 10, 32) // out of range: the nearest
	return int(n)
}
