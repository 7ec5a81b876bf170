// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"
)

// This file is the way back of wire.go, and a hot path as well: a caller that decides
// whether to try again looks at two details of four, in heading.go. The limit are details as wire.go
// writes them. Any other field, and whatever is wrong, goes through the generated code:
// what that reads is read, and what it refuses is passed over.

// received is a status that came over the wire.
type received struct{ *spb.Status }

// assemble is the inverse of pack. Of two details of one type the first counts; of those
// without a kind, the first whose type this binary knows is the document.
func (r received) assemble(*ownParts) *parts {
	p := &parts{code: codes.Code(r.GetCode()), text: r.GetMessage(), received: true}
	found := false
	for _, detail := range r.GetDetails() {
		switch k := kindOfType(detail.GetTypeUrl()); {
		case k == kindInfo && !found:
			found = p.readInfo(detail.GetValue())
		case k == kindRetry && !p.retry:
			p.wait, p.retry = readRetry(detail.GetValue())
		case k > kindRetry && p.packed[k] == nil && wellFormed(detail.GetValue()):
			p.takePacked(k, detail.GetTypeUrl(), detail.GetValue())
		}
	}
	return p
}

func (p *parts) readInfo(value []byte) (found bool) {
	in := &p.info
	if in.reason, in.domain, in.metadata, found = scanInfo(string(value), p.room[:0]); !found {
		p.info, found = unmarshalInfo(value)
	}
	return found
}

// takePacked keeps a detail as it is. A document of a type that this binary does not know
// is none of ours: anybody on the way may have put it there.
func (p *parts) takePacked(k kind, url string, value []byte) {
	if k == kindDocument {
		typ, err := protoregistry.GlobalTypes.FindMessageByURL(url)
		if err != nil {
			return
		}
		p.documentType, p.url = typ, url
	}
	p.packed[k] = value
	if value == nil {
		p.packed[k] = []byte{} // it is there
	}
}

// wellFormed tells whether bytes are fields of a message.
func wellFormed(b []byte) bool {
	for len(b) > 0 {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// unmarshalInfo reads an ErrorInfo that is not as wire.go writes it.
func unmarshalInfo(value []byte) (in info, ok bool) {
	var m errdetails.ErrorInfo
	if proto.Unmarshal(value, &m) != nil {
		return in, false
	}
	in.reason, in.domain = m.GetReason(), m.GetDomain()
	for key, value := range m.GetMetadata() {
		in.metadata = append(in.metadata, entry{key, value})
	}
	slices.SortFunc(in.metadata, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	return in, true
}

// scanInfo reads an ErrorInfo as wire.go writes it, with its metadata in room if it fits.
// It returns false for any other.
func scanInfo(message string, room metadata) (reason, domain string, m metadata, ok bool) {
	if !utf8.ValidString(message) {
		return "", "", nil, false
	}
	for m = room; message != ""; {
		field, text, rest, ok := nextText(message)
		switch {
		case !ok:
			return "", "", nil, false
		case field == 1:
			reason = text
		case field == 2:
			domain = text
		default:
			var e entry
			if field != 3 || !e.scan(text) {
				return "", "", nil, false
			}
			m = append(m, e)
		}
		message = rest
	}
	return reason, domain, m, m.strictlySorted()
}

func (e *entry) scan(message string) bool {
	for message != "" {
		field, text, rest, ok := nextText(message)
		switch {
		case !ok:
			return false
		case field == 1:
			e.key = text
		case field == 2:
			e.value = text
		default:
			return false
		}
		message = rest
	}
	return true
}

// nextText takes the first field of a message that begins with a text, or a message, of
// less than 128 bytes: tag and length are one byte each then, and ASCII, so that the texts
// are UTF-8 exactly if the whole message is.
func nextText[T string | []byte](message T) (field protowire.Number, text, rest T, ok bool) {
	if len(message) < 2 || message[0] >= 0x80 || message[1] >= 0x80 || protowire.Type(message[0]&7) != protowire.BytesType {
		return 0, text, rest, false
	}
	end := 2 + int(message[1])
	if end > len(message) {
		return 0, text, rest, false
	}
	return protowire.Number(message[0] >> 3), message[2:end], message[end:], true
}

// strictlySorted tells whether there is each key once.
func (m metadata) strictlySorted() bool {
	for i := 1; i < len(m); i++ {
		if m[i-1].key >= m[i].key {
			return false
		}
	}
	return true
}

// readRetry reads a RetryInfo. A negative wait is none.
func readRetry(value []byte) (time.Duration, bool) {
	if d, ok := scanRetry(value); ok {
		return max(d, 0), true
	}
	var r errdetails.RetryInfo
	if proto.Unmarshal(value, &r) != nil {
		return 0, false
	}
	return max(r.GetRetryDelay().AsDuration(), 0), true
}

// scanRetry reads one that has nothing but a delay.
func scanRetry(b []byte) (time.Duration, bool) {
	if len(b) < 2 || b[0] != 1<<3|byte(protowire.BytesType) || int(b[1]) != len(b)-2 {
		return 0, false
	}
	var d durationpb.Duration
	for b = b[2:]; len(b) > 0; {
		field, typ, n := protowire.ConsumeTag(b)
		if n < 0 || typ != protowire.VarintType || field > 2 {
			return 0, false
		}
		v, m := protowire.ConsumeVarint(b[n:])
		if m < 0 {
			return 0, false
		}
		if field == 1 {
			d.Seconds = int64(v)
		} else {
			d.Nanos = int32(v)
		}
		b = b[n+m:]
	}
	return d.AsDuration(), true
}

// read reads a packed detail. What cannot be read to its end says nothing.
func (p *parts) read(k kind, m proto.Message) {
	if proto.Unmarshal(p.packed[k], m) != nil {
		proto.Reset(m)
	}
}

// request is the id in RequestInfo, or "".
func (p *parts) request() string {
	if !p.received {
		return p.requestID
	}
	var r errdetails.RequestInfo
	p.read(kindRequest, &r)
	return r.GetRequestId()
}

// link is the first link of Help, or "".
func (p *parts) link() string {
	if !p.received {
		return p.help
	}
	var h errdetails.Help
	p.read(kindHelp, &h)
	if len(h.GetLinks()) == 0 {
		return ""
	}
	return h.GetLinks()[0].GetUrl()
}
