// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"encoding/base64"
	"sort"
	"unicode/utf8"

	spb "google.golang.org/genproto/googleapis/rpc/status"
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
	func(p *parts, _ int) bool { return drop(&p.localized) },
	func(p *parts, _ int) bool { return drop(&p.help) },
	func(p *parts, _ int) bool { return drop(&p.badRequest) },
	func(p *parts, limit int) bool { return cutMessage(p, limit, fewWords) },
	cutDocument,
	func(p *parts, _ int) bool { return drop(&p.resource) },
	func(p *parts, _ int) bool { return drop(&p.precondition) },
	func(p *parts, _ int) bool { return drop(&p.quota) },
	func(p *parts, limit int) bool { return cutMessage(p, limit, 0) },
}

const (
	fewWords   = 64 // bytes of a message
	shortField = 64 // bytes of a text that a cut document keeps
)

// fit cuts until everything that boxgrpc writes stays within limit, and packs what
// is left.
func (p *parts) fit(limit int) *spb.Status {
	st := p.proto()
	for _, cut := range cuts {
		if headerBytes(st) <= limit {
			break
		}
		p.truncate(func() bool { return cut(p, limit) })
		st = p.proto()
	}
	return st
}

// truncate makes a cut and marks it. The mark is there first, to be counted.
func (p *parts) truncate(cut func() bool) {
	_, marked := p.info.GetMetadata()[keyTruncated]
	p.info.Metadata[keyTruncated] = "true"
	if !cut() && !marked {
		delete(p.info.GetMetadata(), keyTruncated)
	}
}

func drop[T any](field **T) bool {
	had := *field != nil
	*field = nil
	return had
}

func cutDocument(p *parts, _ int) bool {
	had := p.document != nil
	p.document = nil
	return had
}

func cutRawBody(p *parts, _ int) bool {
	e, _ := p.document.(*boxgrpcv1.BoxError)
	if len(e.GetRawBody()) == 0 {
		return false
	}
	e.RawBody = nil
	return true
}

// cutPartial takes what was done or read all the same, and then the list of errors,
// out of Hitachi's document.
func cutPartial(p *parts, limit int) bool {
	e, _ := p.document.(*boxgrpcv1.HitachiError)
	had := len(e.GetPartialSuccessResponses())+len(e.GetErrorResponses()) > 0
	if had {
		e.PartialSuccessResponses = nil
	}
	if had && headerBytes(p.proto()) > limit {
		e.ErrorResponses = nil
	}
	return had
}

// cutContext takes everything of open size out of the document, whoever's it is:
// bytes, lists, and texts that are longer than a code or an id.
func cutContext(p *parts, _ int) bool {
	if p.document == nil {
		return false
	}
	size := proto.Size(p.document)
	shrink(p.document.ProtoReflect())
	return proto.Size(p.document) < size
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
	message := p.message
	n := sort.Search(len(message), func(n int) bool {
		p.message = message[:n+1]
		return headerBytes(p.proto()) > limit
	})
	n = min(max(n, atLeast), len(message))
	for n > 0 && n < len(message) && !utf8.RuneStart(message[n]) {
		n--
	}
	p.message = message[:n]
	return n < len(message)
}

// headerBytes counts the header fields that carry the status, by RFC 9113 section
// 6.5.2: name, value and 32 for each. The pushback is counted at its longest.
func headerBytes(st *spb.Status) int {
	const pushback = len("grpc-retry-pushback-ms") + len("2147483647") + 32
	n := pushback + len("grpc-status") + len(decimal(int(st.GetCode()))) + 32
	if st.GetMessage() != "" {
		n += len("grpc-message") + percentEncoded(st.GetMessage()) + 32
	}
	if len(st.GetDetails()) > 0 {
		n += len("grpc-status-details-bin") + base64.RawStdEncoding.EncodedLen(proto.Size(st)) + 32
	}
	return n
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
