// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strings"
	"sync"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// parts are the google.rpc.Status of an error taken apart: each detail by its type, found
// by type and never by position. Both sides of the wire work on them. Nothing that they
// point to is ever changed.
type parts struct {
	code codes.Code
	text string // the message
	info info

	retry bool // there is RetryInfo
	wait  time.Duration

	requestID string // of RequestInfo
	help      string // the first link of Help
	errorCode string // the upstream's, as it was sent
	received  bool   // they came over the wire: these three have to be read
	coded     bool   // but for the error code

	// packed are the details as they go onto the wire, by kind. Info and retry, which
	// change on the way, are packed with the status.
	packed       [kinds][]byte
	documentType protoreflect.MessageType // of the last of them
	url          string

	room [4]entry // for the metadata of most answers
}

// ownParts are parts with room for the details of most errors: those of a 409 of Box's take some
// 240 bytes.
type ownParts struct {
	parts
	details [288]byte
}

// kind is the type of a detail. Callers get details in this order.
type kind int

const (
	kindInfo kind = iota
	kindRetry
	kindRequest
	kindBadRequest
	kindPrecondition
	kindQuota
	kindResource
	kindHelp
	kindLocalized
	kindDocument
	kinds
)

var (
	boxErrorType = (*boxgrpcv1.BoxError)(nil).ProtoReflect().Type()
	boxErrorURL  = typePrefix + string(boxErrorType.Descriptor().FullName())
)

const typePrefix = "type.googleapis.com/"

// typeURLs of all kinds but the document.
var typeURLs = [kindDocument]string{
	kindInfo:         typePrefix + "google.rpc.ErrorInfo",
	kindRetry:        typePrefix + "google.rpc.RetryInfo",
	kindRequest:      typePrefix + "google.rpc.RequestInfo",
	kindBadRequest:   typePrefix + "google.rpc.BadRequest",
	kindPrecondition: typePrefix + "google.rpc.PreconditionFailure",
	kindQuota:        typePrefix + "google.rpc.QuotaFailure",
	kindResource:     typePrefix + "google.rpc.ResourceInfo",
	kindHelp:         typePrefix + "google.rpc.Help",
	kindLocalized:    typePrefix + "google.rpc.LocalizedMessage",
}

// kindOfType finds the kind by the last segment of a type's address
// (google/protobuf/any.proto).
func kindOfType(url string) kind {
	name := url[strings.LastIndexByte(url, '/')+1:]
	for k := range typeURLs {
		if name == typeURLs[k][len(typePrefix):] {
			return kind(k)
		}
	}
	return kindDocument
}

// has tells whether there is a detail of the kind.
func (p *parts) has(k kind) bool {
	switch k {
	case kindInfo:
		return true
	case kindRetry:
		return p.retry
	}
	return p.packed[k] != nil
}

func (p *parts) typeURL(k kind) string {
	if k == kindDocument {
		return p.url
	}
	return typeURLs[k]
}

// size of the value of a detail that is there.
func (p *parts) size(k kind) int {
	switch k {
	case kindInfo:
		return p.info.size()
	case kindRetry:
		return sizeWait(p.wait)
	}
	return len(p.packed[k])
}

// A scratch is for handing parts over to a function that copies them.
type scratch struct {
	own    ownParts // where nobody keeps them
	status spb.Status
	any    [kinds]anypb.Any
	list   [kinds]*anypb.Any
	room   [192]byte // for info and retry
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// pack makes the status.
func (s *scratch) pack(p *parts) *status.Status {
	s.status.Code, s.status.Message, s.status.Details = int32(p.code), p.text, s.list[:0]
	b := p.info.append(s.room[:0])
	s.add(kindInfo, typeURLs[kindInfo], b)
	if p.retry {
		s.add(kindRetry, typeURLs[kindRetry], appendWait(b[len(b):], p.wait))
	}
	for k := kindRequest; k < kinds; k++ {
		if value := p.packed[k]; value != nil {
			s.add(k, p.typeURL(k), value)
		}
	}
	return status.FromProto(&s.status) // which copies everything
}

func (s *scratch) add(k kind, url string, value []byte) {
	a := &s.any[k]
	a.TypeUrl, a.Value = url, value
	s.status.Details = append(s.status.Details, a)
}

// clear lets go of all that an error points to. Its bytes stay in details and room until
// the next one writes over them.
func (s *scratch) clear() {
	s.own.parts = parts{}
	for _, a := range s.status.GetDetails() {
		a.TypeUrl, a.Value = "", nil
	}
	s.status.Message, s.status.Details = "", nil
}

// protoSize is the size of the status.
func (p *parts) protoSize() int {
	n := sizeNumber(1, uint64(int32(p.code))) + sizeText(2, p.text)
	for k := range kinds {
		if p.has(k) {
			n += sizeBytes(3, sizeText(1, p.typeURL(k))+sizeValue(p.size(k)))
		}
	}
	return n
}

// sizeValue is the size of Any.value.
func sizeValue(n int) int {
	if n == 0 {
		return 0
	}
	return sizeBytes(2, n)
}

// clone copies the parts, so that one which is replaced does not show in the original.
func (p *parts) clone() *parts {
	c := *p
	return &c
}

// setMetadata sets a key of ErrorInfo, or removes it where the value is empty.
func (p *parts) setMetadata(key, value string) { p.info.metadata = p.info.metadata.with(key, value) }

// setDocument packs the upstream's document, behind b. One that says nothing, or cannot
// be packed, is left out; the code never is.
func (p *parts) setDocument(m proto.Message, b []byte) {
	p.packed[kindDocument], p.documentType, p.url = nil, nil, ""
	if m == nil {
		return
	}
	value, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, m)
	if err == nil && len(value) > len(b) {
		p.packed[kindDocument], p.documentType = value[len(b):], m.ProtoReflect().Type()
		if p.url = boxErrorURL; p.documentType != boxErrorType {
			p.url = typePrefix + string(p.documentType.Descriptor().FullName())
		}
	}
}

// unpacked is the document, or nil.
func (p *parts) unpacked() proto.Message {
	if p.packed[kindDocument] == nil {
		return nil
	}
	m := p.documentType.New().Interface()
	if proto.Unmarshal(p.packed[kindDocument], m) != nil {
		return nil
	}
	return m
}
