// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// Server is a fake Box. It is safe for concurrent use. The zero Server is ready to
// be an http.Handler and listens nowhere; it must not be copied after first use.
type Server struct {
	// URL is where the server listens, such as "http://127.0.0.1:4711": put a path
	// of Box behind it. It is empty for a zero Server.
	URL string

	stop   func() // nil for a zero Server, as is client
	client *http.Client

	once sync.Once
	box  *box // use state()

	mu     sync.Mutex // guards what follows; never held together with box.mu
	script []*scene
	hooks  []hook
	limits []*limit
	log    requestLog
}

// ServeHTTP answers one request: as the script says, else as Box would. What breaks
// a connection, or never answers, needs the server of net/http around it: elsewhere
// it panics with http.ErrAbortHandler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := &arriving{ReadCloser: r.Body}
	r = r.WithContext(r.Context()) // a handler must not change the request that it got
	r.Body = body
	v := s.arrive(r)
	f := v.fault
	if f.ResetUnread {
		reset(w)
		return
	}
	a, err := s.receive(r, f)
	s.note(v, func(e *Request) {
		e.BodyLen = body.n
		e.Applied = err == nil && a.applied(r)
	})
	if err != nil {
		// Half a request does nothing and uses up no fault; its sender is gone.
		s.giveBack(v)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch {
	case !wait(r.Context(), f.Delay):
		panic(http.ErrAbortHandler)
	case f.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case f.Reset:
		reset(w)
	default:
		a = f.over(a)
		s.note(v, func(e *Request) { e.Status = a.status })
		send(w, r, a, f)
	}
}

// receive reads the whole request, and carries it out if the fault lets it. The
// answer is nil if it does not.
func (s *Server) receive(r *http.Request, f Fault) (*answer, error) {
	var refusal *answer
	switch normal := f.Status == 0 && !f.Hang && !f.Reset; {
	case !normal && !f.Apply:
	case !hasToken(r):
		refusal = unauthorized()
	default:
		if refusal = s.overLimit(r); refusal == nil {
			return s.state().do(r)
		}
	}
	// Box may refuse before the body is there. To wait for it keeps the refusal from
	// getting lost with a connection that breaks under the sender.
	_, err := io.Copy(io.Discard, r.Body)
	return refusal, err
}

// wait waits, and tells whether the client is still there. It has gone, too, when the
// server closes: that breaks its connection.
func wait(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Reset forgets scripts, limits and requests. Files and folders stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.hooks, s.limits = nil, nil, nil
	s.log.forget()
}

// state returns what the server holds, made on first use: the zero Server works.
func (s *Server) state() *box {
	s.once.Do(func() { s.box = newBox() })
	return s.box
}

// locked changes what the server holds, or looks at it.
func (s *Server) locked(f func(b *box)) {
	b := s.state()
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b)
}
