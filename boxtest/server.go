// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Server is a fake Box. It is safe for concurrent use. The zero Server is ready to
// be an http.Handler and listens nowhere; it must not be copied after first use.
type Server struct {
	// URL is where the server listens, such as "http://127.0.0.1:4711": put a path
	// of Box behind it. It is empty for a zero Server.
	URL string

	loopback *http.Server // nil for a zero Server
	once     sync.Once
	box      *box // use state()

	mu       sync.Mutex // guards what follows; never held together with box.mu
	script   []*scene
	requests []Request
}

// Request is a request as it arrived.
type Request struct {
	Method string
	// Path begins with a slash, as in "/folders/0/items".
	Path string
	// Query and Header belong to the server's log: do not change them.
	Query  url.Values
	Header http.Header
	// BodyLen is the number of body bytes that arrived.
	BodyLen int
	// Time is when the last of them had arrived.
	Time time.Time
}

// NewServer starts a fake Box on the loopback interface. Close it after use. It
// panics if it cannot listen.
func NewServer() *Server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("boxtest: %v", err))
	}
	s := &Server{URL: "http://" + listener.Addr().String()}
	// Not an httptest.Server: its Close also closes the idle connections of
	// http.DefaultTransport, and so fails requests of tests that run beside this one.
	s.loopback = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.loopback.Serve(listener) }()
	return s
}

// Close stops listening and breaks all connections. On a zero Server it does
// nothing.
func (s *Server) Close() {
	if s.loopback != nil {
		_ = s.loopback.Close()
	}
}

// ServeHTTP answers one request: as the script says, else as Box would. A
// broken connection needs the server of net/http around it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	fault := s.arrive(r, len(body), err == nil)
	if err != nil {
		// Half a request does nothing and uses up no fault; its sender is gone.
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if fault.Status == 0 || fault.Apply {
		r.Body = io.NopCloser(bytes.NewReader(body))
		normal := httptest.NewRecorder()
		s.state().ServeHTTP(normal, r)
		fault = fault.over(normal)
	}
	fault.write(w)
}

// arrive logs the request and takes its fault in one step, so that concurrent
// requests get their faults in the order in which Requests lists them.
func (s *Server) arrive(r *http.Request, bodyLen int, whole bool) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{
		Method:  r.Method,
		Path:    r.URL.Path,
		Query:   r.URL.Query(),
		Header:  r.Header.Clone(),
		BodyLen: bodyLen,
		Time:    time.Now(),
	})
	if !whole {
		return Fault{}
	}
	for _, scene := range s.script {
		if fault, ok := scene.next(r); ok {
			return fault
		}
	}
	return Fault{}
}

// Script gives the next len(faults) requests that match the pattern one fault
// each, in order. The pattern is one of http.ServeMux, such as "POST /folders",
// "GET /files/{id}" or "/". Where several scripts match, the oldest that has
// faults left is used. Faults come before the check of the token.
//
// Script panics if the pattern is malformed, if a Status is neither 0 nor within
// 200–599, and if a CutAfter is negative.
func (s *Server) Script(pattern string, faults ...Fault) {
	next := newScene(pattern, faults)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, next)
}

// Requests returns the requests that have arrived since the start or the last
// Reset, oldest first, whatever their answer was.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Reset forgets the script and the requests. Files and folders stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.requests = nil, nil
}

// AddFolder makes a folder and returns its id. The root's id is "0". It panics if
// the parent is no folder or has the name already.
func (s *Server) AddFolder(parentID, name string) string {
	return s.add("folder", parentID, name, nil)
}

// AddFile makes a file and returns its id. It panics if the parent is no folder or
// has the name already. The content is copied.
func (s *Server) AddFile(parentID, name string, content []byte) string {
	return s.add("file", parentID, name, bytes.Clone(content))
}

func (s *Server) add(kind, parentID, name string, content []byte) string {
	b := s.state()
	b.mu.Lock()
	defer b.mu.Unlock()
	parent := b.find("folder", parentID)
	if parent == nil {
		panic(fmt.Sprintf("boxtest: add %s %q: no folder %q", kind, name, parentID))
	}
	if parent.child(name) != nil {
		panic(fmt.Sprintf("boxtest: add %s %q: folder %q has that name already", kind, name, parentID))
	}
	return b.add(kind, parent, name, content).id
}

// state returns what the server holds, made on first use: the zero Server works.
func (s *Server) state() *box {
	s.once.Do(func() { s.box = newBox() })
	return s.box
}
