// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// What is written by hand must be what the generated code writes: callers in other
// languages read it with theirs.
func FuzzWire(f *testing.F) {
	f.Add("REASON", "api.box.com", "httpStatus", "409", "outcome", int64(1_500_000_000))
	f.Add("", "", "", "", "k", int64(0))
	f.Add(strings.Repeat("r", 5000), "d", "b", "v", "a", int64(0))
	f.Add(strings.Repeat("r", 200), "d", "b", strings.Repeat("v", 20_000), "a", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, a, b, key, value, other string, wait int64) {
		for _, s := range []*string{&a, &b, &key, &value, &other} {
			*s = strings.ToValidUTF8(*s, "")
		}
		d := max(time.Duration(wait), 0)
		in := info{reason: a, domain: b, metadata: metadata(nil).with(key, value).with(other, "x")}
		m := make(map[string]string)
		for _, e := range in.metadata {
			m[e.key] = e.value
		}
		tests := []struct {
			got  []byte
			size int
			want proto.Message
		}{
			{in.append(nil), in.size(), &errdetails.ErrorInfo{Reason: a, Domain: b, Metadata: m}},
			{appendWait(nil, d), sizeWait(d), &errdetails.RetryInfo{RetryDelay: durationpb.New(d)}},
			{appendTexts(nil, a), sizeTexts(a), &errdetails.RequestInfo{RequestId: a}},
			{appendTexts(nil, a, b), sizeTexts(a, b), &errdetails.ResourceInfo{ResourceType: a, ResourceName: b}},
			{appendTexts(nil, a, b), sizeTexts(a, b), &errdetails.LocalizedMessage{Locale: a, Message: b}},
			{appendInner(nil, "", a), sizeBytes(1, sizeTexts("", a)), &errdetails.Help{Links: []*errdetails.Help_Link{{Url: a}}}},
			{appendInner(nil, a), sizeBytes(1, sizeTexts(a)), &errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{Subject: a}}}},
			{appendInner(nil, a), sizeBytes(1, sizeTexts(a)), &errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{{Type: a}}}},
			{appendInner(nil, a, b, key), sizeBytes(1, sizeTexts(a, b, key)), &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: a, Description: b, Reason: key}}}},
		}
		for _, tt := range tests {
			want, err := proto.MarshalOptions{Deterministic: true}.Marshal(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(tt.got, want) || tt.size != len(want) {
				t.Errorf("%T: got %x of size %d, want %x", tt.want, tt.got, tt.size, want)
			}
		}
		p := &parts{code: codes.Code(wait & 15), text: a, info: in, retry: wait%2 == 0, wait: d}
		if got := proto.Size(new(scratch).pack(p).Proto()); got != p.protoSize() {
			t.Errorf("protoSize = %d, the status has %d", p.protoSize(), got)
		}
		for k := kindRequest; k < kinds; k++ {
			if p.atMost() < p.headerBytes() {
				t.Errorf("atMost = %d, the header fields have %d bytes: nothing would be cut", p.atMost(), p.headerBytes())
			}
			p.packed[k], p.url = []byte(value), "type.googleapis.com/"+a
		}
	})
}

// A detail that is taken for another kind, or for none, is lost to the reader.
func TestKinds(t *testing.T) {
	t.Parallel()
	for k, url := range typeURLs {
		if got := kindOfType(url); got != kind(k) {
			t.Errorf("%s is of kind %d, want %d", url, got, k)
		}
	}
	if got := kindOfType("example.com/google.rpc.Help"); got != kindHelp {
		t.Errorf("behind another prefix the kind is %d", got)
	}
	if kindOfType("google.rpc.Helper") != kindDocument || kindOfType("") != kindDocument {
		t.Error("an unknown type has a kind")
	}
}

// What is read by hand must be what the generated code reads, whoever wrote it.
func FuzzRead(f *testing.F) {
	for _, m := range []proto.Message{
		&errdetails.ErrorInfo{Reason: "R", Domain: "d", Metadata: map[string]string{"httpStatus": "409", "": ""}},
		&errdetails.ErrorInfo{Reason: strings.Repeat("r", 300)},
		&errdetails.ErrorInfo{Metadata: map[string]string{"attempts": "3"}},
		&errdetails.ErrorInfo{Metadata: map[string]string{"attempts": "99999999999999999999"}},
		&errdetails.ErrorInfo{Metadata: map[string]string{"attempts": "9999999999"}},
		&errdetails.ErrorInfo{Metadata: map[string]string{"attempts": "-2147483649"}},
		&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: 2, Nanos: 5}},
		&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: -2}},
		&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: math.MaxInt64}},
	} {
		value, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	f.Add([]byte("\x1a\x06\n\x01b\x12\x01x\x1a\x06\n\x01a\x12\x01y")) // not sorted
	f.Add([]byte("\x1a\x06\n\x01a\x12\x01x\x1a\x06\n\x01a\x12\x01y")) // twice
	f.Add([]byte("\x1a\x0d\n\x08attempts\x12\x013\x1a\x0d\n\x08attempts\x12\x01x"))
	f.Add([]byte("\n\x02\x18\x05")) // a field of a wait that does not exist
	f.Add([]byte("\n\x01\xff"))
	f.Add([]byte("\x12\x07boxgrpc\x1a\x0e\n\noutcomes\xff\xff")) // ends within a text
	f.Add([]byte("\x12\x07boxgrpc\x1a\x12\n\nretryAfter\x12\x042.5s"))
	f.Add([]byte("\x1a\x06\n\x01a\x12\x01\xff"))
	f.Add([]byte("\n\x02\x08\x01\n\x02\x08\x02"))
	f.Fuzz(func(t *testing.T, value []byte) {
		var m errdetails.ErrorInfo
		err := proto.Unmarshal(value, &m)
		var p parts
		ok := p.readInfo(value)
		got := p.info
		same := len(got.metadata) == len(m.GetMetadata()) && got.metadata.strictlySorted()
		for _, e := range got.metadata {
			v, found := m.GetMetadata()[e.key]
			same = same && found && v == e.value
		}
		if ok != (err == nil) || ok && (got.reason != m.GetReason() || got.domain != m.GetDomain() || !same) {
			t.Errorf("ErrorInfo %x: got %+v, %v, want %v, %v", value, got, ok, &m, err)
		}
		var h heading
		h.readInfo(value)
		if _, told := m.GetMetadata()[keyOutcome]; h.found != ok || ok && (h.own != (m.GetDomain() == ownDomain) || h.told != told || h.retryAfter != m.GetMetadata()[keyRetryAfter]) {
			t.Errorf("ErrorInfo %x: got the heading %+v, want %v, %v", value, h, &m, err)
		}
		n, err := strconv.Atoi(m.GetMetadata()[keyAttempts])
		if err != nil {
			n = 0
		}
		if ok && int(h.attempts) != max(0, min(n, math.MaxInt32)) {
			t.Errorf("ErrorInfo %x: %d attempts, want those of %v", value, h.attempts, &m)
		}
		var r errdetails.RetryInfo
		err = proto.Unmarshal(value, &r)
		wait, ok := readRetry(value)
		if want := max(r.GetRetryDelay().AsDuration(), 0); ok != (err == nil) || ok && wait != want {
			t.Errorf("RetryInfo %x: got %v, %v, want %v, %v", value, wait, ok, want, err)
		}
	})
}
