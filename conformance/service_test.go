// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// binaries is where what the tests build goes.
var binaries string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "boxgrpc")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaries = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// buildService builds the example service, once.
var buildService = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	path := filepath.Join(binaries, "files")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "../examples/files").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build ../examples/files: %w\n%s", err, out)
	}
	return path, nil
})

// startService starts the example service in front of a Box, as a user does, and
// returns its address. Each case has its own: a gate that one has closed must not
// meet the next.
func startService(t *testing.T, boxURL string, attempts int) (target string, stop func()) {
	t.Helper()
	path, err := buildService()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "serve", "-listen", "127.0.0.1:0",
		"-box-url", boxURL, "-token", "T", "-attempts", strconv.Itoa(attempts))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // every call of its one client has ended
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	guard := time.AfterFunc(patience, stop) // a service that does not start says nothing
	line, err := bufio.NewReader(out).ReadString('\n')
	guard.Stop()
	target, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("the service said %q, and then %v", line, err)
	}
	return target, stop
}
