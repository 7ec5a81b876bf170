// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// A reset says less than any answer: the client cannot know whether its write was
// carried out.
func TestReset(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault       boxtest.Fault
		wantFolders int
		wantBodyLen int
	}{
		"unread":          {boxtest.Fault{ResetUnread: true}, 0, 0},
		"read":            {boxtest.Fault{Reset: true}, 0, len(newFolder)},
		"read and heeded": {boxtest.Fault{Reset: true, Apply: true}, 1, len(newFolder)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, s := range bothForms(t) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s.Script("POST /folders", tt.fault)
					_, err := try(t.Context(), s, "POST /folders", strings.NewReader(newFolder))
					if isReset := errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE); err == nil ||
						isReset == strings.Contains(s.URL, "box.test") {
						t.Errorf("error %v, want a reset on TCP and another one in memory", err)
					}
					if r := s.Requests()[0]; r.Status != 0 || r.BodyLen != tt.wantBodyLen || r.Applied != (tt.wantFolders > 0) {
						t.Errorf("request = %+v", r)
					}
					if got := folders(t, s); got != tt.wantFolders {
						t.Errorf("%d folders, want %d", got, tt.wantFolders)
					}
				})
			}
		})
	}
}

// A client that sends a film must learn of the reset before its end.
func TestResetUnreadDoesNotWaitForTheBody(t *testing.T) {
	t.Parallel()
	for name, s := range bothForms(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.Script("/", boxtest.Fault{ResetUnread: true})
			body := &film{left: 1 << 30}
			if _, err := try(t.Context(), s, "POST /folders", body); err == nil || body.left == 0 {
				t.Errorf("error %v with %d bytes unsent, want an error before the end", err, body.left)
			}
		})
	}
}

// film is a long body of nothing.
type film struct{ left int }

func (f *film) Read(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// HTTP/2 and recorders have no connection to take: the request breaks all the same.
func TestResetWithoutAConnection(t *testing.T) {
	t.Parallel()
	defer func() {
		if got, _ := recover().(error); !errors.Is(got, http.ErrAbortHandler) {
			t.Errorf("panic = %v, want http.ErrAbortHandler", got)
		}
	}()
	s := new(boxtest.Server)
	s.Script("/", boxtest.Fault{Reset: true})
	serve(s, "GET /users/me")
}
