// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// A world is a fake Box with the example service in front of it, for one case.
type world struct {
	box     *boxtest.Server
	target  string // of the service
	rpc     string // what the caller calls
	id      string // of what the RPC is about
	request string // what the RPC leads to, as a pattern of boxtest's
	end     func()
}

func newWorld(t *testing.T, attempts int, method string) *world {
	t.Helper()
	box := boxtest.NewServer()
	target, stop := startService(t, box.URL, attempts)
	w := &world{box: box, target: target, rpc: methods[method].rpc, request: methods[method].request, end: stop}
	w.id = box.AddFolder("0", "old")
	if method == http.MethodGet {
		w.id = box.AddFile("0", "plan.txt", []byte("dig here"))
	}
	return w
}

func (w *world) stop() {
	w.end()
	w.box.Close()
}

// ask has a caller make the call.
func (w *world) ask(t *testing.T, ask func(call) (sight, error), language, config string) sight {
	t.Helper()
	got, err := ask(call{Target: w.target, Method: w.rpc, ID: w.id, Language: language, Config: config, TimeoutMS: deadline.Milliseconds()})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// times are when the requests came that the RPC leads to. What the service only
// looks up is not among them.
func (w *world) times() []time.Time {
	method, path, _ := strings.Cut(w.request, " ")
	root, _, _ := strings.Cut(path, "{")
	var times []time.Time
	for _, r := range w.box.Requests() {
		if r.Method == method && strings.HasPrefix(r.Path, root) {
			times = append(times, r.Time)
		}
	}
	return times
}
