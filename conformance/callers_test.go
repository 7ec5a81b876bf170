// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

var languages = flag.Bool("languages", false, "run the callers in other languages too; make conformance builds them")

// A caller is a program that uses the stock gRPC library of its language, and
// nothing of ours but generated code.
type caller struct {
	name    string   // as the tables show it
	command []string // empty: this process
	// repeats is false where the library has no retry of its own.
	repeats bool
	// known tells that another caller reads for it: only what it sends again counts.
	known bool
}

// goCaller comes first: what the others see is compared with it.
var goCaller = caller{name: "Go, grpc-go", repeats: true}

var otherCallers = []caller{
	{name: "TypeScript, grpc-js", command: []string{"node", "typescript/build/src/grpcjs.js"}, repeats: true},
	{name: "TypeScript, connect-node", command: []string{"node", "typescript/build/src/connect.js"}},
	{name: "connect-node + interceptor", command: []string{"node", "typescript/build/src/connect.js", "--retry"}, repeats: true, known: true},
	{name: "Python, grpcio", command: []string{"env", "PYTHONPATH=python/gen", "/usr/bin/python3", "python/client.py"}, repeats: true},
	{name: "Java, grpc-java", command: []string{"java", "@java/options", "Client"}, repeats: true},
}

// readers are those callers that run today and read in a way of their own.
func readers() []caller {
	if !*languages {
		return []caller{goCaller}
	}
	return slices.DeleteFunc(repeaters(), func(c caller) bool { return c.known })
}

// repeaters are all callers.
func repeaters() []caller { return append([]caller{goCaller}, otherCallers...) }

// A call is what a caller is asked to do.
type call struct {
	Target    string `json:"target"`     // host:port, without TLS
	Method    string `json:"method"`     // of FileService
	ID        string `json:"id"`         // of the file or folder
	Language  string `json:"language"`   // for accept-language; "": none
	Config    string `json:"config"`     // the service config to dial with
	TimeoutMS int64  `json:"timeout_ms"` // deadline of the call
}

// A sight is what a caller saw. The members from Reason to Rule are what the
// program has read with the means of its language, as the snippets of
// docs/languages.md do. Details is each detail in ProtoJSON, all members.
type sight struct {
	Code     string   `json:"code"`
	Message  string   `json:"message"`
	Pushback []string `json:"pushback"` // the trailer grpc-retry-pushback-ms
	Raw      string   `json:"raw"`      // the trailer grpc-status-details-bin, base64

	Reason    string            `json:"reason"`
	Domain    string            `json:"domain"`
	Metadata  map[string]string `json:"metadata"`
	RequestID string            `json:"request_id"`
	WaitMS    *int64            `json:"wait_ms"` // rounded up, or it would be too early; null: no RetryInfo
	// InTheWay is ResourceInfo's name; "" without one.
	InTheWay string `json:"in_the_way"`
	// Rule is how BoxCode's rule, or catalog.json, classes the reason; "" without one.
	Rule string `json:"rule"`

	Details []map[string]any `json:"details"`
}

// status is what the caller's library has received, read here.
func (s sight) status() (*spb.Status, error) {
	raw, err := base64.StdEncoding.DecodeString(s.Raw)
	if err != nil {
		return nil, fmt.Errorf("raw: %w", err)
	}
	st := new(spb.Status)
	return st, proto.Unmarshal(raw, st)
}

// patience is how long a caller may take for one call, the time that it waits
// between tries included.
const patience = 2 * deadline

// deadline of a call.
const deadline = 20 * time.Second

// start starts the caller. ask makes one call; it is for one goroutine, but for that
// of goCaller.
func (c caller) start(t *testing.T) (ask func(call) (sight, error)) {
	t.Helper()
	if c.command == nil {
		return askGo
	}
	cmd := exec.Command(c.command[0], c.command[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v (make conformance builds it)", c.name, err)
	}
	kill := func() { _ = cmd.Process.Kill() }
	t.Cleanup(func() {
		_ = in.Close() // which ends the program
		defer time.AfterFunc(patience, kill).Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	})
	lines := bufio.NewReader(out)
	return func(what call) (s sight, err error) {
		if err := json.NewEncoder(in).Encode(what); err != nil {
			return s, err
		}
		// Whoever is too slow is ended: its answer must not be taken for the next one.
		guard := time.AfterFunc(patience, kill)
		line, err := lines.ReadString('\n')
		if !guard.Stop() || err != nil {
			return s, fmt.Errorf("no answer within %v: %w", patience, cmp.Or(err, io.EOF))
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		return s, d.Decode(&s)
	}
}
