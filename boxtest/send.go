// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// answer is a response before a fault gets at it.
type answer struct {
	status int
	header http.Header
	body   io.Reader
	size   int64 // of the body
}

func (f Fault) answer() *answer {
	a := &answer{f.Status, f.Header.Clone(), strings.NewReader(f.Body), int64(len(f.Body))}
	if a.header == nil {
		a.header = http.Header{}
	}
	return a
}

// over completes a fault by the normal answer, where it asks for it.
func (f Fault) over(normal *answer) *answer {
	a := normal
	if f.Status != 0 {
		a = f.answer()
	} else {
		maps.Copy(a.header, f.Header)
	}
	if _, has := a.header["Box-Request-Id"]; !has && a.status == http.StatusUnauthorized {
		a.header.Set("Box-Request-Id", newRequestID())
	}
	if f.Gzip && a.size <= MaxKept {
		a.compress()
	}
	return a
}

func (a *answer) compress() {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.Copy(w, a.body) // from memory to memory: nothing to fail
	_ = w.Close()
	a.header.Set("Content-Encoding", "gzip")
	a.body, a.size = &packed, int64(packed.Len())
}

// applied tells whether the request has changed what Box holds.
func (a *answer) applied(r *http.Request) bool {
	return a != nil && r.Method != http.MethodGet && a.status/100 == 2 && a.status != http.StatusAccepted
}

// send answers. A client that has gone away is no concern of ours.
func send(w http.ResponseWriter, r *http.Request, a *answer, f Fault) {
	if f.LengthOff < 0 {
		raw := hijack(w)
		defer raw.close()
		w = raw
	}
	maps.Copy(w.Header(), a.header)
	sent, promised := a.size, max(0, a.size+int64(f.LengthOff))
	if f.CutAfter > 0 {
		// net/http breaks the connection of an answer that ends before its promise.
		sent = min(int64(f.CutAfter), a.size)
		promised = max(a.size, int64(f.CutAfter)+1)
	}
	if promised > 0 || f.LengthOff != 0 { // a 204 must not have the field
		w.Header().Set("Content-Length", strconv.FormatInt(promised, 10))
	}
	w.WriteHeader(a.status)
	if f.Pause == 0 {
		_, _ = io.CopyN(w, a.body, sent)
		return
	}
	trickle(r.Context(), w, io.LimitReader(a.body, sent), f)
}

// trickle sends a body bit by bit.
func trickle(ctx context.Context, w http.ResponseWriter, body io.Reader, f Fault) {
	out := http.NewResponseController(w)
	ahead := bufio.NewReader(body)
	for _ = out.Flush(); ; _ = out.Flush() {
		if _, err := ahead.Peek(1); err != nil || !wait(ctx, f.Pause) {
			return
		}
		if _, err := io.CopyN(w, ahead, int64(max(1, f.ChunkLen))); err != nil {
			return
		}
	}
}

// reset breaks the connection without another byte.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, or no server of net/http around us
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST in place of FIN
	}
	_ = conn.Close()
}

// rawWriter writes an answer past net/http, which would refuse to send more bytes
// than Content-Length says.
type rawWriter struct {
	header http.Header
	conn   net.Conn
	buf    *bufio.Writer
}

func hijack(w http.ResponseWriter) *rawWriter {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return &rawWriter{w.Header().Clone(), conn, rw.Writer}
}

func (w *rawWriter) Header() http.Header { return w.header }

func (w *rawWriter) WriteHeader(status int) {
	w.header.Set("Connection", "close")
	_, _ = fmt.Fprintf(w.buf, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	_ = w.header.Write(w.buf)
	_, _ = w.buf.WriteString("\r\n")
}

func (w *rawWriter) Write(p []byte) (int, error) { return w.buf.Write(p) }

// FlushError is what http.ResponseController looks for.
func (w *rawWriter) FlushError() error { return w.buf.Flush() }

func (w *rawWriter) close() {
	_ = w.buf.Flush()
	_ = w.conn.Close()
}
