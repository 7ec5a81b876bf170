// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// An informaticaFault is what an Informatica body says, whatever its form: texts
// by the name of their member or element.
type informaticaFault struct {
	shape   boxgrpcv1.InformaticaError_Shape
	texts   map[string]string
	details []*boxgrpcv1.InformaticaError_Detail
}

// decodeInformatica reads the faults of processes and the errors of the platform.
// The body's first character tells XML from JSON: its type may lie.
func decodeInformatica(a Answer) Document {
	f := informaticaFault{shape: boxgrpcv1.InformaticaError_SHAPE_NONE}
	switch body := bytes.TrimSpace(a.Body); {
	case bytes.HasPrefix(body, []byte("<")):
		f = informaticaXML(body)
	case bytes.HasPrefix(body, []byte("{")):
		f = informaticaJSON(body)
	}
	return f.document(a.Status)
}

// document judges nothing but what only Informatica's documentation tells.
func (f informaticaFault) document(status int) Document {
	doc := Document{
		Code:      f.first("code", "faultcode"),
		Message:   f.first("message", "description", "details", "detail", "faultstring", "reason", "error"),
		RequestID: f.first("requestId", "request_id"),
	}
	if f.shape == boxgrpcv1.InformaticaError_SHAPE_SOAP {
		doc.Reason = doc.Code[strings.LastIndexByte(doc.Code, ':')+1:] // the prefix means nothing outside the document
		doc.LookUp = []string{doc.Reason}
	}
	if status == http.StatusInternalServerError {
		f.lookBehind(&doc)
	}
	doc.Detail = f.detail(doc, status)
	return doc
}

// lookBehind reads what the answer of an engine, always 500, says of the system
// that the process called.
func (f informaticaFault) lookBehind(doc *Document) {
	if inner := innerStatus(doc.Code); inner != 0 {
		doc.InnerStatus = inner
		doc.Metadata = map[string]string{keyInnerStatus: decimal(inner)}
	}
	if doc.Code == "SERVICE_CONNECTOR_ERROR" && madeTheCall[f.texts["reason"]] {
		doc.Outcome = boxgrpcv1.Outcome_OUTCOME_APPLIED
	}
}

// madeTheCall are the steps of a service connector that come after its call.
var madeTheCall = map[string]bool{
	"OUTPUT_PARAMETERS_ERROR":               true,
	"PROCESS_RESPONSE_AUTHENTICATION_ERROR": true,
}

// innerStatus is the status in HTTP_404, or 0.
func innerStatus(code string) int {
	digits, ok := strings.CutPrefix(code, "HTTP_")
	if !ok || len(digits) != 3 || digits[0] < '1' || digits[0] > '5' {
		return 0
	}
	n, _ := parseDecimal(digits) // 0 where there is a letter
	return n
}

// detail is what the status does not say elsewhere.
func (f informaticaFault) detail(doc Document, status int) *boxgrpcv1.InformaticaError {
	e := &boxgrpcv1.InformaticaError{
		Shape:   f.shape,
		Reason:  f.beside(doc.Message, "reason"),
		Detail:  f.beside(doc.Message, "description", "details", "detail"),
		Details: f.details,
		RunId:   usableID(f.first("RunId", "runId", "run_id", "runid", "id")),
	}
	reason := toReason(firstOf(doc.Reason, doc.Code))
	if doc.Code != reason || reason == statusReason(status) {
		e.Code = doc.Code
	}
	return e
}

// first is the first of these texts that is not blank.
func (f informaticaFault) first(names ...string) string {
	for _, name := range names {
		if s := f.texts[name]; strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// beside is the first of these texts that is not the message.
func (f informaticaFault) beside(message string, names ...string) string {
	for _, name := range names {
		if s := f.texts[name]; s != message && strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// informaticaJSON reads a JSON object and the one that it wraps.
func informaticaJSON(body []byte) informaticaFault {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return informaticaFault{shape: boxgrpcv1.InformaticaError_SHAPE_NONE}
	}
	f := informaticaFault{texts: make(map[string]string)}
	for range maxWraps {
		f.add(members)
		wrapped := f.unwrap(members)
		if wrapped == nil {
			break
		}
		members = wrapped
	}
	if f.shape == boxgrpcv1.InformaticaError_SHAPE_UNSPECIFIED {
		f.shape = f.flatShape(members)
	}
	return f
}

// maxWraps bounds how deep a fault may stand.
const maxWraps = 4

// add takes the members that matter. Those of the inner object count.
func (f *informaticaFault) add(members map[string]json.RawMessage) {
	for name, raw := range members {
		if s := text(raw); s != "" && informaticaTexts[name] {
			f.texts[name] = s
		}
	}
	var list []struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(members["details"], &list) != nil {
		return
	}
	f.details = nil
	for _, d := range list[:min(len(list), maxViolations)] {
		code, message := text(d.Code), text(d.Message)
		if code != "" || message != "" {
			f.details = append(f.details, &boxgrpcv1.InformaticaError_Detail{Code: code, Message: message})
		}
	}
}

// unwrap returns the object that holds the fault, or nil where it is this one.
func (f *informaticaFault) unwrap(members map[string]json.RawMessage) map[string]json.RawMessage {
	for _, w := range informaticaWrappers {
		var inner map[string]json.RawMessage
		if json.Unmarshal(members[w.name], &inner) == nil && inner != nil {
			f.shape = w.shape
			return inner
		}
	}
	return nil
}

var informaticaWrappers = []struct {
	name  string
	shape boxgrpcv1.InformaticaError_Shape
}{
	{"faultInfo", boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_JSON},
	{"faultResponse", boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_JSON},
	{"fault", boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_JSON},
	{"error", boxgrpcv1.InformaticaError_SHAPE_V3},
}

// flatShape is the form of an object that wraps nothing.
func (f *informaticaFault) flatShape(members map[string]json.RawMessage) boxgrpcv1.InformaticaError_Shape {
	switch {
	case members["@type"] != nil || members["description"] != nil || members["statusCode"] != nil:
		return boxgrpcv1.InformaticaError_SHAPE_V2
	case f.first("reason", "details", "detail") != "":
		return boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_JSON
	case f.first("code") == "" && f.first("error") != "":
		return boxgrpcv1.InformaticaError_SHAPE_PLAIN
	case len(f.texts) > 0:
		return boxgrpcv1.InformaticaError_SHAPE_FLAT
	}
	return boxgrpcv1.InformaticaError_SHAPE_NONE
}

// informaticaTexts are the members that may be shown.
var informaticaTexts = map[string]bool{
	"code": true, "reason": true, "detail": true, "details": true, "message": true, "description": true, "error": true,
	"requestId": true, "request_id": true, "RunId": true, "runId": true, "run_id": true, "runid": true, "id": true,
}
