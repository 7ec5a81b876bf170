// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// informaticaXML reads a fault in XML by local names: its parts stand in several
// namespaces, and the documentation's own example does not declare its prefix. A
// document that breaks off or is not well-formed says nothing.
func informaticaXML(body []byte) informaticaFault {
	r := faultReader{texts: make(map[string]string)}
	if !r.read(body) && !utf8.Valid(body) {
		r = faultReader{texts: make(map[string]string)}
		r.read(bytes.ToValidUTF8(body, []byte("\uFFFD")))
	}
	if r.broken || r.shape == boxgrpcv1.InformaticaError_SHAPE_UNSPECIFIED {
		return informaticaFault{shape: boxgrpcv1.InformaticaError_SHAPE_NONE}
	}
	return informaticaFault{shape: r.shape, texts: r.texts}
}

// Nobody nests or repeats so much in a fault.
const (
	maxDepth    = 64
	maxElements = 4096
)

// A faultReader takes the texts of the elements of a fault as they come by.
type faultReader struct {
	shape    boxgrpcv1.InformaticaError_Shape
	texts    map[string]string
	path     []string // local names of the open elements
	field    int      // depth of the open element of the fault, or 0
	text     strings.Builder
	elements int
	broken   bool
}

// read reports whether the whole document is well-formed and of sane size.
// encoding/xml knows no external entities and expands none of a DOCTYPE.
func (r *faultReader) read(body []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(declared string, rest io.Reader) (io.Reader, error) {
		return declaredCharset(declared, rest, body)
	}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil || len(r.path) > maxDepth || r.elements > maxElements {
			r.broken = true
			return false
		}
		r.take(token)
	}
}

// declaredCharset obeys the XML declaration, but for a body that is UTF-8: then
// somebody on the way converted it and left the declaration behind. ESC, which no
// XML may contain, tells the seven-bit ISO-2022-JP from UTF-8.
func declaredCharset(declared string, rest io.Reader, body []byte) (io.Reader, error) {
	if utf8.Valid(body) && bytes.IndexByte(body, 0x1b) < 0 {
		return rest, nil
	}
	enc, err := htmlindex.Get(declared)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Reader(rest), nil
}

func (r *faultReader) take(token xml.Token) {
	switch token := token.(type) {
	case xml.StartElement:
		r.start(token.Name.Local)
	case xml.CharData:
		if r.field > 0 && r.field == len(r.path) {
			r.text.Write(token)
		}
	case xml.EndElement:
		if r.field > 0 && r.field == len(r.path) {
			r.end(token.Name.Local)
		}
		r.path = r.path[:len(r.path)-1]
	}
}

// start opens an element. What stands inside an element of a fault, such as the
// detail of a SOAP fault, is not looked at.
func (r *faultReader) start(name string) {
	if r.field == 0 && len(r.path) > 0 && faultElements[name] == 0 && faultElements[r.path[len(r.path)-1]] != 0 {
		r.field = len(r.path) + 1
		r.text.Reset()
	}
	r.path = append(r.path, name)
	r.elements++
}

// end closes an element of a fault. The first of a name counts.
func (r *faultReader) end(name string) {
	r.field = 0
	shape := faultElements[r.path[len(r.path)-2]]
	shown := informaticaTexts[name]
	if shape == boxgrpcv1.InformaticaError_SHAPE_SOAP {
		shown = name == "faultcode" || name == "faultstring"
	}
	s := strings.TrimSpace(r.text.String())
	if !shown || s == "" {
		return
	}
	if r.shape == boxgrpcv1.InformaticaError_SHAPE_UNSPECIFIED {
		r.shape = shape
	}
	if r.shape == shape && r.texts[name] == "" {
		r.texts[name] = s
	}
}

// faultElements are the elements that hold the parts of a fault.
var faultElements = map[string]boxgrpcv1.InformaticaError_Shape{
	"faultResponse": boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_XML,
	"faultInfo":     boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_XML,
	"fault":         boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_XML,
	"error":         boxgrpcv1.InformaticaError_SHAPE_V2,
	"Fault":         boxgrpcv1.InformaticaError_SHAPE_SOAP,
}
