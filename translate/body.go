// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// plainText inflates a body and turns it into UTF-8 without a byte order mark, as
// far as it can. What it cannot read it returns as it is.
func plainText(h http.Header, body []byte) []byte {
	body = inflate(body)
	if enc := charset(h, body); enc != nil {
		if text, err := enc.NewDecoder().Bytes(body); err == nil {
			body = text
		}
	}
	return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
}

// inflate goes by the first bytes and not by Content-Encoding, which stays behind
// where a client has inflated already and lacks where a proxy lost it. A stream
// that breaks off gives what was in it.
func inflate(body []byte) []byte {
	if !startsWith(body, 0x1f, 0x8b) {
		return body
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	text, _ := io.ReadAll(io.LimitReader(r, maxBody))
	return text
}

// startsWith tells whether the first two bytes are these.
func startsWith(body []byte, first, second byte) bool {
	return len(body) >= 2 && body[0] == first && body[1] == second
}

// charset is the encoding of a body that is not UTF-8, or nil.
func charset(h http.Header, body []byte) encoding.Encoding {
	if startsWith(body, 0xfe, 0xff) || startsWith(body, 0xff, 0xfe) {
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	mediaType := first(h, "Content-Type")
	if mediaType == "application/json" {
		return nil
	}
	if _, params, ok := strings.Cut(mediaType, ";"); !ok || strings.EqualFold(params, " charset=utf-8") {
		return nil // as nearly all others have it; other spellings are parsed
	}
	_, params, err := mime.ParseMediaType(mediaType)
	name := params["charset"]
	if err != nil || name == "" || strings.EqualFold(name, "utf-8") {
		return nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil || strings.HasPrefix(strings.ToLower(name), "utf-16") && utf8.Valid(body) && !bytes.ContainsRune(body, 0) {
		return nil // UTF-16 that is none
	}
	return enc
}

// first is h.Get for a key that is canonical already, which Get makes sure of.
func first(h http.Header, key string) string {
	if lines := h[key]; len(lines) > 0 {
		return lines[0]
	}
	return ""
}

// A reading is what a body is read into. Nothing that outlives it points there; the bytes
// stay until the next body comes.
type reading struct {
	bytes.Buffer

	limited io.LimitedReader
}

var readings = sync.Pool{New: func() any { return new(reading) }}

func newReading() *reading { return readings.Get().(*reading) }

// release gives the memory back, unless there is too much of it to keep.
func (r *reading) release() {
	r.limited.R = nil
	if r.Reset(); r.Cap() <= maxKept {
		readings.Put(r)
	}
}

// drain reads the part of a body that may matter, drains a little more so that
// the connection can be used again, and closes it.
func (r *reading) drain(body io.ReadCloser) {
	if body == nil {
		return
	}
	defer body.Close() //nolint:errcheck // the status counts, whatever the body does
	r.limited = io.LimitedReader{R: body, N: maxBody}
	if _, err := r.ReadFrom(&r.limited); err == nil && r.Len() == maxBody {
		_, _ = io.CopyN(io.Discard, body, maxDrain)
	}
}

// peek reads the beginning of a body and puts it back.
func peek(resp *http.Response) []byte {
	if resp.Body == nil {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failing{err} // it comes again where it came first
	}
	resp.Body = &rejoined{io.MultiReader(bytes.NewReader(data), rest), resp.Body}
	return data
}

// A rejoined body reads from one and closes the other.
type rejoined struct {
	io.Reader
	io.Closer
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

const (
	maxBody  = 64 << 10
	maxDrain = 256 << 10
	maxKept  = 4 << 10 // of the memory for a body, until the next one
)
