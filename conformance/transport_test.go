// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"cmp"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/translate"
)

// Each way in which no answer comes is made to happen, and gives what is written
// down.
func TestTransportVectors(t *testing.T) {
	t.Parallel()
	for _, v := range read[vector](t, "vectors/transport.jsonl", true) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			produce := failures[v.Failure]
			if produce == nil {
				t.Fatalf("failure %q is not known", v.Failure)
			}
			s := produce(t)
			s.transport.DisableKeepAlives = true
			ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(s.deadline, time.Minute))
			defer cancel()
			s.cancel(cancel)
			req, err := http.NewRequestWithContext(ctx, v.Method, s.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := translate.HTTP.TransportError(req, send(&http.Client{Transport: &s.transport}, req))
			if got == nil {
				t.Fatal("the request succeeded")
			}
			v.Want.check(t, got)
			checkStatus(t, got, []string{"127.0.0.1", "[::1]", "no-such-name"})
			checkHop(t, got)
		})
	}
}

// A scene is a server that fails and the client that meets it.
type scene struct {
	url       string
	transport http.Transport
	deadline  time.Duration
	arrived   <-chan struct{} // the caller cancels then
}

func (s *scene) cancel(f context.CancelFunc) {
	if s.arrived == nil {
		return
	}
	go func() {
		<-s.arrived
		f()
	}()
}

// send reads the whole answer, as a handler does.
func send(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// soon is how long those wait who do not want to wait.
const soon = 20 * time.Millisecond

var failures = map[string]func(*testing.T) *scene{
	"refused": func(t *testing.T) *scene {
		t.Helper()
		server := serve(t, http.NotFound)
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		// At a client's end nobody listens, and no other test can begin to.
		return &scene{url: "http://" + conn.LocalAddr().String()}
	},
	"reset_before_answer": func(t *testing.T) *scene {
		t.Helper()
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "")
		})
	},
	"cut_off_body": func(t *testing.T) *scene {
		t.Helper()
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		})
	},
	"client_timeout": func(t *testing.T) *scene {
		t.Helper()
		s, _ := hang(t)
		s.transport.ResponseHeaderTimeout = soon // it starts when the request is out, however busy the machine
		return s
	},
	"caller_deadline": func(t *testing.T) *scene {
		t.Helper()
		s, _ := hang(t)
		s.deadline = soon
		return s
	},
	"caller_cancelled": func(t *testing.T) *scene {
		t.Helper()
		s, arrived := hang(t)
		s.arrived = arrived
		return s
	},
	"no_such_name": func(*testing.T) *scene {
		// RFC 6761 section 6.4: nobody has a name under invalid. Asking would take a
		// resolver, and how long that takes is not ours to say.
		dial := func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "no-such-name.invalid", IsNotFound: true}}
		}
		return &scene{url: "http://no-such-name.invalid/", transport: http.Transport{DialContext: dial}}
	},
	"unknown_certificate": func(t *testing.T) *scene {
		t.Helper()
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		return &scene{url: server.URL}
	},
	"plain_http_on_tls": func(t *testing.T) *scene {
		t.Helper()
		s := serve(t, http.NotFound)
		s.url = strings.Replace(s.url, "http:", "https:", 1)
		return s
	},
}

// serve starts a server that lives as long as the test.
func serve(t *testing.T, h http.HandlerFunc) *scene {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return &scene{url: server.URL}
}

// hang is a server that does not answer before the client has left. It tells when
// a request has arrived.
func hang(t *testing.T) (*scene, <-chan struct{}) {
	t.Helper()
	arrived := make(chan struct{}, 1)
	return serve(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}), arrived
}

// hijack writes the beginning of an answer. Without one it resets the connection,
// else it closes it.
func hijack(w http.ResponseWriter, answer string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the test finds a success where there should be none
	}
	defer conn.Close()
	if answer == "" {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		return
	}
	_, _ = io.WriteString(conn, answer)
}
