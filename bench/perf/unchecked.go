// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"sync"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/translate"
)

// A guess makes the status that ours is, and does nothing else: it takes for granted that the
// answer is the conflict of this benchmark, spelt as it is. Nothing is looked up, checked, cut
// or hidden. It is no way to translate, and says how much of a goal is left for doing so.
type guess struct {
	texts          [len(guessed)][]byte // of the body
	status         spb.Status
	details        [5]anypb.Any
	list           [5]*anypb.Any
	room           [512]byte
	inner, version [256]byte // for messages in others
}

// guessed are the members of the body, in its order.
var guessed = [...]string{
	item: `"conflicts":[{"type":"`, itemID: `"id":"`, versionID: `"id":"`,
	sequenceID: `"sequence_id":"`, etag: `"etag":"`, sha1: `"sha1":"`, name: `"name":"`,
	help: `"help_url":"`, message: `"message":"`, request: `"request_id":"`,
}

const (
	item = iota
	itemID
	versionID
	sequenceID
	etag
	sha1
	name
	help
	message
	request
)

var guesses = sync.Pool{New: func() any { return new(guess) }}

func unchecked(a translate.Answer) *status.Status {
	g := guesses.Get().(*guess)
	defer guesses.Put(g)
	g.search(a.Body)
	return g.write(a)
}

// search finds the texts, and reads nothing else of the body.
func (g *guess) search(body []byte) {
	for i, member := range guessed {
		body = body[bytes.Index(body, []byte(member))+len(member):]
		g.texts[i] = body[:bytes.IndexByte(body, '"')]
		body = body[len(g.texts[i]):]
	}
}

func (g *guess) write(a translate.Answer) *status.Status {
	t := &g.texts
	g.status = spb.Status{Code: int32(codes.AlreadyExists), Message: string(t[message]), Details: g.list[:0]}
	b := appendField(appendField(g.room[:0], 1, "ITEM_NAME_IN_USE"), 2, "api.box.com")
	b = appendField(b, 3, appendField(appendField(g.inner[:0], 1, "headerRequestId"), 2, a.Header["Box-Request-Id"][0]))
	b = appendField(b, 3, appendField(appendField(g.inner[:0], 1, "httpStatus"), 2, "409"))
	b = appendField(b, 3, appendField(appendField(g.inner[:0], 1, "outcome"), 2, "NOT_APPLIED"))
	b = g.add("type.googleapis.com/google.rpc.ErrorInfo", b)
	b = g.add("type.googleapis.com/google.rpc.RequestInfo", appendField(b, 1, t[request]))
	b = g.add("type.googleapis.com/google.rpc.ResourceInfo", appendFields(b, 1, t[item], t[itemID]))
	b = g.add("type.googleapis.com/google.rpc.Help", appendField(b, 1, appendField(g.inner[:0], 2, t[help])))
	conflict := appendFields(append(g.inner[:0], 1<<3, 1), 2, t[name], t[etag], t[sequenceID], t[sha1])
	conflict = appendField(conflict, 6, append(appendField(g.version[:0], 1, t[versionID]), 3<<3, 1)) // sha1: the file's
	g.add("type.googleapis.com/boxgrpc.v1.BoxError", appendField(append(b, 1<<3, 1, 2<<3|2, 6, 1, 2, 3, 4, 5, 6), 14, conflict))
	return status.FromProto(&g.status)
}

// add takes a detail, and returns the room behind it.
func (g *guess) add(url string, value []byte) []byte {
	d := &g.details[len(g.status.GetDetails())]
	d.TypeUrl, d.Value = url, value
	g.status.Details = append(g.status.GetDetails(), d)
	return value[len(value):]
}

func appendFields(b []byte, first protowire.Number, texts ...[]byte) []byte {
	for i, text := range texts {
		b = appendField(b, first+protowire.Number(i), text)
	}
	return b
}

func appendField[T string | []byte](b []byte, number protowire.Number, value T) []byte {
	b = protowire.AppendTag(b, number, protowire.BytesType)
	return append(protowire.AppendVarint(b, uint64(len(value))), value...)
}
