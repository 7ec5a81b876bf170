// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	codepb "google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

// nativeOf is the media type that the marshaler writes.
func nativeOf(m runtime.Marshaler, f *failure) string {
	mediaType, _, err := mime.ParseMediaType(m.ContentType(f.status))
	if err != nil {
		return MediaTypeJSON
	}
	return mediaType
}

// write writes a failure as a media type.
func (f *failure) write(mediaType, native string, m runtime.Marshaler) (contentType string, body []byte) {
	if mediaType == MediaTypeJSON && f.upstream != nil {
		if box := f.upstream.Body(); box != nil {
			return mediaType, f.document(box)
		}
	}
	switch {
	case mediaType == MediaTypeProblem:
		return mediaType, f.problem()
	case mediaType == native:
		return f.rpcStatus(m.ContentType(f.status), m)
	case native != MediaTypeJSON:
		m = &runtime.JSONPb{} // the mux's own speaks something else
	}
	return f.rpcStatus(mediaType, m)
}

// rpcStatus writes google.rpc.Status without the details that the marshaler does not
// know, and by hand where it can write none at all.
func (f *failure) rpcStatus(mediaType string, m runtime.Marshaler) (contentType string, body []byte) {
	body, err := m.Marshal(f.status)
	if err != nil {
		body, err = m.Marshal(known(f.status, m))
	}
	if err != nil {
		body, _ = json.Marshal(map[string]any{"code": f.status.GetCode(), "message": f.status.GetMessage(), "details": []any{}})
		return MediaTypeJSON, body
	}
	return mediaType, body
}

// known returns the status without the details that the marshaler cannot write: most
// often they are of a type that nobody has linked.
func known(st *spb.Status, m runtime.Marshaler) *spb.Status {
	out := &spb.Status{Code: st.GetCode(), Message: st.GetMessage()}
	for _, detail := range st.GetDetails() {
		if _, err := m.Marshal(&spb.Status{Details: []*anypb.Any{detail}}); err == nil {
			out.Details = append(out.Details, detail)
		}
	}
	return out
}

// A text is one for the person at the screen.
type text struct {
	Locale  string `json:"locale"`
	Message string `json:"message"`
}

// document is what Box sent, and behind it the text, where there is one. Box stays as it
// is: the bytes may be shared.
func (f *failure) document(box []byte) []byte {
	var members map[string]json.RawMessage
	if f.text == "" || json.Unmarshal(box, &members) != nil || members["localized_message"] != nil {
		return box
	}
	localized, err := json.Marshal(text{f.locale, f.text})
	if err != nil {
		return box
	}
	before := bytes.TrimSuffix(bytes.TrimSpace(box), []byte("}"))
	comma := ","
	if len(members) == 0 {
		comma = ""
	}
	return fmt.Appendf(nil, `%s%s"localized_message":%s}`, before, comma, localized)
}

// A problem is that of RFC 9457 with its extension members.
type problem struct {
	Type       string       `json:"type"`
	Title      string       `json:"title"`
	Status     int          `json:"status"`
	Detail     string       `json:"detail,omitempty"`
	Message    string       `json:"message,omitempty"` // the service's, where detail is for people
	Code       string       `json:"code"`
	Domain     string       `json:"domain,omitempty"`
	Reason     string       `json:"reason,omitempty"`
	Outcome    string       `json:"outcome,omitempty"`
	RequestID  string       `json:"requestId,omitempty"`
	RetryAfter *int64       `json:"retryAfter,omitempty"`
	Errors     []fieldError `json:"errors,omitempty"`
	Help       string       `json:"help,omitempty"`
}

// A fieldError says which field is at fault.
type fieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

func (f *failure) problem() []byte {
	d := &f.details
	p := problem{
		Type: "about:blank", Status: f.httpStatus, Title: http.StatusText(f.httpStatus),
		Detail: f.status.GetMessage(), Code: codepb.Code(f.status.GetCode()).String(),
		Domain: d.info.GetDomain(), Reason: d.info.GetReason(), Outcome: d.info.GetMetadata()["outcome"],
		RequestID: d.request.GetRequestId(),
	}
	if p.Title == "" { // 499 and whatever an upstream invents
		p.Title = p.Code
	}
	if f.text != "" {
		p.Detail, p.Message = f.text, p.Detail
	}
	if f.repeatable {
		p.RetryAfter = &f.retryAfter
	}
	for _, v := range d.bad.GetFieldViolations() {
		p.Errors = append(p.Errors, fieldError{v.GetField(), v.GetDescription()})
	}
	if links := d.help.GetLinks(); len(links) > 0 {
		p.Help = links[0].GetUrl()
	}
	body, _ := json.Marshal(p) // it has nothing that JSON cannot hold
	return body
}
