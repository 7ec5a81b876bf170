// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import "google.golang.org/protobuf/proto"

// An answerError is the error of an answer that a [Decoder] has read.
type answerError struct {
	Error

	headerID string
	doc      Document
}

func (e *answerError) requestID() string { return requestID(e.doc.RequestID, e.headerID) }

func (e *answerError) assemble(own *ownParts) *parts {
	p := newPacker(e.translator, own)
	p.resourceType, p.resourceName = e.doc.Resource.GetResourceType(), e.doc.Resource.GetResourceName()
	p.assemble(e.translator, &e.doc, e.status, e.headerID, &e.verdict)
	if e.doc.Detail != nil {
		m := proto.Clone(e.doc.Detail)
		p.scrub.message(m)
		p.setDocument(m, p.buf)
	}
	return p.parts
}
