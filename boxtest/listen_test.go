// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// Otherwise tests in bubbles would wait in real time, or for ever.
func TestInMemoryTimeIsVirtual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t)
		s.Script("/", boxtest.Fault{Delay: 3 * time.Hour})
		start := time.Now()
		status, _ := call(t, s, "GET /users/me", "")
		if took := time.Since(start); status != 200 || took != 3*time.Hour {
			t.Errorf("got %d after %v, want 200 after 3h", status, took)
		}
	})
}

// Code under test makes its own URLs, such as those of an upload host.
func TestInMemoryAnswersForAnyHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t)
		resp, err := s.Client().Get("http://upload.box.test:8080/users/me")
		if err != nil {
			t.Fatal(err)
		}
		if status, _ := read(t, resp); status != 401 {
			t.Errorf("status = %d, want 401", status)
		}
	})
}

// Otherwise a bubble would not end: connections that are kept alive, what hangs, and
// what still waits belong to it.
func TestCloseEndsAllGoroutines(t *testing.T) {
	for name, f := range map[string]boxtest.Fault{
		"hang":      {Hang: true},
		"delay":     {Delay: time.Hour},
		"slow body": {Pause: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := boxtest.NewInMemory()
				mine := &http.Client{Transport: s.Client().Transport.(*http.Transport).Clone()}
				resp, err := mine.Get(s.URL + "/users/me") // leaves a connection behind
				if err != nil {
					t.Fatal(err)
				}
				read(t, resp)
				s.Script("/", f)
				ended := make(chan error)
				go func() {
					resp, err := try(t.Context(), s, "GET /users/me", http.NoBody)
					if err == nil {
						_, err = resp.Body.Read(make([]byte, 1))
					}
					ended <- err
				}()
				synctest.Wait()
				start := time.Now()
				s.Close()
				s.Close() // once more does no harm
				if err := <-ended; err == nil || time.Since(start) != 0 {
					t.Errorf("error %v after %v, want one at once", err, time.Since(start))
				}
				synctest.Wait()
				if n := goroutines(); n != 0 {
					t.Errorf("%d goroutines of connections are left", n)
				}
			})
		})
	}
}

// goroutines counts those that serve a connection or a listener in this bubble.
func goroutines() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "synctest bubble") && strings.Contains(stack, "net/http.(*") {
			n++
		}
	}
	return n
}

// A test of "Box cannot be reached" needs the error that a closed port gives.
func TestClosedServerRefusesConnections(t *testing.T) {
	t.Parallel()
	for name, s := range bothForms(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.Close()
			resp, err := try(t.Context(), s, "GET /users/me", http.NoBody)
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("got %v, error %v, want connection refused", resp, err)
			}
		})
	}
}

// A user who takes the wrong form should learn so, and not from a nil pointer.
func TestZeroServerHasNoClient(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "Client") {
			t.Errorf("panic = %q, want it to name Client", got)
		}
	}()
	new(boxtest.Server).Client()
}
