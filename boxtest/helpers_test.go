// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

func newServer(t *testing.T) *boxtest.Server {
	t.Helper()
	s := boxtest.NewServer()
	t.Cleanup(s.Close)
	return s
}

// inBubble starts a server for the bubble that the test is in.
func inBubble(t *testing.T) *boxtest.Server {
	t.Helper()
	s := boxtest.NewInMemory()
	t.Cleanup(s.Close)
	return s
}

// bothForms starts a server of each form.
func bothForms(t *testing.T) map[string]*boxtest.Server {
	t.Helper()
	return map[string]*boxtest.Server{"loopback": newServer(t), "in memory": inBubble(t)}
}

// try sends a request such as "GET /files/1", with header fields as name and value,
// and returns the answer with its body unread.
func try(ctx context.Context, s *boxtest.Server, request string, body io.Reader, header ...string) (*http.Response, error) {
	method, path, _ := strings.Cut(request, " ")
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer any")
	for pair := range slices.Chunk(header, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	return s.Client().Do(req)
}

// ask is try where an answer has to come. Safe to call from any goroutine.
func ask(t *testing.T, s *boxtest.Server, request, body string, header ...string) *http.Response {
	t.Helper()
	resp, err := try(t.Context(), s, request, strings.NewReader(body), header...)
	if err != nil {
		t.Errorf("%s: %v", request, err)
		return &http.Response{Body: http.NoBody}
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func send(t *testing.T, s *boxtest.Server, request, contentType, body string) *http.Response {
	t.Helper()
	return ask(t, s, request, body, "Content-Type", contentType)
}

// read returns the status and the whole body.
func read(t *testing.T, resp *http.Response) (int, string) {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("body: %v", err)
	}
	return resp.StatusCode, string(body)
}

// call sends JSON and returns the status and the body.
func call(t *testing.T, s *boxtest.Server, request, body string) (int, string) {
	t.Helper()
	return read(t, send(t, s, request, "application/json", body))
}

// form writes a multipart body of name and value pairs.
func form(t *testing.T, parts ...string) (contentType, body string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for pair := range slices.Chunk(parts, 2) {
		if err := w.WriteField(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), buf.String()
}
