// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

var bigFlag = flag.Int64("big", 0, "how many MiB TestBig sends up and down; 0 skips it")

// bigPeak is how much memory the service may ever take, in KiB.
const bigPeak = 64 << 10

// TestBig: however long a content is, the service holds no more than a piece of it. It is
// a process of its own, so that what the test and the fake Box take does not count.
func TestBig(t *testing.T) {
	if *bigFlag <= 0 {
		t.Skip("it takes long: ask for it with -big 1024, or make big")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("there is no /proc to read a process's peak of memory from")
	}
	box := boxtest.NewServer()
	defer box.Close()
	service := startBig(t, box.URL)
	size := *bigFlag << 20

	begun := time.Now()
	id := box.AddGenerated("0", "down", size)
	down, sum := service.download(t, id)
	if want := service.sha1(t, id); down != size || sum != want {
		t.Errorf("down: %d bytes with SHA-1 %s, want %d with %s", down, sum, size, want)
	}
	t.Logf("%d MiB down in %.1f s; peak so far: %d KiB", down>>20, time.Since(begun).Seconds(), service.peak(t))

	begun = time.Now()
	up, sum := service.upload(t, size)
	if up.GetSize() != size || up.GetSha1() != sum || service.sha1(t, up.GetId()) != sum {
		t.Errorf("up: %v, want %d bytes with SHA-1 %s", up, size, sum)
	}
	peak := service.peak(t)
	t.Logf("%d MiB up in %.1f s; peak in all: %d KiB", up.GetSize()>>20, time.Since(begun).Seconds(), peak)
	if peak > bigPeak {
		t.Errorf("the service took %d KiB at its peak, want no more than %d", peak, bigPeak)
	}
}

// A bigService is the program, as it is built, and a caller of it.
type bigService struct {
	cmd   *exec.Cmd
	files filesv1.FileServiceClient
}

func startBig(t *testing.T, boxURL string) *bigService {
	t.Helper()
	program := filepath.Join(t.TempDir(), "files")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "serve", "-listen", "127.0.0.1:0", "-box-url", boxURL, "-token", "T")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("files serve: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("files serve: got %q and error %v", line, err)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &bigService{cmd, filesv1.NewFileServiceClient(conn)}
}

// peak is the most memory that the process has ever had, in KiB.
func (s *bigService) peak(t *testing.T) (peak int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, ok := strings.Cut(string(status), "\nVmHWM:")
	if _, err := fmt.Sscan(line, &peak); !ok || err != nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	return peak
}

func (s *bigService) sha1(t *testing.T, id string) string {
	t.Helper()
	resp, err := s.files.GetFile(t.Context(), &filesv1.GetFileRequest{FileId: id})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetFile().GetSha1()
}

func (s *bigService) download(t *testing.T, id string) (size int64, sum string) {
	t.Helper()
	stream, err := s.files.DownloadFile(t.Context(), &filesv1.DownloadFileRequest{FileId: id})
	if err != nil {
		t.Fatal(err)
	}
	h := sha1.New()
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return size, hexSum(h)
		}
		if err != nil {
			t.Fatalf("after %d bytes: %v", size, err)
		}
		size += int64(len(resp.GetChunk()))
		_, _ = h.Write(resp.GetChunk())
	}
}

// upload sends a content that is made on the way. Box keeps its length and its SHA-1.
func (s *bigService) upload(t *testing.T, size int64) (_ *filesv1.File, sum string) {
	t.Helper()
	stream, err := s.files.UploadFile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := sha1.New()
	content := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{}), size), h)
	_ = stream.Send(uploadOf("0", "up"))
	for {
		chunk := make([]byte, chunkSize)
		n, err := io.ReadFull(content, chunk)
		if n == 0 {
			break
		}
		if err := stream.Send(uploadChunk(chunk[:n])); err != nil {
			break // CloseAndRecv says why
		}
		if err != nil {
			break
		}
	}
	resp, err := stream.CloseAndRecv()
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetFile(), hexSum(h)
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
