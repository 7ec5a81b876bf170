// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"encoding/base64"
	"sort"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// A status that is too large for a peer's header limit loses its code: the caller
// gets INTERNAL, UNAVAILABLE or a broken connection instead. So what is least
// useful is cut first, and code, reason, RetryInfo and request id always stay.

// cuts in their order. Each reports whether there was anything to cut.
var cuts = []func(*parts) bool{
	cutRawBody,
	cutContext,
	func(p *parts) bool { return drop(&p.localized) },
	func(p *parts) bool { return drop(&p.help) },
	func(p *parts) bool { return drop(&p.badRequest) },
}

// lastCuts come after the message: parts that are small by construction, for a
// limit, a domain and ids that are all at their extremes.
var lastCuts = []func(*parts) bool{
	cutDocument,
	func(p *parts) bool { return drop(&p.resource) },
	func(p *parts) bool { return drop(&p.precondition) },
	func(p *parts) bool { return drop(&p.quota) },
}

// fit cuts until everything that boxgrpc writes stays within limit.
func (p *parts) fit(limit int) {
	for _, cut := range cuts {
		if p.headerBytes() <= limit {
			return
		}
		p.truncate(cut)
	}
	if p.headerBytes() > limit {
		p.truncate(func(p *parts) bool { return cutMessage(p, limit) })
	}
	for _, cut := range lastCuts {
		if p.headerBytes() <= limit {
			return
		}
		p.truncate(cut)
	}
}

// truncate marks a cut before it is made, so that the mark is counted too.
func (p *parts) truncate(cut func(*parts) bool) {
	before, marked := p.info.GetMetadata()[keyTruncated]
	p.info.Metadata[keyTruncated] = "true"
	if !cut(p) && !marked {
		delete(p.info.GetMetadata(), keyTruncated)
	} else if marked {
		p.info.Metadata[keyTruncated] = before
	}
}

func drop[T any](field **T) bool {
	had := *field != nil
	*field = nil
	return had
}

func cutDocument(p *parts) bool {
	had := p.document != nil
	p.document = nil
	return had
}

func cutRawBody(p *parts) bool {
	e, _ := p.document.(*boxgrpcv1.BoxError)
	if len(e.GetRawBody()) == 0 {
		return false
	}
	e.RawBody = nil
	return true
}

// cutContext takes context_info and everything else of open size out of the
// document. Of another upstream's document nothing is known, so it goes whole.
func cutContext(p *parts) bool {
	e, ok := p.document.(*boxgrpcv1.BoxError)
	if !ok {
		return cutDocument(p)
	}
	size := proto.Size(e)
	e.ContextInfo, e.OtherMembers = nil, nil
	for _, m := range told {
		if field := boxField(e, m.name); *field != nil && len(**field) > maxID {
			*field = nil
		}
	}
	return proto.Size(e) < size
}

// cutMessage keeps as much of the message as fits.
func cutMessage(p *parts, limit int) bool {
	message := p.message
	n := sort.Search(len(message), func(n int) bool {
		p.message = message[:n+1]
		return p.headerBytes() > limit
	})
	for n > 0 && n < len(message) && !utf8.RuneStart(message[n]) {
		n--
	}
	p.message = message[:n]
	return n < len(message)
}

// headerBytes counts the header fields that carry the status, by RFC 9113 section
// 6.5.2: name, value and 32 for each. The pushback is counted at its longest.
func (p *parts) headerBytes() int {
	st := p.proto()
	const pushback = len("grpc-retry-pushback-ms") + len("2147483647") + 32
	n := pushback + len("grpc-status") + len(decimal(int(p.code))) + 32
	if p.message != "" {
		n += len("grpc-message") + percentEncoded(p.message) + 32
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
