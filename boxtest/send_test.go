// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

const newFolder = `{"name":"a","parent":{"id":"0"}}`

// folders counts what has arrived at the root.
func folders(t *testing.T, s *boxtest.Server) int {
	t.Helper()
	_, body := call(t, s, "GET /folders/0/items", "")
	return strings.Count(body, `"name":"a"`)
}

// A client's timeout cannot be tested without a server that says nothing, and its
// doubt about the write not without one that has done it.
func TestHang(t *testing.T) {
	for apply, want := range map[bool]int{false: 0, true: 1} {
		t.Run(fmt.Sprintf("Apply %t", apply), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inBubble(t)
				s.Script("POST /folders", boxtest.Fault{Hang: true, Apply: apply})
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				_, err := try(ctx, s, "POST /folders", strings.NewReader(newFolder))
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want the deadline's", err)
				}
				synctest.Wait()
				if r := s.Requests()[0]; r.Status != 0 || r.Applied != apply || r.BodyLen != len(newFolder) {
					t.Errorf("request = %+v, want no status, Applied %t", r, apply)
				}
				if got := folders(t, s); got != want {
					t.Errorf("%d folders, want %d", got, want)
				}
			})
		})
	}
}

// The write has happened by the time its slow answer comes: who gives up waiting and
// repeats it meets it.
func TestDelayComesAfterTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t)
		s.Script("POST /folders", boxtest.Fault{Delay: time.Minute}, boxtest.Fault{Status: 503, Delay: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := try(ctx, s, "POST /folders", strings.NewReader(newFolder)); err == nil {
			t.Error("no error, want the deadline's")
		}
		if got := folders(t, s); got != 1 {
			t.Errorf("%d folders, want 1", got)
		}
		start := time.Now()
		status, _ := call(t, s, "POST /folders", newFolder)
		if status != 503 || time.Since(start) != time.Minute {
			t.Errorf("got %d after %v, want 503 after 1m", status, time.Since(start))
		}
	})
}

// A reader that bounds silence, and not the whole, is right to go on.
func TestSlowBody(t *testing.T) {
	tests := map[string]struct {
		fault boxtest.Fault
		want  time.Duration
	}{
		"byte by byte":   {boxtest.Fault{Pause: time.Second}, 10 * time.Second},
		"four at a time": {boxtest.Fault{Pause: time.Second, ChunkLen: 4}, 3 * time.Second},
		"cut":            {boxtest.Fault{Pause: time.Second, CutAfter: 2}, 2 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inBubble(t)
				id := s.AddFile("0", "digits", []byte("0123456789"))
				s.Script("/", tt.fault)
				start := time.Now()
				resp := ask(t, s, "GET /files/"+id+"/content", "")
				if time.Since(start) != 0 {
					t.Errorf("head after %v, want it at once", time.Since(start))
				}
				if _, err := resp.Body.Read(make([]byte, 1)); err != nil || time.Since(start) != time.Second {
					t.Errorf("first byte after %v, error %v, want it after 1s", time.Since(start), err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				if got := time.Since(start); got != tt.want {
					t.Errorf("body took %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// Code that reads bodies itself meets compressed ones, errors among them.
func TestGzip(t *testing.T) {
	t.Parallel()
	for name, s := range bothForms(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := boxtest.Error(404, "not_found", "gone")
			f.Gzip = true
			s.Script("/", f)
			resp := ask(t, s, "GET /users/me", "", "Accept-Encoding", "identity")
			if resp.StatusCode != 404 || resp.Header.Get("Content-Encoding") != "gzip" {
				t.Errorf("answer = %s, %v", resp.Status, resp.Header)
			}
			unzip, err := gzip.NewReader(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(unzip); string(got) != f.Body || err != nil {
				t.Errorf("body = %s, error %v, want %s", got, err, f.Body)
			}
		})
	}
}

// A proxy's wrong length makes JSON that looks whole, or breaks what was whole.
func TestWrongLength(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		off     int
		want    string
		wantLen int64
		wantErr error
	}{
		"too long":        {5, "0123456789", 15, io.ErrUnexpectedEOF},
		"too short":       {-3, "0123456", 7, nil},
		"shorter than it": {-99, "", 0, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, s := range bothForms(t) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					id := s.AddFile("0", "digits", []byte("0123456789"))
					s.Script("/", boxtest.Fault{LengthOff: tt.off})
					resp := ask(t, s, "GET /files/"+id+"/content", "")
					got, err := io.ReadAll(resp.Body)
					if string(got) != tt.want || resp.ContentLength != tt.wantLen || !errors.Is(err, tt.wantErr) {
						t.Errorf("got %q of %d, error %v, want %q of %d, error %v",
							got, resp.ContentLength, err, tt.want, tt.wantLen, tt.wantErr)
					}
					if tt.off < 0 && !resp.Close {
						t.Error("the connection stays, with bytes on it that belong to no answer")
					}
					if resp.StatusCode != 200 || resp.Header.Get("Box-Request-Id") == "" {
						t.Errorf("head = %s %v, want the normal one", resp.Status, resp.Header)
					}
					if status, _ := call(t, s, "GET /users/me", ""); status != 200 {
						t.Errorf("the next request got %d, want 200", status)
					}
				})
			}
		})
	}
}

// Without its id, a 401 from production could not be found in Box's log; so tests
// should have one to look for, unless they say that there is none.
func TestEvery401HasARequestID(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.Script("/", boxtest.Fault{Status: 401}, boxtest.Fault{Status: 401}.With("Box-Request-Id", "mine"),
		boxtest.Fault{Status: 401, Header: http.Header{"Box-Request-Id": nil}}, boxtest.Fault{Status: 502})
	for i, want := range []int{16, 4, 0, 0} {
		if got := ask(t, s, "GET /users/me", "").Header.Get("Box-Request-Id"); len(got) != want {
			t.Errorf("answer %d: Box-Request-Id = %q, want %d characters", i, got, want)
		}
	}
}
