// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/translate"
)

// A body watches what is done with it.
type body struct {
	io.Reader
	read   int
	closed bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *body) Close() error { b.closed = true; return nil }

func response(status int, b *body, method string) *http.Response {
	return &http.Response{StatusCode: status, Header: make(http.Header), Body: b, Request: &http.Request{Method: method}}
}

// A download must arrive whole although its answer was checked.
func TestCheckResponseLeavesASuccessAlone(t *testing.T) {
	t.Parallel()
	b := &body{Reader: strings.NewReader("content")}
	if err := translate.Box.CheckResponse(response(200, b, "GET")); err != nil || b.read > 0 || b.closed {
		t.Errorf("CheckResponse = %v, read %d, closed %v, want an untouched body", err, b.read, b.closed)
	}
}

// A connection that is not drained is lost, and one that is drained without end
// holds the handler for ever.
func TestCheckResponseDrainsAFailure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation string
		size, max int
	}{{"small", 1000, 1000}, {"large", 100 << 10, 100 << 10}, {"endless", 1 << 30, 330 << 10}}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			b := &body{Reader: io.LimitReader(zeros{}, int64(tt.size))}
			err := translate.Box.CheckResponse(response(404, b, "GET"))
			if mustError(t, err).Code() != codes.NotFound || !b.closed || b.read > tt.max || tt.size == tt.max && b.read != tt.size {
				t.Errorf("CheckResponse = %v, read %d of %d, closed %v", err, b.read, tt.size, b.closed)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Whatever happens to the body, the status maps.
func TestCheckResponseWithABrokenBody(t *testing.T) {
	t.Parallel()
	broken := &body{Reader: io.MultiReader(strings.NewReader(`{"code":"it`), errReader{})}
	if e := mustError(t, translate.Box.CheckResponse(response(409, broken, "GET"))); e.Code() != codes.Aborted {
		t.Errorf("broken body: %v", e.Code())
	}
	noBody := response(503, nil, "GET")
	noBody.Body = nil
	if e := mustError(t, translate.Box.CheckResponse(noBody)); e.Code() != codes.Unavailable {
		t.Errorf("no body: %v", e.Code())
	}
	if e := mustError(t, translate.Box.CheckResponse(nil)); e.Code() != codes.Unknown {
		t.Errorf("no response: %v", e.Code())
	}
	if e := mustError(t, translate.Box.CheckResponse(&http.Response{StatusCode: 503})); e.Code() != codes.Unavailable || e.RetryClass() != ifIdempotent {
		t.Errorf("no request: %v", e.Code())
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("reset") }

// After 303 a POST goes on as a GET. Repeating the call repeats the POST, so the
// POST is what has to be judged.
func TestCheckResponseJudgesTheFirstRequestOfARedirect(t *testing.T) {
	t.Parallel()
	first := &http.Request{Method: "POST"}
	second := &http.Request{Method: "", Response: &http.Response{StatusCode: 303, Request: first}}
	resp := response(503, &body{Reader: strings.NewReader("")}, "")
	resp.Request = second
	if _, ok := mustError(t, translate.Box.CheckResponse(resp)).RetryDelay(); ok {
		t.Error("a POST that became a GET must not be sent again after 503")
	}
	resp.Request = &http.Request{}
	if _, ok := mustError(t, translate.Box.CheckResponse(resp)).RetryDelay(); !ok {
		t.Error("an empty method is a GET in net/http")
	}
}

// The answer belongs to the caller of Translate, who may use it again.
func TestTranslateKeepsNothing(t *testing.T) {
	t.Parallel()
	a := translate.Answer{Method: "GET", Status: 409, Header: header("Box-Request-Id", "h1"), Body: []byte(`{"code":"conflict","message":"before","context_info":{"a":1}}`)}
	e := mustError(t, translate.Box.With(translate.WithRawBody()).Translate(a))
	want := bytes.Clone(a.Body)
	clear(a.Body)
	a.Header.Set("Box-Request-Id", "changed")
	if e.Error() != "before" || e.RequestID() != "h1" || !bytes.Equal(e.Body(), want) {
		t.Errorf("the error changed with the answer: %q %q %s", e, e.RequestID(), e.Body())
	}
}
