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
	"google.golang.org/protobuf/types/known/durationpb"
)

// This file is the way back of wire.go, and a hot path as well: a caller that decides
// whether to try again looks at two details of four. Its limit are details as wire.go
// writes them. Any other field, and whatever is wrong, goes through the generated code:
// what that reads is read, and what it refuses is passed over.

// take is the inverse of proto. Of two details of one type the first counts; of those
// without a kind the first is the document. It returns false where there is no
// ErrorInfo. It keeps st.
func (p *parts) take(st *spb.Status) (found bool) {
	p.code, p.text, p.received = codes.Code(st.GetCode()), st.GetMessage(), true
	for _, detail := range st.GetDetails() {
		switch k := kindOfType(detail.GetTypeUrl()); {
		case k == kindInfo:
			found = found || p.takeInfo(detail.GetValue())
		case k == kindRetry:
			p.retry = p.retry || p.takeRetry(detail.GetValue())
		case p.packed[k] == nil && wellFormed(detail.GetValue()):
			p.takePacked(k, detail.GetTypeUrl(), detail.GetValue())
		}
	}
	return found
}

// takePacked keeps a detail as it is.
func (p *parts) takePacked(k kind, url string, value []byte) {
	p.packed[k] = value
	if value == nil {
		p.packed[k] = []byte{} // it is there
	}
	if k == kindDocument {
		p.url = url
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

// takeInfo reads an ErrorInfo.
func (p *parts) takeInfo(value []byte) bool {
	in := info{metadata: p.room[:0]}
	ok := eachText(string(value), func(field protowire.Number, text string) bool {
		switch field {
		case 1:
			in.reason = text
		case 2:
			in.domain = text
		case 3:
			var e entry
			ok := eachText(text, func(field protowire.Number, text string) bool {
				if field == 1 {
					e.key = text
				} else {
					e.value = text
				}
				return field <= 2 && utf8.ValidString(text)
			})
			in.metadata = append(in.metadata, e)
			return ok
		}
		return field <= 2 && utf8.ValidString(text)
	})
	if !ok || !in.metadata.strictlySorted() {
		var m errdetails.ErrorInfo
		if proto.Unmarshal(value, &m) != nil {
			return false
		}
		in = info{reason: m.GetReason(), domain: m.GetDomain()}
		for key, value := range m.GetMetadata() {
			in.metadata = append(in.metadata, entry{key, value})
		}
		slices.SortFunc(in.metadata, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	}
	p.info = in
	return true
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

// eachText calls f for the fields of a message that has nothing but texts, or messages,
// and returns false for any other, and where f does.
func eachText(message string, f func(field protowire.Number, text string) bool) bool {
	for len(message) >= 2 {
		// Tags and lengths of one byte are all that is needed: texts of ErrorInfo are short.
		tag, n := message[0], int(message[1])
		message = message[2:]
		if tag >= 0x80 || protowire.Type(tag&7) != protowire.BytesType || n >= 0x80 || n > len(message) {
			return false
		}
		if !f(protowire.Number(tag>>3), message[:n]) {
			return false
		}
		message = message[n:]
	}
	return message == ""
}

// takeRetry reads a RetryInfo.
func (p *parts) takeRetry(value []byte) bool {
	if d, ok := retryDelay(value); ok {
		p.wait = max(d, 0)
		return true
	}
	var r errdetails.RetryInfo
	if proto.Unmarshal(value, &r) != nil {
		return false
	}
	p.wait = max(r.GetRetryDelay().AsDuration(), 0)
	return true
}

// retryDelay reads a RetryInfo that has nothing but a delay.
func retryDelay(b []byte) (time.Duration, bool) {
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

// request is the id in RequestInfo, or "".
func (p *parts) request() string {
	if !p.received {
		return p.requestID
	}
	var r errdetails.RequestInfo
	_ = proto.Unmarshal(p.packed[kindRequest], &r) // what cannot be read says nothing
	return r.GetRequestId()
}

// link is the first link of Help, or "".
func (p *parts) link() string {
	if !p.received {
		return p.help
	}
	var h errdetails.Help
	_ = proto.Unmarshal(p.packed[kindHelp], &h)
	if len(h.GetLinks()) == 0 {
		return ""
	}
	return h.GetLinks()[0].GetUrl()
}
