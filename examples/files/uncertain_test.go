// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/retry"
)

// The case that Box documents and nobody tests: a write is carried out and then answered
// 503. People find two folders, two comments, or an error for what has worked. A caller
// that calls once gets OK with the id, and Box has it once.
func TestUncertainWrite(t *testing.T) {
	faults := map[string]boxtest.Fault{
		"503, applied":   {Status: 503, Apply: true},
		"503":            {Status: 503},
		"reset, applied": {Reset: true, Apply: true},
		"reset":          {Reset: true},
		"reset, unread":  {ResetUnread: true},
		"hangs, applied": {Hang: true, Apply: true},
	}
	for _, w := range uncertainWrites() {
		for name, f := range faults {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					box, files := uncertainStage(t, nil)
					box.Script(w.pattern, f)
					id, trailer, err := w.call(t.Context(), files)
					sent := box.Count(w.pattern)
					switch {
					case w.onlyOnce && !f.Apply:
						checkUnknown(t, err, trailer)
						checkLeft(t, box, w, 0)
					case err != nil || (id == "") != (w.want == 0):
						t.Errorf("got id %q and error %v", id, err)
					default:
						checkLeft(t, box, w, w.want)
					}
					if f.Apply && w.want == 1 && sent != 1 {
						t.Errorf("sent %d times", sent)
					}
				})
			})
		}
	}
}

// Nobody can look: the caller learns that nobody knows. What it must not get is leave to
// try again, which would make a second one.
func TestUncertainWriteWithoutALook(t *testing.T) {
	for _, w := range uncertainWrites()[:3] {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				box, files := uncertainStage(t, func(c *client) {
					nobody := &http.Client{Transport: noTransport{}}
					c.look = boxhttp.NewLookup(nobody, "http://nowhere.test")
				})
				box.Script(w.pattern, boxtest.Fault{Status: 503, Apply: true})
				_, trailer, err := w.call(t.Context(), files)
				checkUnknown(t, err, trailer)
				if n := box.Count(w.pattern); n != 1 {
					t.Errorf("sent %d times", n)
				}
				checkLeft(t, box, w, 1)
			})
		})
	}
}

type noTransport struct{}

func (noTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, http.ErrServerClosed
}

// A look-up that fails in each way that Box has: the first failure stays.
func TestUncertainWriteAndNoAnswer(t *testing.T) {
	for name, f := range map[string]boxtest.Fault{
		"503": {Status: 503}, "429": boxtest.Fault{Status: 429}.With("Retry-After", "60"), "hangs": {Hang: true},
	} {
		for _, w := range uncertainWrites()[:3] {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					box, files := uncertainStage(t, nil)
					box.Script(w.pattern, boxtest.Fault{Status: 503, Apply: true})
					box.ScriptFunc(w.look, func(boxtest.Request) boxtest.Fault { return f })
					_, trailer, err := w.call(t.Context(), files)
					checkUnknown(t, err, trailer)
					checkLeft(t, box, w, 1)
				})
			})
		}
	}
}

// A second writer takes the name in between: the caller gets ALREADY_EXISTS, and not the
// other's folder.
func TestUncertainWriteAndASecondWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, files := uncertainStage(t, nil)
		box.ScriptFunc("POST /folders", func(boxtest.Request) boxtest.Fault {
			if box.Count("POST /folders") > 1 {
				return boxtest.Fault{}
			}
			box.AddFolder("0", "reports")
			return boxtest.Fault{Status: 503}
		})
		_, trailer, err := callUncertainCreate(t.Context(), files)
		if got := newSeen(unary, err, trailer); got.code != codes.AlreadyExists || got.again || got.resource == "" {
			t.Errorf("got %+v", got)
		}
		checkLeft(t, box, uncertainWrites()[0], 1)
	})
}

// A real connection, and a real RST after the request was read.
func TestUncertainWriteOverTCP(t *testing.T) {
	for _, w := range uncertainWrites() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			box := boxtest.NewServer()
			defer box.Close()
			box.AddFile("0", "plan.txt", nil)
			box.AddFolder("0", "drafts")
			ctl := retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
			files := filesv1.NewFileServiceClient(dial(t, newServer(newClient(box.URL, "token", ctl, box.Client().Transport))))
			box.Script(w.pattern, boxtest.Fault{Reset: true, Apply: true})
			if id, _, err := w.call(t.Context(), files); err != nil || (id == "") != (w.want == 0) {
				t.Errorf("got id %q and error %v", id, err)
			}
			checkLeft(t, box, w, w.want)
		})
	}
}
