// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
)

// arriving counts the bytes of a body.
type arriving struct {
	io.ReadCloser
	n int
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.n += n
	return n, err
}

// request is a request that has been read to its end.
type request struct {
	*http.Request
	body *content // if it was no form
	form form
}

// form is the multipart body of an upload.
type form struct {
	attributes []byte   // nil if the part is missing
	file       *content // nil if the part is missing
	late       bool     // the attributes came after the file
	malformed  bool     // or no form at all
}

// read reads a request to its end, whatever is in it. An error means that not all of
// it arrived.
func read(r *http.Request) (*request, error) {
	in := &request{Request: r, body: new(content), form: form{malformed: true}}
	if parts, err := r.MultipartReader(); err == nil {
		in.form = readForm(parts)
	} else if r.ContentLength != 0 {
		in.body, _ = readContent(r.Body)
	}
	_, err := io.Copy(io.Discard, r.Body) // what stands behind a form, or once more the error
	return in, err
}

func readForm(parts *multipart.Reader) form {
	var f form
	for {
		part, err := parts.NextPart()
		if err != nil {
			f.malformed = !errors.Is(err, io.EOF)
			return f
		}
		read, err := readContent(part)
		if err != nil {
			f.malformed = true
			return f
		}
		switch part.FormName() {
		case "attributes":
			f.attributes, f.late = read.kept, f.file != nil
		case "file":
			f.file = read
		}
	}
}

// decode reads a JSON body. It returns the answer to one that is not JSON.
func (r *request) decode(into any) *answer {
	return decode(r.body.kept, into)
}

// decodeAny is decode for a body that may be missing.
func (r *request) decodeAny(into any) *answer {
	if r.body.size == 0 {
		return nil
	}
	return r.decode(into)
}

func decode(body []byte, into any) *answer {
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(into); err != nil {
		return badRequest()
	}
	return nil
}
