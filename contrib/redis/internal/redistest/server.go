// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package redistest runs a real Redis for tests, and what may come between it and them.
package redistest

import (
	"bufio"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A Server is a redis-server on a free port, without anything on disk.
type Server struct {
	// Addr is where it listens, also after a restart.
	Addr string

	tb   testing.TB
	args []string
	cmd  *exec.Cmd
}

// Start runs a server until the test ends. Without the program the test fails, or is
// skipped if it is to be short.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if testing.Short() {
			tb.Skip("there is no redis-server")
		}
		tb.Fatal("there is no redis-server: apt-get install --no-install-recommends redis-server")
	}
	s := &Server{Addr: freeAddr(tb), tb: tb, args: args}
	s.Restart()
	tb.Cleanup(s.Kill)
	return s
}

// Restart starts a server that has been killed. It returns when it accepts connections.
func (s *Server) Restart() {
	s.tb.Helper()
	host, port, _ := net.SplitHostPort(s.Addr)
	args := append([]string{"--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", s.tb.TempDir()}, s.args...)
	s.cmd = exec.Command("redis-server", args...) //nolint:gosec // a test's own
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.tb.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	var log []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		log = append(log, lines.Text())
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return
		}
	}
	s.tb.Fatalf("redis-server ended:\n%s", strings.Join(log, "\n"))
}

// Kill ends the server as a crash does. What it knew is lost.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

func freeAddr(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Clients is how many connections the server has, the one that asks included.
func (s *Server) Clients() int {
	s.tb.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer func() { _ = c.Close() }()
	list, err := c.ClientList(s.tb.Context()).Result()
	if err != nil {
		s.tb.Fatal(err)
	}
	return strings.Count(list, "\n")
}
