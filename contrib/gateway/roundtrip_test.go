// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	"github.com/boxgrpc/boxgrpc/translate"
)

// statuses are those of 4xx and 5xx that an upstream of ours documents, with what an HTTP
// client gets: by the code alone, and with the upstream's own status.
var statuses = []struct{ upstream, byCode, own int }{
	{400, 400, 400}, {401, 401, 401}, {402, 400, 402}, {403, 403, 403}, {404, 404, 404}, {405, 501, 405},
	{406, 500, 406}, {407, 500, 500}, {408, 503, 503}, {409, 409, 409}, {410, 404, 410}, {411, 500, 411},
	{412, 400, 412}, {413, 400, 413}, {414, 400, 414}, {415, 400, 415}, {416, 400, 416}, {417, 500, 500},
	{422, 400, 422}, {423, 400, 423}, {424, 400, 424}, {426, 500, 500}, {428, 400, 428}, {429, 429, 429},
	{431, 500, 431},
	{500, 500, 500}, {501, 501, 501}, {502, 503, 502}, {503, 503, 503}, {504, 503, 504}, {505, 500, 505},
	{506, 500, 506}, {507, 429, 507}, {508, 500, 508}, {510, 500, 510}, {511, 500, 500},
}

// A client that was written for Box breaks behind the gateway if Box's document does not
// come through whole, and one that knows grpc-gateway if statuses change by themselves.
func TestBoxsDocumentComesThrough(t *testing.T) {
	t.Parallel()
	if len(statuses) != 36 {
		t.Fatalf("%d statuses, want 36", len(statuses))
	}
	box, byCode := inFrontOfBox(t)
	own := inFrontOf(t, &files{box: box, translate: translate.Box}, gateway.Errors(gateway.WithUpstreamStatus()))
	for _, s := range statuses {
		t.Run(strconv.Itoa(s.upstream), func(t *testing.T) {
			fault := boxtest.Error(s.upstream, "some_code_of_"+strconv.Itoa(s.upstream), "it \"failed\" <here>")
			fault.Body = fault.Body[:len(fault.Body)-1] + `,"context_info":{"n":12345678901234567890,"list":[null,1.50,{"a":"ü"}]},"new_member":[true]}`
			for address, want := range map[string]int{byCode + "/v1/files/7": s.byCode, own + "/v1/files/7": s.own} {
				box.Script("GET /files/{id}", fault)
				a := get(t, address, "Accept", "application/json")
				same(t, "status", a.status, want)
				same(t, "Content-Type", a.header.Get("Content-Type"), "application/json")
				same(t, "body", a.json(t), object(t, fault.Body))
			}
		})
	}
}

// The same for a write, where what is known of the wait and the outcome differs.
func TestBoxsDocumentComesThroughOfAWrite(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t, gateway.WithUpstreamStatus())
	fault := boxtest.Conflict("folder", "11", "drafts")
	box.Script("POST /folders", fault)
	a := ask(t, http.MethodPost, address+"/v1/folders")
	same(t, "status", a.status, http.StatusConflict)
	same(t, "body", a.json(t), object(t, fault.Body))
}

// Statuses that are no error of HTTP, or would send the client to the wrong place for a
// password, are the service's to know.
func TestStatusesThatStayInTheService(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t, gateway.WithUpstreamStatus())
	for _, tt := range []struct {
		situation string
		fault     boxtest.Fault
		want      int
	}{
		{"not ready", boxtest.Fault{Status: 202}.With("Retry-After", "5"), http.StatusServiceUnavailable},
		{"not modified", boxtest.Fault{Status: 304}, http.StatusBadRequest},
		{"the caller's token", boxtest.Error(401, "unauthorized", "expired"), http.StatusUnauthorized},
	} {
		box.Script("GET /files/{id}", tt.fault)
		same(t, tt.situation, get(t, address+"/v1/files/7").status, tt.want)
	}
	proxy := failing{err: translate.Box.Translate(translate.Answer{
		Method: http.MethodGet, Status: 401, Header: http.Header{"Www-Authenticate": {`Basic realm="proxy"`}},
	})}
	address = inFrontOf(t, proxy, gateway.Errors(gateway.WithUpstreamStatus()))
	same(t, "a proxy's password", get(t, address+"/v1/files/7").status, http.StatusInternalServerError)
}
