// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package readme compiles and runs what the README shows.
package readme_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

type files struct {
	filesv1.UnimplementedFileServiceServer

	box    string // https://api.box.com/2.0
	client *http.Client
}

func (f *files) GetFile(ctx context.Context, in *filesv1.GetFileRequest) (*filesv1.GetFileResponse, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.box+"/files/"+url.PathEscape(in.GetFileId()), nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, translate.Box.TransportError(req, err)
	}
	defer resp.Body.Close()
	if err := translate.Box.CheckResponse(resp); err != nil {
		return nil, fmt.Errorf("get file: %w", err)
	}
	file := &filesv1.File{}
	if err := json.NewDecoder(resp.Body).Decode(file); err != nil {
		return nil, translate.Box.TransportError(req, err)
	}
	return &filesv1.GetFileResponse{File: file}, nil
}

func newServer(url string, signed func(http.RoundTripper) http.RoundTripper) *grpc.Server {
	ctl := retry.New()
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(interceptors.UnaryServerInterceptor(ctl)),
		grpc.ChainStreamInterceptor(interceptors.StreamServerInterceptor(ctl)))
	f := &files{box: url, client: &http.Client{Transport: signed(boxhttp.NewTransport(ctl, nil))}}
	filesv1.RegisterFileServiceServer(srv, f)
	return srv
}

func dial(target string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient(target, append(interceptors.DialOptions(), options...)...)
	return conn, err
}

func ask(ctx context.Context, client filesv1.FileServiceClient, id string) {
	_, err := client.GetFile(ctx, &filesv1.GetFileRequest{FileId: id})
	if e, ok := translate.FromError(err); ok {
		wait, again := e.RetryDelay()
		fmt.Println(e.Code(), e.Reason(), e.Outcome(), again, wait)
	}
}

func Example() {
	box := boxtest.NewServer()
	defer box.Close()
	box.Script("GET /files/{id}", boxtest.Error(429, "rate_limit_exceeded", "slow down").With("Retry-After", "30"))

	listener := bufconn.Listen(1 << 16)
	srv := newServer(box.URL, func(base http.RoundTripper) http.RoundTripper { return bearer{base} })
	go func() { _ = srv.Serve(listener) }()
	defer srv.Stop()
	conn, err := dial("passthrough:box",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		log.Println(err)
		return
	}
	defer conn.Close()

	client := filesv1.NewFileServiceClient(conn)
	ask(context.Background(), client, "42")
	// Output:
	// ResourceExhausted RATE_LIMIT_EXCEEDED OUTCOME_NOT_APPLIED true 30s
}

// bearer stands for what signs the service's requests, such as oauth2.Transport.
type bearer struct{ base http.RoundTripper }

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer test")
	return b.base.RoundTrip(req)
}

var block = regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```")

// A snippet that does not compile is the first thing that a newcomer meets. Those
// of the README are cut from this file and from the program's own output.
func TestSnippets(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]int)
	for _, m := range block.FindAllStringSubmatch(string(readme), -1) {
		language, text := m[1], m[2]
		found[language]++
		switch language {
		case "go":
			if !strings.Contains(string(source), text) {
				t.Errorf("this snippet does not stand in readme_test.go:\n%s", text)
			}
		case "console":
			checkConsole(t, text)
		}
	}
	if found["go"] != 4 || found["console"] != 1 || found["yaml"] != 1 {
		t.Errorf("snippets by language: %v, want 4 of Go, 1 console, 1 of YAML", found)
	}
}

// checkConsole runs a command as it stands behind "$ " and compares its output.
func checkConsole(t *testing.T, text string) {
	t.Helper()
	command, want, _ := strings.Cut(strings.TrimPrefix(text, "$ "), "\n")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	cmd.Dir = "../.."
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	if !bytes.Equal(got, []byte(want)) {
		t.Errorf("%s prints\n%s\nthe README has\n%s", command, got, want)
	}
}
