// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// A hitachiObject is any of the JSON objects that Hitachi storage answers with. The
// members stay as they are, since some have several types. Names match whatever
// their case: messageId is also spelt messageID.
type hitachiObject struct {
	// An error.
	ErrorSource  json.RawMessage `json:"errorSource"`
	MessageID    json.RawMessage `json:"messageId"`
	Message      json.RawMessage `json:"message"`
	Cause        json.RawMessage `json:"cause"`
	Solution     json.RawMessage `json:"solution"`
	SolutionType json.RawMessage `json:"solutionType"`
	ErrorCode    json.RawMessage `json:"errorCode"`
	DetailCode   json.RawMessage `json:"detailCode"`

	// A job.
	JobID             json.RawMessage `json:"jobId"`
	Status            json.RawMessage `json:"status"`
	State             json.RawMessage `json:"state"`
	AffectedResources json.RawMessage `json:"affectedResources"`
	Error             json.RawMessage `json:"error"`

	// The status of a command of the simple API, which has status and errorCode too.
	ID            json.RawMessage `json:"id"`
	Progress      json.RawMessage `json:"progress"`
	ErrorResource json.RawMessage `json:"errorResource"`
	ErrorMessage  json.RawMessage `json:"errorMessage"`

	// An operation on several resources.
	ErrorResponses json.RawMessage `json:"errorResponses"`
	PartialSuccess json.RawMessage `json:"partialSuccessResponses"`
}

// errorObject is the error that the object is, or holds: that of a job, or the
// first of several.
func (o *hitachiObject) errorObject() hitachiObject {
	id := o.ids()
	if notEmpty(o.ErrorSource) || len(id.codes()) > 0 {
		return *o
	}
	if e, ok := parseObject(o.Error); ok {
		return e
	}
	if list := elements(o.ErrorResponses); len(list) > 0 {
		if e, ok := parseObject(list[0]); ok {
			return e
		}
	}
	return *o
}

// ids reads the codes of an error object. errorCode has three forms: an object with
// SSB1 and SSB2, an object with a RAID Manager code, and a text.
func (o *hitachiObject) ids() hitachiIDs {
	var code struct {
		SSB1      json.RawMessage `json:"SSB1"`
		SSB2      json.RawMessage `json:"SSB2"`
		ErrorCode json.RawMessage `json:"errorCode"`
	}
	id := hitachiIDs{message: idOf(o.MessageID), detail: idOf(o.DetailCode)}
	if json.Unmarshal(o.ErrorCode, &code) == nil {
		id.ssb, id.raid = ssbPair(text(code.SSB1), text(code.SSB2)), idOf(code.ErrorCode)
	} else {
		id.raid = idOf(o.ErrorCode)
	}
	if m := ssbText.FindStringSubmatch(id.raid); m != nil {
		id.ssb, id.raid = firstOf(id.ssb, ssbPair(m[1], m[2])), ""
	}
	if m := ssbDetail.FindStringSubmatch(id.detail); m != nil {
		id.ssb = firstOf(id.ssb, ssbPair(m[1], m[2]))
	}
	return id
}

var (
	ssbCode   = regexp.MustCompile(`^[0-9A-Za-z]{1,16}$`)
	ssbText   = regexp.MustCompile(`^([0-9A-Fa-f]{4})\s*[,/: -]?\s*([0-9A-Fa-f]{4})$`)
	ssbDetail = regexp.MustCompile(`^[^-]*-2-([^-]+)-([^-]+)`) // type 2: SSB1 and SSB2 follow
)

// ssbPair writes the pair as the catalogue does. Half a pair says nothing.
func ssbPair(ssb1, ssb2 string) string {
	ssb1, ssb2 = hexadecimal(ssb1), hexadecimal(ssb2)
	if !ssbCode.MatchString(ssb1) || !ssbCode.MatchString(ssb2) {
		return ""
	}
	return strings.ToUpper(ssb1 + "," + ssb2)
}

func hexadecimal(code string) string {
	code = strings.TrimSpace(code)
	return strings.TrimPrefix(strings.TrimPrefix(code, "0x"), "0X")
}

// idOf is a text that can be an id, or "".
func idOf(raw json.RawMessage) string { return firstOf(usableID(text(raw))) }

// notEmpty tells whether a member says anything: it is not null, "", [] or {}.
func notEmpty(raw json.RawMessage) bool {
	switch string(bytes.Join(bytes.Fields(raw), nil)) {
	case "", "null", `""`, "[]", "{}":
		return false
	}
	return true
}

// parseObject reads a JSON object.
func parseObject(raw []byte) (o hitachiObject, ok bool) {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return o, false
	}
	return o, json.Unmarshal(raw, &o) == nil
}

// elements reads a JSON array.
func elements(raw []byte) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// A hitachiReading is what an answer says as a whole.
type hitachiReading struct {
	object hitachiObject // the answer, or of several the first that failed
	err    hitachiObject // the error object of it
	id     hitachiIDs    // the codes of that
	failed bool          // whatever the status says
	others bool          // of several, one did not fail
	mixed  bool          // of several failures, one has other codes
	cut    bool          // the end of the answer is missing
}

// readHitachi reads one object or several. It returns false for anything else.
func readHitachi(body []byte) (r hitachiReading, ok bool) {
	list := elements(body)
	if len(list) == 0 && json.Valid(body) {
		list = []json.RawMessage{body}
	} else if len(list) == 0 {
		list, r.cut = beforeCut(body), true
	}
	for _, raw := range list {
		if o, isObject := parseObject(raw); isObject {
			r.add(o, ok)
			ok = true
		}
	}
	return r, ok
}

// add takes note of one object more.
func (r *hitachiReading) add(o hitachiObject, more bool) {
	failed := o.failed()
	if more && !failed {
		r.others = true
		return
	}
	e := o.errorObject()
	switch id := e.ids(); {
	case !more || !r.failed:
		r.object, r.err, r.id, r.failed, r.others = o, e, id, failed, more
	case !slices.Equal(id.codes(), r.id.codes()):
		r.mixed = true
	}
	r.mixed = r.mixed || mixedCodes(o.ErrorResponses)
}

// mixedCodes tells whether errors differ.
func mixedCodes(raw json.RawMessage) bool {
	var first []string
	for i, element := range elements(raw) {
		e, _ := parseObject(element)
		codes := e.ids().codes()
		if i > 0 && !slices.Equal(codes, first) {
			return true
		}
		first = codes
	}
	return false
}

// beforeCut reads JSON whose end is missing: the elements of an array, or one
// object. Of anything else that is no JSON it reads nothing.
func beforeCut(body []byte) []json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(body))
	open, err := d.Token()
	if err != nil {
		return nil
	}
	if open == json.Delim('{') {
		return objectBeforeCut(d)
	}
	var list []json.RawMessage
	for {
		var value json.RawMessage
		if err = d.Decode(&value); err != nil {
			break
		}
		list = append(list, value)
	}
	if open != json.Delim('[') || !endMissing(err) {
		return nil
	}
	return list
}

// objectBeforeCut reads members. The last is cut itself: it says something, but
// nobody knows what.
func objectBeforeCut(d *json.Decoder) []json.RawMessage {
	members := make(map[string]json.RawMessage)
	for {
		key, err := d.Token()
		name, isName := key.(string)
		if endMissing(err) {
			break
		}
		if !isName {
			return nil
		}
		var value json.RawMessage
		if err = d.Decode(&value); endMissing(err) {
			members[name] = json.RawMessage(`["…"]`)
			break
		} else if err != nil {
			return nil
		}
		members[name] = value
	}
	return []json.RawMessage{marshalJSON(members)}
}

func endMissing(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
