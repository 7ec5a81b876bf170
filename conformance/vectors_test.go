// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
	utf16 "golang.org/x/text/encoding/unicode"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A vector is one line of the files that README.md describes.
type vector struct {
	Name           string            `json:"name"`
	Failure        string            `json:"failure"` // transport.jsonl only
	Method         string            `json:"method"`
	Status         int               `json:"status"`
	Headers        map[string]values `json:"headers"`
	RequestHeaders map[string]values `json:"request_headers"`
	Body           string            `json:"body"`
	BodyBase64     []byte            `json:"body_base64"`
	MustNotContain []string          `json:"must_not_contain"`
	Want           want              `json:"want"`
}

// What a want does not say is not looked at.
type want struct {
	GRPCCode  string             `json:"grpc_code"`
	Reason    *string            `json:"reason"`
	Domain    *string            `json:"domain"`
	ErrorCode *string            `json:"error_code"`
	RequestID *string            `json:"request_id"`
	Retry     wantRetry          `json:"retry"`
	Outcome   *string            `json:"outcome"`
	Metadata  map[string]*string `json:"metadata"`
}

type wantRetry struct {
	Allowed bool    `json:"allowed"`
	Class   *string `json:"class"`
	AfterMS *int64  `json:"after_ms"`
}

// values of a header: one text, or several in an array.
type values []string

func (v *values) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*v = values{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(v))
}

// upstreams are the translators that boxgrpc brings along, by the name of the file
// of their vectors.
var upstreams = map[string]*translate.Translator{
	"box":         translate.Box,
	"http":        translate.HTTP,
	"hitachi":     translate.Hitachi,
	"informatica": translate.Informatica,
}

// Every upstream answer that is written down gives what is written down, in Go as
// in any other language.
func TestVectors(t *testing.T) {
	t.Parallel()
	for upstream, translator := range upstreams {
		for _, v := range read[vector](t, "vectors/"+upstream+".jsonl", true) {
			t.Run(upstream+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				err := translator.Translate(v.answer())
				v.Want.check(t, err)
				v.checkResponse(t, translator, err)
				if err == nil {
					return
				}
				checkStatus(t, err, v.MustNotContain)
				checkHop(t, err)
				if upstream == "box" {
					v.checkBody(t, err)
				}
			})
		}
	}
}

// Names are how people and reports refer to a vector.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	type named struct {
		Name string `json:"name"`
	}
	files, err := os.ReadDir("vectors")
	if err != nil || len(files) == 0 {
		t.Fatalf("os.ReadDir = %d files, %v", len(files), err)
	}
	for _, file := range files {
		seen := make(map[string]bool)
		for _, v := range read[named](t, "vectors/"+file.Name(), false) {
			if v.Name == "" || seen[v.Name] {
				t.Errorf("%s: name %q is empty or there twice", file.Name(), v.Name)
			}
			seen[v.Name] = true
		}
	}
}

// read reads a file with one JSON object a line. In our own files a member that is
// not known is a mistake, which would leave something unchecked.
func read[T any](t *testing.T, path string, strict bool) []T {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	for i, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var v T
		d := json.NewDecoder(bytes.NewReader(line))
		if strict {
			d.DisallowUnknownFields()
		}
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s:%d: %v", path, i+1, err)
		}
		list = append(list, v)
	}
	return list
}

func (v *vector) answer() translate.Answer {
	body := v.BodyBase64
	if body == nil {
		body = []byte(v.Body)
	}
	return translate.Answer{
		Method: v.Method, Status: v.Status, Body: body,
		Header: header(v.Headers), RequestHeader: header(v.RequestHeaders),
	}
}

func header(m map[string]values) http.Header {
	h := make(http.Header)
	for name, list := range m {
		for _, value := range list {
			h.Add(name, value)
		}
	}
	return h
}

// check compares all that the vector says.
func (w *want) check(t *testing.T, err error) {
	t.Helper()
	if got := status.Code(err); name(got) != w.GRPCCode {
		t.Errorf("code = %s, want %s", name(got), w.GRPCCode)
	}
	if err == nil || w.GRPCCode == name(codes.OK) {
		return
	}
	e := find(t, err)
	equal(t, "reason", e.Reason(), w.Reason)
	equal(t, "domain", e.Domain(), w.Domain)
	equal(t, "error_code", e.ErrorCode(), w.ErrorCode)
	equal(t, "request_id", e.RequestID(), w.RequestID)
	equal(t, "outcome", strings.TrimPrefix(e.Outcome().String(), "OUTCOME_"), w.Outcome)
	equal(t, "retry.class", strings.TrimPrefix(e.RetryClass().String(), "RETRY_"), w.Retry.Class)
	delay, allowed := e.RetryDelay()
	if allowed != w.Retry.Allowed {
		t.Errorf("retry.allowed = %v, want %v", allowed, w.Retry.Allowed)
	}
	if allowed && w.Retry.AfterMS != nil {
		equal(t, "retry.after_ms", delay, new(time.Duration(*w.Retry.AfterMS)*time.Millisecond))
	}
	metadata := e.Metadata()
	for key, value := range w.Metadata {
		switch got, ok := metadata[key]; {
		case value == nil && ok:
			t.Errorf("metadata[%s] = %q, want none", key, got)
		case value != nil:
			equal(t, "metadata["+key+"]", got, value)
		}
	}
}

func equal[T comparable](t *testing.T, what string, got T, want *T) {
	t.Helper()
	if want != nil && got != *want {
		t.Errorf("%s = %v, want %v", what, got, *want)
	}
}

// name is a code as google.rpc.Code spells it.
func name(c codes.Code) string {
	if c == codes.OK {
		return "OK"
	}
	return strings.TrimPrefix(boxgrpcv1.GrpcCode(c).String(), "GRPC_CODE_")
}

func find(t *testing.T, err error) *translate.Error {
	t.Helper()
	e, ok := translate.FromError(err)
	if !ok {
		t.Fatalf("translate.FromError(%v) finds nothing", err)
	}
	return e
}

// checkResponse: an http.Response gives the same as an Answer, a success can be
// read from its first byte, and any other body is closed.
func (v *vector) checkResponse(t *testing.T, translator *translate.Translator, want error) {
	t.Helper()
	if v.Method == "" {
		return // a request has a method
	}
	a := v.answer()
	body := &closable{Reader: bytes.NewReader(a.Body)}
	got := translator.CheckResponse(&http.Response{
		StatusCode: a.Status, Header: a.Header, Body: body,
		Request: &http.Request{Method: a.Method, Header: a.RequestHeader},
	})
	if diff := cmp.Diff(statusOf(want).String(), statusOf(got).String()); diff != "" {
		t.Errorf("CheckResponse is not Translate (-want +got):\n%s", diff)
	}
	if body.closed != (want != nil) {
		t.Errorf("body closed: %v, want %v", body.closed, want != nil)
	}
}

type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func statusOf(err error) *spb.Status { return status.Convert(err).Proto() }

// checkStatus checks what holds for every error, by AIP-193 and by our word.
func checkStatus(t *testing.T, err error, secrets []string) {
	t.Helper()
	st := statusOf(err)
	raw, marshalErr := proto.Marshal(st)
	if marshalErr != nil || !utf8.ValidString(st.GetMessage()) {
		t.Errorf("status is not valid UTF-8: %v", marshalErr)
	}
	seen := make(map[string]bool)
	for i, detail := range st.GetDetails() {
		if seen[detail.GetTypeUrl()] {
			t.Errorf("detail %s is there twice", detail.GetTypeUrl())
		}
		seen[detail.GetTypeUrl()] = true
		m, unmarshalErr := detail.UnmarshalNew()
		if unmarshalErr != nil {
			t.Errorf("detail %d: %v", i, unmarshalErr)
			continue
		}
		info, ok := m.(*errdetails.ErrorInfo)
		if ok != (i == 0) {
			t.Errorf("detail %d is %s, want ErrorInfo first and only first", i, detail.GetTypeUrl())
		}
		if ok {
			checkInfo(t, info)
		}
	}
	if len(st.GetDetails()) == 0 {
		t.Error("there are no details")
	}
	_, allowed := find(t, err).RetryDelay()
	if told := seen["type.googleapis.com/google.rpc.RetryInfo"]; told != allowed {
		t.Errorf("RetryInfo: %v, want %v", told, allowed)
	}
	if size := max(headerBytes(st, raw), find(t, err).HeaderBytes()); size > 4096 {
		t.Errorf("header fields = %d bytes, want at most 4096", size)
	}
	for _, secret := range secrets {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("status contains %q:\n%v", secret, st)
		}
	}
}

// checkInfo checks ErrorInfo: a legal reason, a domain, no key but those of the
// closed list.
func checkInfo(t *testing.T, info *errdetails.ErrorInfo) {
	t.Helper()
	if r := info.GetReason(); !legalReason.MatchString(r) || len(r) > 63 {
		t.Errorf("reason %q is not legal (AIP-193)", r)
	}
	if info.GetDomain() == "" {
		t.Error("domain is empty")
	}
	for key, value := range info.GetMetadata() {
		if !slices.Contains(metadataKeys, key) {
			t.Errorf("metadata has key %q, which is not on the list", key)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("metadata[%s] = %q, which cannot be printed", key, value)
		}
	}
}

var legalReason = regexp.MustCompile(`^[A-Z][A-Z0-9_]+[A-Z0-9]$`)

var metadataKeys = []string{
	"httpStatus", "cause", "outcome", "attempts", "headerRequestId", "messageId",
	"ssb", "detailCode", "innerStatus", "retryAfter", "truncated",
}

// headerBytes counts anew what a status costs on the wire: name, value and 32 for
// each field (RFC 9113 section 6.5.2), base64 and percent-encoding included.
func headerBytes(st *spb.Status, raw []byte) int {
	message := 0
	for _, b := range []byte(st.GetMessage()) {
		if message++; b < ' ' || b > '~' || b == '%' {
			message += 2
		}
	}
	return len("grpc-status") + len(fmt.Sprint(st.GetCode())) + 32 +
		len("grpc-message") + message + 32 +
		len("grpc-status-details-bin") + base64.RawStdEncoding.EncodedLen(len(raw)) + 32
}

// checkHop: a caller who reads the status learns what the service knew.
func checkHop(t *testing.T, err error) {
	t.Helper()
	before, after := find(t, err), hop(t, err)
	type facts struct {
		Code                               codes.Code
		Reason, Domain, ErrorCode, ID, Out string
		Delay                              time.Duration
		Allowed                            bool
		Body                               string
	}
	of := func(e *translate.Error) facts {
		delay, allowed := e.RetryDelay()
		return facts{e.Code(), e.Reason(), e.Domain(), e.ErrorCode(), e.RequestID(), e.Outcome().String(), delay, allowed, string(e.Body())}
	}
	if diff := cmp.Diff(of(before), of(after)); diff != "" {
		t.Errorf("the hop changed something (-before +after):\n%s", diff)
	}
}

// hop is the error as a caller finds it.
func hop(t *testing.T, err error) *translate.Error {
	t.Helper()
	raw, marshalErr := proto.Marshal(statusOf(err))
	st := new(spb.Status)
	if marshalErr != nil || proto.Unmarshal(raw, st) != nil {
		t.Fatalf("the status cannot be sent: %v", marshalErr)
	}
	return find(t, status.FromProto(st).Err())
}

// checkBody: a caller gets Box's document back, as the same JSON value or, if the
// service wants it so, as the same bytes.
func (v *vector) checkBody(t *testing.T, err error) {
	t.Helper()
	plain := v.plainText(t)
	var sent any
	if d := decoder(plain); d.Decode(&sent) != nil {
		sent = nil
	}
	e := hop(t, err)
	if _, object := sent.(map[string]any); !object {
		if e.Body() != nil {
			t.Errorf("Body() = %s of a body that is no JSON object", e.Body())
		}
		return
	}
	if len(v.MustNotContain) > 0 || e.Metadata()["truncated"] != "" {
		return
	}
	var got any
	if err := decoder(e.Body()).Decode(&got); err != nil {
		t.Fatalf("Body() = %s: %v", e.Body(), err)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("Body() is not the same JSON value (-sent +got):\n%s", diff)
	}
	e = hop(t, translate.Box.With(translate.WithRawBody()).Translate(v.answer()))
	if e.Metadata()["truncated"] == "" && !bytes.Equal(e.Body(), plain) {
		t.Errorf("Body() = %q WithRawBody, want %q", e.Body(), plain)
	}
}

func decoder(data []byte) *json.Decoder {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d
}

// plainText is the body inflated and in UTF-8, as the vector's headers and first
// bytes tell. It is written anew, so that it does not share the mistakes of what it
// tests.
func (v *vector) plainText(t *testing.T) []byte {
	t.Helper()
	body := v.answer().Body
	if r, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		inflated, err := io.ReadAll(r)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		body = inflated
	}
	decode := map[string]func([]byte) ([]byte, error){
		"utf-16":    utf16.UTF16(utf16.LittleEndian, utf16.UseBOM).NewDecoder().Bytes,
		"Shift_JIS": japanese.ShiftJIS.NewDecoder().Bytes,
	}
	_, charset, _ := strings.Cut(header(v.Headers).Get("Content-Type"), "charset=")
	if f := decode[charset]; f != nil {
		text, err := f(body)
		if err != nil {
			t.Fatal(err)
		}
		body = text
	}
	return bytes.TrimPrefix(body, []byte("\ufeff"))
}
