// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
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
var statusLine = regexp.MustCompile(`^HTTP/[0-9.]+ +(-?[0-9]+)( [^\n]*)?\r?\n`)

// readAnswer reads what "curl -i" prints: a status line, header lines, an empty
// line, and the body to the end. Of several such blocks, as with -L or through a
// proxy, the last counts.
func readAnswer(in io.Reader) (translate.Answer, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil {
		return translate.Answer{}, err
	}
	data = bytes.TrimLeft(data, "\r\n")
	if !statusLine.Match(data) {
		return translate.Answer{}, errors.New(`no HTTP answer: the input must begin with a status line such as "HTTP/2 404", as curl -i prints it`)
	}
	var a translate.Answer
	for statusLine.Match(data) {
		if a, data, err = readBlock(data); err != nil {
			return a, err
		}
	}
	a.Body = data
	return a, nil
}

// readBlock reads one head and returns what follows it.
func readBlock(data []byte) (translate.Answer, []byte, error) {
	m := statusLine.FindSubmatch(data)
	code, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return translate.Answer{}, nil, fmt.Errorf("the status %s is out of range", m[1])
	}
	head, body := splitHead(data[len(m[0]):])
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.Clone(head), "\r\n\r\n"...))))
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return translate.Answer{}, nil, fmt.Errorf("the header cannot be read: %w", err)
	}
	return translate.Answer{Status: code, Header: http.Header(header)}, body, nil
}

// splitHead cuts at the first empty line, with or without carriage returns. A
// head without one has no body.
func splitHead(data []byte) (head, body []byte) {
	for i := 0; i < len(data); {
		line := data[i:]
		n := bytes.IndexByte(line, '\n')
		if n < 0 {
			break
		}
		if len(bytes.TrimRight(line[:n], "\r")) == 0 {
			return data[:i], line[n+1:]
		}
		i += n + 1
	}
	return data, nil
}
