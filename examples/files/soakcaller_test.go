// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/boxtest"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A soakKind is how a caller retries.
type soakKind string

const (
	soakPlain      soakKind = "plain"      // not at all
	soakBuiltIn    soakKind = "built-in"   // as its gRPC library does with our service config
	soakMiddleware soakKind = "middleware" // with go-grpc-middleware, by status codes alone
	soakOurs       soakKind = "our client" // with our client interceptors
)

var soakKinds = []soakKind{soakPlain, soakBuiltIn, soakMiddleware, soakOurs}

func (k soakKind) dialOptions() []grpc.DialOption {
	switch k {
	case soakBuiltIn:
		config := interceptors.ServiceConfig(filesv1.File_files_v1_file_service_proto.Services().ByName("FileService"))
		return []grpc.DialOption{grpc.WithDefaultServiceConfig(config)}
	case soakMiddleware:
		return []grpc.DialOption{
			grpc.WithChainUnaryInterceptor(mwretry.UnaryClientInterceptor(mwretry.WithMax(3))),
			grpc.WithChainStreamInterceptor(mwretry.StreamClientInterceptor(mwretry.WithMax(3))),
		}
	case soakOurs:
		return interceptors.DialOptions(interceptors.WithRetry(retry.WithBackoff(2*time.Millisecond, 50*time.Millisecond)))
	}
	return nil
}

// A soakCaller makes one call after the other, with a connection of its own, on a file
// and in a folder of its own.
type soakCaller struct {
	kind    soakKind
	conn    *grpc.ClientConn
	files   filesv1.FileServiceClient
	box     *boxtest.Server // to make what is to be deleted
	longest time.Duration   // of deadlines
	named   string          // what its writes are named after
	folder  string          // of what it makes
	file    string          // which it reads, and comments on
	content []byte          // of the file
	listed  string          // a folder of soakItems that stay

	writes []*soakWrite
	sends  int // of RPCs by the gRPC library
	codes  map[codes.Code]int
	wrong  []string
}

// soakItems is how many items the folder has that is listed.
const soakItems = 5

func newSoakCaller(t *testing.T, i int, box *boxtest.Server, to *soakServer, longest time.Duration) *soakCaller {
	t.Helper()
	c := &soakCaller{
		kind: soakKinds[i%len(soakKinds)], box: box, longest: longest,
		named: fmt.Sprintf("caller %d", i), codes: make(map[codes.Code]int),
	}
	options := append(c.kind.dialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStatsHandler(soakSends{}))
	conn, err := grpc.NewClient(to.address, options...)
	if err != nil {
		t.Fatal(err)
	}
	c.conn, c.files = conn, filesv1.NewFileServiceClient(conn)
	c.content = bytes.Repeat([]byte(c.named), 15_000)
	c.folder, c.listed = box.AddFolder("0", c.named), box.AddFolder("0", c.named+", full")
	c.file = box.AddFile(c.listed, "read", c.content)
	for item := range soakItems - 1 {
		box.AddFile(c.listed, fmt.Sprint(item), nil)
	}
	return c
}

func (c *soakCaller) close(t *testing.T) {
	t.Helper()
	if err := c.conn.Close(); err != nil {
		t.Error(err)
	}
}

// A soakCall is one call of an RPC. It returns what was wrong with an answer that was OK.
type soakCall func(*soakCaller, context.Context) (wrong string, err error)

var soakCalls = []soakCall{
	(*soakCaller).getFile, (*soakCaller).search, (*soakCaller).listFolder, (*soakCaller).downloadFile,
	(*soakCaller).uploadFile, (*soakCaller).createFolder, (*soakCaller).deleteFolder,
	(*soakCaller).addComment, (*soakCaller).addComment,
}

// callOnce makes one call of some RPC, with some deadline from 50 ms on. One of eight is
// cancelled before.
func (c *soakCaller) callOnce(ctx context.Context) {
	var sends soakCount
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, soakSends{}, &sends), c.deadline())
	defer cancel()
	if rand.N(8) == 0 {
		defer time.AfterFunc(rand.N(c.deadline()), cancel).Stop()
	}
	wrong, err := soakCalls[rand.N(len(soakCalls))](c, ctx)
	c.codes[status.Code(err)]++
	c.sends += sends.get()
	switch {
	case err != nil:
		time.Sleep(rand.N(20 * time.Millisecond)) // what is refused at once must not crowd out the rest
	case wrong != "" && !c.repeatsMessages():
		c.wrong = append(c.wrong, wrong)
	}
}

// repeatsMessages: go-grpc-middleware 2.3 opens a stream again that has broken off amid its
// messages, without a word to its caller, who gets those from the beginning once more.
func (c *soakCaller) repeatsMessages() bool { return c.kind == soakMiddleware }

// deadline is a short one as often as a long one.
func (c *soakCaller) deadline() time.Duration {
	const shortest = 50 * time.Millisecond
	return min(c.longest, shortest<<rand.N(6)+rand.N(shortest))
}

func (c *soakCaller) getFile(ctx context.Context) (string, error) {
	resp, err := c.files.GetFile(ctx, &filesv1.GetFileRequest{FileId: c.file})
	if got := resp.GetFile(); got.GetId() != c.file || got.GetSize() != int64(len(c.content)) {
		return fmt.Sprintf("GetFile(%s) = %v", c.file, got), err
	}
	return "", err
}

func (c *soakCaller) search(ctx context.Context) (string, error) {
	resp, err := c.files.Search(ctx, &filesv1.SearchRequest{Query: c.named + ", full", Limit: 1})
	if items := resp.GetItems(); len(items) != 1 || items[0].GetId() != c.listed {
		return fmt.Sprintf("Search(%s, full) = %v", c.named, items), err
	}
	return "", err
}

func (c *soakCaller) listFolder(ctx context.Context) (string, error) {
	got, err := pages(ctx, c.files, &filesv1.ListFolderRequest{FolderId: c.listed, PageSize: 2})
	if want := []int{2, 2, 1}; !slices.Equal(got, want) {
		return fmt.Sprintf("ListFolder sent pages of %v, want %v", got, want), err
	}
	return "", err
}

func (c *soakCaller) downloadFile(ctx context.Context) (string, error) {
	got, err := download(ctx, c.files, c.file)
	if !bytes.Equal(got, c.content) {
		return fmt.Sprintf("DownloadFile sent %d bytes, not the %d of the file", len(got), len(c.content)), err
	}
	return "", err
}

func (c *soakCaller) addComment(ctx context.Context) (string, error) {
	w := c.write(soakComment, c.file, "")
	_, err := c.files.AddComment(ctx, &filesv1.AddCommentRequest{FileId: w.in, Message: w.name})
	return "", w.end(ctx, err)
}

func (c *soakCaller) createFolder(ctx context.Context) (string, error) {
	w := c.write(soakFolder, c.folder, "")
	_, err := c.files.CreateFolder(ctx, &filesv1.CreateFolderRequest{ParentId: w.in, Name: w.name})
	return "", w.end(ctx, err)
}

func (c *soakCaller) deleteFolder(ctx context.Context) (string, error) {
	w := c.write(soakDeletion, "", "")
	w.in = c.box.AddFolder(c.folder, w.name)
	_, err := c.files.DeleteFolder(ctx, &filesv1.DeleteFolderRequest{FolderId: w.in})
	return "", w.end(ctx, err)
}

// uploadFile sends some pieces, of which some come late. The middleware cannot repeat
// such a call, and refuses to make it unless it is told not to try.
func (c *soakCaller) uploadFile(ctx context.Context) (string, error) {
	content := make([]byte, rand.N(2<<10))
	if rand.N(16) == 0 {
		content = make([]byte, rand.N(200<<10))
	}
	for i := range content {
		content[i] = byte(i >> 3)
	}
	sum := sha1.Sum(content)
	w := c.write(soakFile, c.folder, hex.EncodeToString(sum[:]))
	stream, err := c.files.UploadFile(ctx, mwretry.Disable())
	if err != nil {
		return "", w.end(ctx, err)
	}
	_ = stream.Send(uploadOf(w.in, w.name))
	for chunk := range slices.Chunk(content, len(content)/3+1) {
		_ = stream.Send(uploadChunk(chunk))
		if rand.N(4) == 0 {
			time.Sleep(rand.N(10 * time.Millisecond))
		}
	}
	resp, err := stream.CloseAndRecv()
	if got := resp.GetFile(); got.GetSha1() != w.sha1 {
		return fmt.Sprintf("UploadFile(%s) = %v, want the SHA-1 %s", w.name, got, w.sha1), w.end(ctx, err)
	}
	return "", w.end(ctx, err)
}

// soakSends counts how often an RPC is sent. What grpc-go sends again by itself, because
// no server has seen it, is not counted.
type soakSends struct{}

func (soakSends) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if begin, ok := s.(*stats.Begin); ok && !begin.IsTransparentRetryAttempt {
		ctx.Value(soakSends{}).(*soakCount).add()
	}
}

func (soakSends) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (soakSends) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (soakSends) HandleConn(context.Context, stats.ConnStats)                       {}
