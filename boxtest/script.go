// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"net/http"
	"slices"
)

// Script gives the next len(faults) requests that match the pattern one fault
// each, in order. The pattern is one of http.ServeMux, such as "POST /folders",
// "GET /files/{id}" or "/". Where several scripts match, the oldest that has
// faults left is used. Faults come before the check of the token, and before limits.
//
// Script panics if the pattern is malformed, and if a fault contradicts itself or
// has a field out of bounds; the panic names the field.
func (s *Server) Script(pattern string, faults ...Fault) {
	for _, f := range faults {
		f.check(pattern)
	}
	added := &scene{matcher: newMatcher(pattern), faults: slices.Clone(faults)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, added)
}

// ScriptFunc asks f for the fault of every request that matches the pattern and gets
// none from Script. A zero Fault lets the request through. Of several functions that
// match, the oldest decides. f is called when the head of a request has arrived, by
// many goroutines at once, and may call the server's methods.
//
// ScriptFunc panics if the pattern is malformed. If f returns a fault that Script
// would panic on, the request's handler does: the connection breaks, and net/http
// logs why.
func (s *Server) ScriptFunc(pattern string, f func(Request) Fault) {
	added := hook{newMatcher(pattern), pattern, f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, added)
}

// scene is one call of Script.
type scene struct {
	matcher
	faults []Fault // those that are left
}

// hook is one call of ScriptFunc.
type hook struct {
	matcher
	pattern string
	fault   func(Request) Fault
}

// visit is a request with its fault.
type visit struct {
	entry *Request // in the log, guarded by Server.mu
	fault Fault
	from  *scene // nil if no scene gave the fault
}

// arrive logs the request and takes its fault in one step, so that concurrent
// requests get their faults in the order in which Requests lists them.
func (s *Server) arrive(r *http.Request) *visit {
	s.mu.Lock()
	v := &visit{entry: s.log.add(r)}
	head := *v.entry
	for _, scene := range s.script {
		if len(scene.faults) > 0 && scene.matches(r) {
			v.from, v.fault, scene.faults = scene, scene.faults[0], scene.faults[1:]
			break
		}
	}
	hooks := s.hooks
	s.mu.Unlock()
	if v.from != nil {
		return v
	}
	for _, h := range hooks {
		if h.matches(r) {
			v.fault = h.fault(head)
			v.fault.check(h.pattern)
			break
		}
	}
	return v
}

// giveBack returns the fault of a request that was none.
func (s *Server) giveBack(v *visit) {
	if v.from == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v.from.faults = slices.Insert(slices.Clone(v.from.faults), 0, v.fault)
}
