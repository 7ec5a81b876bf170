// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/bench/paired"
)

// A recording is what came over a connection to the caller, from its start.
type recording struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

// recorded is a wire over TCP that keeps what the caller reads.
func (r *recording) recorded() (net.Listener, string, []grpc.DialOption) {
	lis, target, _ := loopback()
	return lis, target, []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		return recordedConn{c, r}, err
	})}
}

type recordedConn struct {
	net.Conn

	to *recording
}

func (c recordedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.to.mu.Lock()
	defer c.to.mu.Unlock()
	c.to.bytes.Write(p[:n])
	return n, err
}

// A field is a header field as it is on average.
type field struct {
	name       string
	text, sent float64 // bytes of name and value, and what HPACK makes of them
}

// perRPC returns the fields of a failed RPC, and what else was sent for it. The first
// half is left out: by then HPACK knows what repeats.
func (r *recording) perRPC() (fields []field, rest float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	blocks, others := frames(bytes.NewReader(r.bytes.Bytes()))
	var buf bytes.Buffer
	enc := hpack.NewEncoder(&buf) // the one that grpc-go writes with
	counted := float64(len(blocks) - len(blocks)/2)
	for i, block := range blocks {
		for _, f := range block {
			buf.Reset()
			if err := enc.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value}); err != nil {
				panic(err)
			}
			if i < len(blocks)/2 {
				continue
			}
			at := slices.IndexFunc(fields, func(known field) bool { return known.name == f.Name })
			if at < 0 {
				at, fields = len(fields), append(fields, field{name: f.Name})
			}
			fields[at].text += float64(len(f.Name)+len(f.Value)) / counted
			fields[at].sent += float64(buf.Len()) / counted
		}
	}
	return fields, float64(others)/float64(len(blocks)) + frameHeader
}

// frameHeader is what each HTTP/2 frame begins with (RFC 9113 section 4.1).
const frameHeader = 9

// frames returns the header blocks, and how many bytes the other frames have.
func frames(r io.Reader) (blocks [][]hpack.HeaderField, others int) {
	framer := http2.NewFramer(io.Discard, r)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		f, err := framer.ReadFrame()
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			blocks = append(blocks, slices.Clone(f.Fields))
		default:
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return blocks, others
			}
			others += frameHeader + int(must(f, err).Header().Length)
		}
	}
}

// watch calls as often as there are different answers.
func (v errorVariant) watch() *recording {
	r, t := new(recording), new(table)
	defer t.end()
	cc := t.serve(r.recorded, v.handler(), v.server, nil)
	paired.Each(v.name, func() { mustFail(call(cc)) }).Run(variants)
	return r
}
