// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Request is a request as it arrived, and what became of it. The last three fields
// are zero until the server knows them.
type Request struct {
	Method string
	// Path begins with a slash, as in "/folders/0/items".
	Path string
	// Query and Header belong to the server's log: do not change them.
	Query  url.Values
	Header http.Header
	// Time is when its head had arrived; the body may follow later.
	Time time.Time
	// BodyLen is the number of body bytes that arrived.
	BodyLen int
	// Status is that of the answer, or 0 if there was none: it hung, or the
	// connection was reset.
	Status int
	// Applied tells that a write was carried out, whatever was answered. A 202 is
	// not done yet, and a GET never writes.
	Applied bool
}

// requestLog remembers requests. Its owner's mutex guards it.
type requestLog struct {
	all     []*Request // oldest first
	bounded bool
	most    int // of all, if bounded
	counts  map[line]int
}

// line is what a pattern can tell requests apart by.
type line struct{ method, host, path string }

func (l *requestLog) add(r *http.Request) *Request {
	entry := &Request{
		Method: r.Method,
		Path:   r.URL.Path,
		Query:  r.URL.Query(),
		Header: r.Header.Clone(),
		Time:   time.Now(),
	}
	if l.counts == nil {
		l.counts = map[line]int{}
	}
	l.counts[line{r.Method, r.Host, r.URL.Path}]++
	l.all = append(l.all, entry)
	if l.bounded && len(l.all) > 2*l.most { // now and then, that copying costs little
		l.all = append([]*Request(nil), l.latest()...)
	}
	return entry
}

// latest is what the log has promised to keep.
func (l *requestLog) latest() []*Request {
	if !l.bounded {
		return l.all
	}
	return l.all[max(0, len(l.all)-l.most):]
}

func (l *requestLog) forget() { l.all, l.counts = nil, nil }

// note adds to the log's entry of a request.
func (s *Server) note(v *visit, change func(*Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(v.entry)
}

// Requests returns the requests that have arrived since the start or the last
// Reset, oldest first: also those that were refused, hang, or met a reset.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	latest := s.log.latest()
	copies := make([]Request, len(latest))
	for i, entry := range latest {
		copies[i] = *entry
	}
	return copies
}

// KeepRequests bounds what Requests returns to the latest n, for tests that send
// hundreds of thousands; 0 keeps none. Without it, all are kept, at about a kilobyte
// each. Count knows all of them in any case. It panics if n is negative.
func (s *Server) KeepRequests(n int) {
	if n < 0 {
		panic(fmt.Sprintf("boxtest: KeepRequests: %d is negative", n))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.bounded, s.log.most = true, n
}

// Count returns how many requests have matched the pattern, one of http.ServeMux,
// since the start or the last Reset. It panics if the pattern is malformed.
func (s *Server) Count(pattern string) int {
	m := newMatcher(pattern)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for l, times := range s.log.counts {
		if m.matches(&http.Request{Method: l.method, Host: l.host, URL: &url.URL{Path: l.path}}) {
			n += times
		}
	}
	return n
}

// matcher is a pattern of http.ServeMux, as a mux with that one route.
type matcher struct{ mux *http.ServeMux }

// newMatcher panics if the pattern is malformed, and names it.
func newMatcher(pattern string) matcher {
	mux := http.NewServeMux()
	mux.Handle(pattern, http.NotFoundHandler())
	return matcher{mux}
}

func (m matcher) matches(r *http.Request) bool {
	_, pattern := m.mux.Handler(r)
	return pattern != ""
}
