// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"encoding/base64"
	"sort"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A status that is too large for a peer's header limit loses its code: the caller
// gets INTERNAL, UNAVAILABLE or a broken connection instead. So what is least
// useful is cut first, and code, reason, RetryInfo and request id always stay.

// cuts in their order, for a limit. Each reports whether there was anything to cut.
// The message keeps a few words until nothing but it is left.
var cuts = []func(p *parts, limit int) bool{
	cutRawBody,
	cutPartial,
	cutContext,
	func(p *parts, _ int) bool { return p.drop(kindLocalized) },
	func(p *parts, _ int) bool { p.help = ""; return p.drop(kindHelp) },
	func(p *parts, _ int) bool { return p.drop(kindBadRequest) },
	func(p *parts, limit int) bool { return cutMessage(p, limit, fewWords) },
	func(p *parts, _ int) bool { return p.drop(kindDocument) },
	func(p *parts, _ int) bool { return p.drop(kindResource) },
	func(p *parts, _ int) bool { return p.drop(kindPrecondition) },
	func(p *parts, _ int) bool { return p.drop(kindQuota) },
	func(p *parts, limit int) bool { return cutMessage(p, limit, 0) },
}

const (
	fewWords   = 64 // bytes of a message
	shortField = 64 // bytes of a text that a cut document keeps
)

// fit cuts until everything that boxgrpc writes stays within limit.
func (p *parts) fit(limit int) {
	if p.atMost() <= limit {
		return
	}
	for _, cut := range cuts {
		if p.headerBytes() <= limit {
			return
		}
		p.truncate(func() bool { return cut(p, limit) })
	}
}

// truncate makes a cut and marks it. The mark is there first, to be counted.
func (p *parts) truncate(cut func() bool) {
	before := p.info.metadata
	p.setMetadata(keyTruncated, "true")
	if !cut() {
		p.info.metadata = before
	}
}

func (p *parts) drop(k kind) bool {
	had := p.packed[k] != nil
	p.packed[k] = nil
	return had
}

func cutRawBody(p *parts, _ int) bool {
	e, _ := p.unpacked().(*boxgrpcv1.BoxError)
	if len(e.GetRawBody()) == 0 {
		return false
	}
	e.RawBody = nil
	p.setDocument(e, nil)
	return true
}

// cutPartial takes what was done or read all the same, and then the list of errors,
// out of Hitachi's document.
func cutPartial(p *parts, limit int) bool {
	e, _ := p.unpacked().(*boxgrpcv1.HitachiError)
	if len(e.GetPartialSuccessResponses())+len(e.GetErrorResponses()) == 0 {
		return false
	}
	e.PartialSuccessResponses = nil
	p.setDocument(e, nil)
	if p.headerBytes() > limit {
		e.ErrorResponses = nil
		p.setDocument(e, nil)
	}
	return true
}

// cutContext takes everything of open size out of the document, whoever's it is:
// bytes, lists, and texts that are longer than a code or an id.
func cutContext(p *parts, _ int) bool {
	m := p.unpacked()
	if m == nil {
		return false
	}
	size := proto.Size(m)
	shrink(m.ProtoReflect())
	if proto.Size(m) == size {
		return false
	}
	p.setDocument(m, nil)
	return true
}

func shrink(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap(), f.IsList() && f.Kind() != protoreflect.EnumKind, f.Kind() == protoreflect.BytesKind,
			f.Kind() == protoreflect.StringKind && len(v.String()) > shortField:
			m.Clear(f)
		case f.Kind() == protoreflect.MessageKind:
			shrink(v.Message())
		}
		return true
	})
}

// cutMessage keeps as much of the message as fits, and in any case its first bytes.
func cutMessage(p *parts, limit, atLeast int) bool {
	text := p.text
	n := sort.Search(len(text), func(n int) bool {
		p.text = text[:n+1]
		return p.headerBytes() > limit
	})
	n = min(max(n, atLeast), len(text))
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	p.text = text[:n]
	return n < len(text)
}

// headerBytes counts the header fields that carry the status, by RFC 9113 section
// 6.5.2: name, value and 32 for each. The pushback is counted at its longest.
func (p *parts) headerBytes() int {
	const pushback = len("grpc-retry-pushback-ms") + len("2147483647") + 32
	n := pushback + len("grpc-status") + len(decimal(int(int32(p.code)))) + 32
	if p.text != "" {
		n += len("grpc-message") + percentEncoded(p.text) + 32
	}
	return n + len("grpc-status-details-bin") + base64.RawStdEncoding.EncodedLen(p.protoSize()) + 32
}

// atMost bounds headerBytes from above, and saves nearly all errors the close look.
func (p *parts) atMost() int {
	const (
		header = 256 // bytes of names, numbers and heads: of the header fields
		detail = 64  // of each detail, its type's address included
		entry  = 16  // of each entry of the metadata
	)
	n := header + detail*int(kinds) + len(p.text) + len(p.info.reason) + len(p.info.domain) + len(p.url)
	for _, e := range p.info.metadata {
		n += entry + len(e.key) + len(e.value)
	}
	for _, value := range p.packed {
		n += len(value)
	}
	return base64.RawStdEncoding.EncodedLen(n) + 3*len(p.text)
}

// percentEncoded is the length of a grpc-message: bytes outside printable ASCII,
// and %, take three (gRPC over HTTP/2, "Status-Message").
func percentEncoded(s string) int {
	n := len(s)
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '%' {
			n += 2
		}
	}
	return n
}
