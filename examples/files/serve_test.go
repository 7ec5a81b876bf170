// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// startServe runs serve as the command line does. stop ends it like a signal and
// returns the exit status.
func startServe(t *testing.T, args ...string) (files filesv1.FileServiceClient, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	out, in := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, append([]string{"serve", "-listen", "127.0.0.1:0"}, args...), in, in)
		_ = in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("got %q and error %v", line, err)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return filesv1.NewFileServiceClient(conn), func() int { cancel(); return <-status }
}

func TestServe(t *testing.T) {
	box, uploads := boxtest.NewServer(), boxtest.NewServer()
	defer box.Close()
	defer uploads.Close()
	files, stop := startServe(t, "-box-url", box.URL+"/", "-upload-url", uploads.URL, "-token", "T")
	id := box.AddFile("0", "plan.txt", []byte("dig here"))
	if got, err := download(t.Context(), files, id); err != nil || string(got) != "dig here" {
		t.Errorf("got %q and error %v", got, err)
	}
	if _, err := upload(t.Context(), files, "film.mp4", []byte("lights")); err != nil {
		t.Error(err)
	}
	if got := uploads.Requests(); len(got) != 1 || got[0].Header.Get("Authorization") != "Bearer T" {
		t.Errorf("for uploads: got %v", got)
	}
	if got := stop(); got != 0 {
		t.Errorf("exit status %d", got)
	}
}

// TestShutDown: calls in progress may end, for a while.
func TestShutDown(t *testing.T) {
	for _, tt := range []struct {
		takes time.Duration
		want  codes.Code
	}{
		{grace - time.Second, codes.OK},
		{grace + time.Second, codes.Unavailable},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := newServer(inBubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(tt.takes): // of the bubble's time
					_, _ = io.WriteString(w, "{}")
				case <-r.Context().Done():
				}
			})))
			files := filesv1.NewFileServiceClient(dial(t, srv))
			got := make(chan error)
			go func() {
				_, err := files.GetFile(t.Context(), &filesv1.GetFileRequest{FileId: "1"})
				got <- err
			}()
			synctest.Wait() // Box is at it
			go shutDown(srv)
			if err := <-got; status.Code(err) != tt.want {
				t.Errorf("a call that takes %v: got %v, want %v", tt.takes, err, tt.want)
			}
		})
	}
}

func TestServeCredentials(t *testing.T) {
	box := boxtest.NewServer()
	defer box.Close()
	for _, tt := range []struct {
		flag string
		want codes.Code
	}{
		{"-service-account=false", codes.Unauthenticated},
		{"-service-account", codes.Internal},
	} {
		files, stop := startServe(t, "-box-url", box.URL, "-token", "T", tt.flag)
		box.Script("/", expired)
		if _, err := download(t.Context(), files, "1"); status.Code(err) != tt.want {
			t.Errorf("%s: got %v, want %v", tt.flag, err, tt.want)
		}
		stop()
	}
}

// With -attempts 1 the service repeats nothing: callers who retry by themselves would
// otherwise multiply what it does.
func TestServeAttempts(t *testing.T) {
	for attempts, want := range map[string]int{"1": 1, "2": 2} {
		box := boxtest.NewServer()
		defer box.Close()
		files, stop := startServe(t, "-box-url", box.URL, "-token", "T", "-attempts", attempts)
		down := boxtest.Error(503, "unavailable", "later")
		box.Script("/", down, down, down)
		_, _ = files.GetFile(t.Context(), &filesv1.GetFileRequest{FileId: "1"})
		if got := len(box.Requests()); got != want {
			t.Errorf("-attempts %s: %d requests to Box, want %d", attempts, got, want)
		}
		stop()
	}
}

func TestCommandLine(t *testing.T) {
	tests := []struct {
		args       []string
		want       int
		stdout     string
		stderrLine string
	}{
		{[]string{"-h"}, 0, "Usage:", ""},
		{[]string{"serve", "-h"}, 0, "Example:", ""},
		{[]string{"bogus"}, 2, "", `unknown command "bogus"`},
		{[]string{"serve"}, 2, "", "-box-url is missing"},
		{[]string{"serve", "-box-url", "http://box"}, 2, "", "-token is missing"},
		{[]string{"serve", "-box-url", "box.com", "-token", "T"}, 2, "", `-box-url "box.com" is no URL`},
		{[]string{"serve", "-box-url", "http://box", "-upload-url", "ftp://x", "-token", "T"}, 2, "", "-upload-url"},
		{[]string{"serve", "-box-url", "http://box", "-token", "T", "more"}, 2, "", `unexpected argument "more"`},
		{[]string{"serve", "-port", "1"}, 2, "", "-port"},
		{[]string{"serve", "-box-url", "http://box", "-token", "T", "-attempts", "0"}, 2, "", "-attempts 0 is not from 1 to 100"},
		{[]string{"serve", "-box-url", "http://box", "-token", "T", "-attempts", "101"}, 2, "", "-attempts 101 is not from 1 to 100"},
		{[]string{"serve", "-box-url", "http://box", "-token", "T", "-listen", "nowhere"}, 1, "", "listen"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var out, errOut bytes.Buffer
			if got := run(t.Context(), tt.args, &out, &errOut); got != tt.want {
				t.Errorf("exit status %d, want %d", got, tt.want)
			}
			checkOutput(t, "standard output", out.String(), tt.stdout)
			checkOutput(t, "standard error", errOut.String(), tt.stderrLine)
			if strings.Count(errOut.String(), "\n") > 1 {
				t.Errorf("more than one line: %s", errOut.String())
			}
		})
	}
}

func checkOutput(t *testing.T, name, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) || want == "" && got != "" {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}
