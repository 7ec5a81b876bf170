// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// MaxKept is how many bytes of one content the server keeps: 1 MiB. Of a longer one
// that is uploaded only length and SHA-1 remain. Its download is refused by 409 with
// the code content_not_kept, which is not one of Box's, unless it is the same as
// that of a file of AddGenerated: then the bytes are generated again.
const MaxKept = 1 << 20

// content is the bytes of a file, or what is known of them. It never changes.
type content struct {
	size      int64
	sum       func() string // its SHA-1 in hex; nil for none
	kept      []byte        // nil if it was too long
	generated *generated    // nil if it was not
}

func keep(kept []byte) *content {
	sum := sha1.Sum(kept)
	return summed(int64(len(kept)), hex.EncodeToString(sum[:]), kept)
}

func summed(size int64, sum string, kept []byte) *content {
	return &content{size: size, sum: func() string { return sum }, kept: kept}
}

// readContent reads all, and keeps as much as it may.
func readContent(r io.Reader) (*content, error) {
	hash, kept := sha1.New(), new(keeper)
	size, err := io.Copy(io.MultiWriter(hash, kept), r)
	return summed(size, hex.EncodeToString(hash.Sum(nil)), kept.bytes), err
}

// keeper keeps what is written to it until it is too much.
type keeper struct {
	bytes []byte
	over  bool
}

func (k *keeper) Write(p []byte) (int, error) {
	k.over = k.over || len(k.bytes)+len(p) > MaxKept
	if k.over {
		k.bytes = nil
	} else {
		k.bytes = append(k.bytes, p...)
	}
	return len(p), nil
}

// section returns n bytes of the content, or nil if they are not to be had.
func (c *content) section(from, n int64) io.Reader {
	switch {
	case c.generated != nil:
		return io.NewSectionReader(c.generated, from, n)
	case int64(len(c.kept)) == c.size:
		return bytes.NewReader(c.kept[from : from+n])
	default:
		return nil
	}
}

// generated computes bytes from where they stand. It is an io.ReaderAt.
type generated struct {
	seed uint64
	size int64
}

func (g *generated) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), g.size-off)))
	var word [8]byte
	for i := 0; i < n; {
		at := off + int64(i)
		if from := at % 8; from == 0 && n-i >= 8 {
			binary.LittleEndian.PutUint64(p[i:], g.word(at/8))
			i += 8
		} else {
			binary.LittleEndian.PutUint64(word[:], g.word(at/8))
			i += copy(p[i:n], word[from:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// word mixes the bits of a counter as SplitMix64 does, so that no two places have
// the same bytes and nothing compresses.
func (g *generated) word(i int64) uint64 {
	z := g.seed + uint64(i)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// newGenerated is the content of that size and seed. Its SHA-1 takes a pass over all
// bytes, when first asked for.
func newGenerated(seed uint64, size int64) *content {
	g := &generated{seed, size}
	return &content{size: size, generated: g, sum: sync.OnceValue(func() string {
		hash := sha1.New()
		_, _ = io.Copy(hash, io.NewSectionReader(g, 0, size))
		return hex.EncodeToString(hash.Sum(nil))
	})}
}

// AddGenerated makes a file of size bytes that look random, and returns its id. The
// bytes are computed while they are sent and take no memory; two files differ in
// them, two runs of the same test do not. Their SHA-1 is computed when it is first
// asked for, at about a second a GiB. It panics if the parent is no folder or has
// the name already, and if the size is negative.
func (s *Server) AddGenerated(parentID, name string, size int64) string {
	if size < 0 {
		panic(fmt.Sprintf("boxtest: add file %q: size %d is negative", name, size))
	}
	var id string
	s.locked(func(b *box) {
		c := newGenerated(uint64(len(b.generated)+1), size)
		id = b.mustAdd("file", parentID, name, c).id
		b.generated = append(b.generated, c)
	})
	return id
}

// recognize returns a generated content in place of one that is the same.
func (b *box) recognize(c *content) *content {
	for _, g := range b.generated {
		if c.kept == nil && g.size == c.size && g.sum() == c.sum() {
			return g
		}
	}
	return c
}
