// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"encoding/binary"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// This file is a hot path: it writes the standard details as bytes
// (google/rpc/error_details.proto), because building a message for each of them and
// marshalling it takes several times as long as writing its few texts. Its limit: the fields
// that boxgrpc sets. A test compares each of these with what the generated code writes. Box's
// document is written by box_pack.go and box_conflict.go, in the same way and tested as well;
// those of other upstreams, and whatever is read that these functions would not write, go
// through the generated code.

// appendText writes a string field, or nothing for an empty one.
func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(b, field, s)
}

// appendString writes a string field, an empty one too.
func appendString(b []byte, field protowire.Number, s string) []byte {
	return append(appendHead(b, field, len(s)), s...)
}

func sizeText(field protowire.Number, s string) int {
	if s == "" {
		return 0
	}
	return sizeBytes(field, len(s))
}

// sizeBytes is the size of a field of n bytes, tag and length included.
func sizeBytes(field protowire.Number, n int) int {
	return protowire.SizeTag(field) + protowire.SizeBytes(n)
}

// appendHead writes the beginning of a string or message field of n bytes. It is only for
// fields up to 15, whose tag is one byte: no message that is written by hand has more.
func appendHead(b []byte, field protowire.Number, n int) []byte {
	if n < 0x80 {
		return append(b, byte(field)<<3|byte(protowire.BytesType), byte(n))
	}
	b = append(b, byte(field)<<3|byte(protowire.BytesType))
	return protowire.AppendVarint(b, uint64(n))
}

// beginMessage writes the beginning of a message field whose size is not known yet, and
// returns where it starts. It is for messages that take longer to count than to move.
func beginMessage(b []byte, field protowire.Number) (begun []byte, start int) {
	b = appendHead(b, field, 0)
	return b, len(b)
}

// endMessage writes the size of the message that b ends with in front of it.
func endMessage(b []byte, start int) []byte {
	n := len(b) - start
	if n < 0x80 {
		b[start-1] = byte(n)
		return b
	}
	var room [binary.MaxVarintLen64]byte
	size := protowire.AppendVarint(room[:0], uint64(n))
	b = append(b, size[1:]...)
	copy(b[start-1+len(size):], b[start:])
	copy(b[start-1:], size)
	return b
}

// appendTexts writes strings as the fields 1, 2, 3 and so on.
func appendTexts(b []byte, texts ...string) []byte {
	for i, s := range texts {
		b = appendText(b, protowire.Number(i+1), s)
	}
	return b
}

func sizeTexts(texts ...string) (n int) {
	for i, s := range texts {
		n += sizeText(protowire.Number(i+1), s)
	}
	return n
}

// appendInner writes a message as field 1, of which strings are the fields 1, 2, 3 and
// so on. BadRequest, PreconditionFailure, QuotaFailure and Help are lists of such.
func appendInner(b []byte, texts ...string) []byte {
	b = appendHead(b, 1, sizeTexts(texts...))
	return appendTexts(b, texts...)
}

// An info is an ErrorInfo.
type info struct {
	reason, domain string
	metadata       metadata
}

// A metadata is ErrorInfo.metadata, sorted by key: a status has the same bytes every
// time.
type metadata []entry

type entry struct{ key, value string }

func (m metadata) get(key string) string {
	value, _ := m.find(key)
	return value
}

func (m metadata) find(key string) (value string, ok bool) {
	for _, e := range m {
		if e.key == key {
			return e.value, true
		}
	}
	return "", false
}

// with returns a copy with another value for the key, without the key where the value
// is empty.
func (m metadata) with(key, value string) metadata {
	c := make(metadata, 0, len(m)+1)
	for _, e := range m {
		if e.key != key {
			c = append(c, e)
		}
	}
	return c.add(key, value)
}

// add puts in a key that is not there, unless its value is empty. It changes m.
func (m metadata) add(key, value string) metadata {
	if value == "" {
		return m
	}
	m = append(m, entry{})
	i := len(m) - 1
	for ; i > 0 && m[i-1].key > key; i-- {
		m[i] = m[i-1]
	}
	m[i] = entry{key, value}
	return m
}

func (in *info) size() int {
	n := sizeTexts(in.reason, in.domain)
	for _, e := range in.metadata {
		n += sizeBytes(3, e.size())
	}
	return n
}

func (in *info) append(b []byte) []byte {
	b = appendTexts(b, in.reason, in.domain)
	for _, e := range in.metadata {
		b = appendHead(b, 3, e.size())
		b = appendString(appendString(b, 1, e.key), 2, e.value)
	}
	return b
}

// size of a map entry, whose two fields are written even if they are empty.
func (e entry) size() int { return sizeBytes(1, len(e.key)) + sizeBytes(2, len(e.value)) }

// appendWait writes a RetryInfo.
func appendWait(b []byte, d time.Duration) []byte {
	b = appendHead(b, 1, sizeDuration(d))
	b = appendNumber(b, 1, uint64(d/time.Second))
	return appendNumber(b, 2, uint64(d%time.Second))
}

func sizeWait(d time.Duration) int { return sizeBytes(1, sizeDuration(d)) }

func sizeDuration(d time.Duration) int {
	return sizeNumber(1, uint64(d/time.Second)) + sizeNumber(2, uint64(d%time.Second))
}

func appendNumber(b []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return b
	}
	b = protowire.AppendTag(b, field, protowire.VarintType)
	return protowire.AppendVarint(b, n)
}

func sizeNumber(field protowire.Number, n uint64) int {
	if n == 0 {
		return 0
	}
	return protowire.SizeTag(field) + protowire.SizeVarint(n)
}
