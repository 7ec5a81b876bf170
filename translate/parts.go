// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// parts are the google.rpc.Status of an error taken apart: each detail by its
// type, found by type and never by position. Both sides of the wire work on them.
type parts struct {
	code         codes.Code
	message      string
	info         *errdetails.ErrorInfo
	retry        *errdetails.RetryInfo
	request      *errdetails.RequestInfo
	badRequest   *errdetails.BadRequest
	precondition *errdetails.PreconditionFailure
	quota        *errdetails.QuotaFailure
	resource     *errdetails.ResourceInfo
	help         *errdetails.Help
	localized    *errdetails.LocalizedMessage
	document     proto.Message
}

// details in the order in which callers get them.
func (p *parts) details() []proto.Message {
	list := make([]proto.Message, 0, 10)
	add := func(m proto.Message, present bool) {
		if present {
			list = append(list, m)
		}
	}
	add(p.info, p.info != nil)
	add(p.retry, p.retry != nil)
	add(p.request, p.request != nil)
	add(p.badRequest, p.badRequest != nil)
	add(p.precondition, p.precondition != nil)
	add(p.quota, p.quota != nil)
	add(p.resource, p.resource != nil)
	add(p.help, p.help != nil)
	add(p.localized, p.localized != nil)
	add(p.document, p.document != nil && proto.Size(p.document) > 0)
	return list
}

// proto packs the parts. A detail that cannot be packed is left out; the code
// never is.
func (p *parts) proto() *spb.Status {
	st := &spb.Status{Code: int32(p.code), Message: p.message}
	for _, m := range p.details() {
		value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			continue
		}
		st.Details = append(st.Details, &anypb.Any{TypeUrl: typeURL(m), Value: value})
	}
	return st
}

const typePrefix = "type.googleapis.com/"

func typeURL(m proto.Message) string {
	return typePrefix + string(m.ProtoReflect().Descriptor().FullName())
}

// take is the inverse of proto. Of two details of one type the first counts; a
// type that this binary does not know is passed over, unless it is the last: the
// document.
func take(st *spb.Status) *parts {
	p := &parts{code: codes.Code(st.GetCode()), message: st.GetMessage()}
	for _, detail := range st.GetDetails() {
		m, err := detail.UnmarshalNew()
		if err != nil {
			continue
		}
		p.takeDetail(m)
	}
	return p
}

func (p *parts) takeDetail(m proto.Message) {
	switch m := m.(type) {
	case *errdetails.ErrorInfo:
		setOnce(&p.info, m)
	case *errdetails.RetryInfo:
		setOnce(&p.retry, m)
	case *errdetails.RequestInfo:
		setOnce(&p.request, m)
	case *errdetails.BadRequest:
		setOnce(&p.badRequest, m)
	case *errdetails.PreconditionFailure:
		setOnce(&p.precondition, m)
	case *errdetails.QuotaFailure:
		setOnce(&p.quota, m)
	case *errdetails.ResourceInfo:
		setOnce(&p.resource, m)
	case *errdetails.Help:
		setOnce(&p.help, m)
	case *errdetails.LocalizedMessage:
		setOnce(&p.localized, m)
	default:
		if p.document == nil {
			p.document = m
		}
	}
}

func setOnce[T any](field **T, m *T) {
	if *field == nil {
		*field = m
	}
}

// clone copies the parts so far that one that is replaced or cut does not show in
// the original.
func (p *parts) clone() *parts {
	c := *p
	c.info = proto.CloneOf(p.info)
	if p.document != nil {
		c.document = proto.Clone(p.document)
	}
	return &c
}
