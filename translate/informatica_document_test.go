// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

const (
	shapeXML   = boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_XML
	shapeJSON  = boxgrpcv1.InformaticaError_SHAPE_CAI_FAULT_JSON
	shapeV2    = boxgrpcv1.InformaticaError_SHAPE_V2
	shapeV3    = boxgrpcv1.InformaticaError_SHAPE_V3
	shapeFlat  = boxgrpcv1.InformaticaError_SHAPE_FLAT
	shapeSOAP  = boxgrpcv1.InformaticaError_SHAPE_SOAP
	shapePlain = boxgrpcv1.InformaticaError_SHAPE_PLAIN
	shapeNone  = boxgrpcv1.InformaticaError_SHAPE_NONE
)

// thrown is what a Throw step makes: the fault and its parts stand in different
// namespaces.
const thrown = `<?xml version="1.0" encoding="UTF-8"?>
<fault name="faultResponse" source="/process/throw[@name='T']"><a:faultResponse xmlns:a="urn:spi">
  <sf:code xmlns:sf="urn:screenflow">500</sf:code>
  <sf:reason xmlns:sf="urn:screenflow">Test</sf:reason>
  <sf:details xmlns:sf="urn:screenflow"><![CDATA[Fault & detail]]></sf:details>
</a:faultResponse></fault>`

const soap = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>
<faultcode>soapenv:Server</faultcode><faultstring>No such workflow</faultstring>
<detail><trace>5ECRET</trace><faultResponse><code>5ECRET</code><details>5ECRET</details></faultResponse>5ECRET</detail>
</soapenv:Fault></soapenv:Body></soapenv:Envelope>`

// Informatica's bodies have eight forms, and each is somebody's only hint.
var informaticaBodies = []struct {
	situation, body          string
	code, message, requestID string
	want                     *boxgrpcv1.InformaticaError
}{
	{"documented fault", string(fault("CODE", "REASON", "a &lt;b&gt; &amp; c")), "CODE", "a <b> & c", "",
		&boxgrpcv1.InformaticaError{Shape: shapeXML, Reason: "REASON"}},
	{"fault of a Throw step", thrown, "500", "Fault & detail", "",
		&boxgrpcv1.InformaticaError{Shape: shapeXML, Code: "500", Reason: "Test"}},
	{"fault without details", string(fault("CODE", "REASON", "")), "CODE", "REASON", "",
		&boxgrpcv1.InformaticaError{Shape: shapeXML}},
	{"fault with detail, as in JSON", "<x><faultInfo><code>c_1</code><detail>d</detail></faultInfo></x>", "c_1", "d", "",
		&boxgrpcv1.InformaticaError{Shape: shapeXML, Code: "c_1"}},
	{"fault, Japanese code", string(fault("エラー", "理由", "詳細")), "エラー", "詳細", "",
		&boxgrpcv1.InformaticaError{Shape: shapeXML, Code: "エラー", Reason: "理由"}},
	{"status as the code", string(fault("HTTP_500", "R", "D")), "HTTP_500", "D", "",
		&boxgrpcv1.InformaticaError{Shape: shapeXML, Code: "HTTP_500", Reason: "R"}},
	{"faultInfo", `{"faultInfo":{"code":"HTTP_404","reason":"Not Found","detail":"It is gone."}}`, "HTTP_404", "It is gone.", "",
		&boxgrpcv1.InformaticaError{Shape: shapeJSON, Reason: "Not Found"}},
	{"faultResponse in JSON", `{"faultResponse":{"code":500,"reason":"R","details":"D"}}`, "500", "D", "",
		&boxgrpcv1.InformaticaError{Shape: shapeJSON, Code: "500", Reason: "R"}},
	{"fault not wrapped", `{"code":"X_1","reason":"R","detail":"D"}`, "X_1", "D", "",
		&boxgrpcv1.InformaticaError{Shape: shapeJSON, Reason: "R"}},
	{"fault of a run", `{"RunId":20262247166322413568,"faultInfo":{"code":"X_1","reason":"R"}}`, "X_1", "R", "",
		&boxgrpcv1.InformaticaError{Shape: shapeJSON, RunId: "20262247166322413568"}},
	{"version 2", `{"code":"APP_1","description":"No such job.","statusCode":404,"@type":"error"}`, "APP_1", "No such job.", "",
		&boxgrpcv1.InformaticaError{Shape: shapeV2}},
	{"version 2 in XML", `<error><code>APP_1</code><description>No such job.</description><statusCode>404</statusCode></error>`, "APP_1", "No such job.", "",
		&boxgrpcv1.InformaticaError{Shape: shapeV2}},
	{"version 3", `{"error":{"code":"APP_1","message":"M","requestId":"r-1","details":null}}`, "APP_1", "M", "r-1",
		&boxgrpcv1.InformaticaError{Shape: shapeV3}},
	{"version 3 with details", `{"error":{"code":"APP_1","message":"M","details":[{"code":"D_1","message":"DM","debugMessage":"5ECRET"},{}]}}`, "APP_1", "M", "",
		&boxgrpcv1.InformaticaError{Shape: shapeV3, Details: []*boxgrpcv1.InformaticaError_Detail{{Code: "D_1", Message: "DM"}}}},
	{"flat", `{"code":"NOT_FOUND","message":"M","requestId":"r-1"}`, "NOT_FOUND", "M", "r-1",
		&boxgrpcv1.InformaticaError{Shape: shapeFlat}},
	{"two texts", `{"code":"X_1","message":"M","description":"D"}`, "X_1", "M", "",
		&boxgrpcv1.InformaticaError{Shape: shapeV2, Detail: "D"}},
	{"runId", `{"message":"M","runId":20262247166322413568}`, "", "M", "", &boxgrpcv1.InformaticaError{Shape: shapeFlat, RunId: "20262247166322413568"}},
	{"run_id", `{"message":"M","run_id":"20262247166322413568"}`, "", "M", "", &boxgrpcv1.InformaticaError{Shape: shapeFlat, RunId: "20262247166322413568"}},
	{"id", `{"message":"M","id":7}`, "", "M", "", &boxgrpcv1.InformaticaError{Shape: shapeFlat, RunId: "7"}},
	{"text only", `{"error":"too many requests"}`, "", "too many requests", "", &boxgrpcv1.InformaticaError{Shape: shapePlain}},
	{"SOAP", soap, "soapenv:Server", "No such workflow", "", &boxgrpcv1.InformaticaError{Shape: shapeSOAP, Code: "soapenv:Server"}},
	{"SOAP, own code", strings.Replace(soap, "soapenv:Server", "WSCMN_10022", 1), "WSCMN_10022", "No such workflow", "",
		&boxgrpcv1.InformaticaError{Shape: shapeSOAP}},
	{"no body", "", "", "", "", &boxgrpcv1.InformaticaError{Shape: shapeNone}},
	{"page", "<html><body><p>Bad Gateway</p></body></html>", "", "", "", &boxgrpcv1.InformaticaError{Shape: shapeNone}},
	{"empty object", "{}", "", "", "", &boxgrpcv1.InformaticaError{Shape: shapeNone}},
	{"array", `[{"code":"X_1"}]`, "", "", "", &boxgrpcv1.InformaticaError{Shape: shapeNone}},
	{"cut off XML", thrown[:len(thrown)-3], "", "", "", &boxgrpcv1.InformaticaError{Shape: shapeNone}},
	{"XML that is not well-formed", "<faultResponse><code>X_1</reason></faultResponse>", "", "", "", &boxgrpcv1.InformaticaError{Shape: shapeNone}},
	{"cut off JSON", `{"code":"X_1"`, "", "", "", &boxgrpcv1.InformaticaError{Shape: shapeNone}},
	{"entity from outside", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><fault><code>X_1</code><reason>&e;</reason></fault>`, "", "", "",
		&boxgrpcv1.InformaticaError{Shape: shapeNone}},
}

func TestInformaticaBodies(t *testing.T) {
	t.Parallel()
	for _, tt := range informaticaBodies {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			// The type lies: the body speaks for itself.
			e := mustError(t, translate.Informatica.Translate(informatica("POST", 500, []byte(tt.body), "Content-Type", "text/plain")))
			if e.ErrorCode() != tt.code || received(t, e).ErrorCode() != tt.code {
				t.Errorf("ErrorCode = %q, and %q from the status, want %q", e.ErrorCode(), received(t, e).ErrorCode(), tt.code)
			}
			if tt.message != "" && e.Error() != tt.message || e.RequestID() != tt.requestID {
				t.Errorf("message %q, request id %q; want %q, %q", e, e.RequestID(), tt.message, tt.requestID)
			}
			if diff := cmp.Diff(tt.want, detail[*boxgrpcv1.InformaticaError](t, e), protocmp.Transform()); diff != "" {
				t.Errorf("InformaticaError (-want +got):\n%s", diff)
			}
			checkError(t, e)
		})
	}
}

// In Japan a fault is often declared in Shift_JIS; a gateway may have turned it
// into UTF-8 since, and a text that is decoded twice is lost.
func TestInformaticaCharsets(t *testing.T) {
	t.Parallel()
	in := func(charset string) string {
		return `<?xml version="1.0" encoding="` + charset + `"?>` + string(fault("HTTP_404", "理由", "ファイルがありません"))
	}
	encode := func(s string, encoded string, err error) []byte {
		if err != nil {
			t.Fatal(s, err)
		}
		return []byte(encoded)
	}
	sjis, err := japanese.ShiftJIS.NewEncoder().String(in("Shift_JIS"))
	shiftJIS := encode("Shift_JIS", sjis, err)
	jis, err := japanese.ISO2022JP.NewEncoder().String(in("ISO-2022-JP"))
	tests := []struct {
		situation, contentType string
		body                   []byte
		code                   codes.Code
		message                string
	}{
		{"declared", "application/xml", shiftJIS, codes.NotFound, "ファイルがありません"},
		{"UTF-16", "", utf16In(binary.LittleEndian, in("UTF-16")), codes.NotFound, "ファイルがありません"},
		{"declared twice", "application/xml; charset=Shift_JIS", shiftJIS, codes.NotFound, "ファイルがありません"},
		{"type that claims UTF-8", "application/xml; charset=utf-8", shiftJIS, codes.NotFound, "ファイルがありません"},
		{"converted on the way", "application/xml; charset=utf-8", []byte(in("Shift_JIS")), codes.NotFound, "ファイルがありません"},
		{"converted, and nobody says so", "", []byte(in("Shift_JIS")), codes.NotFound, "ファイルがありません"},
		{"seven bits", "application/xml", encode("ISO-2022-JP", jis, err), codes.NotFound, "ファイルがありません"},
		{"Latin-1", "application/xml", []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + string(fault("HTTP_404", "", "Gr\xfc\xdfe"))), codes.NotFound, "Grüße"},
		{"charset that nobody knows", "", []byte(`<?xml version="1.0" encoding="x-klingon"?>` + string(fault("HTTP_404", "", "Gr\xfc"))), codes.NotFound, "Gr\uFFFD"},
		{"charset that nobody knows, plain text", "", []byte(in("x-klingon")), codes.NotFound, "ファイルがありません"},
		{"bytes of nobody's charset", "", fault("HTTP_404", "", "Gr\xfc"), codes.NotFound, "Gr\uFFFD"},
		{"the same in JSON", "", []byte(`{"faultInfo":{"code":"HTTP_404","detail":"Gr` + "\xfc" + `"}}`), codes.NotFound, "Gr\uFFFD"},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			e := mustError(t, translate.Informatica.Translate(informatica("POST", 500, tt.body, "Content-Type", tt.contentType)))
			if e.Code() != tt.code || tt.message != "" && e.Error() != tt.message {
				t.Errorf("Translate = %v %q, want %v %q", e.Code(), e, tt.code, tt.message)
			}
			checkError(t, e)
		})
	}
}

// received is the error as the caller has it.
func received(t *testing.T, e *translate.Error) *translate.Error {
	t.Helper()
	got, ok := translate.FromError(e.GRPCStatus().Err())
	if !ok {
		t.Fatal("FromError does not know the status again")
	}
	return got
}
