// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	filesgw "github.com/boxgrpc/boxgrpc/contrib/gateway/internal/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// HEAD asks for the head only; a body would be taken for the next answer.
func TestHead(t *testing.T) {
	t.Parallel()
	svc := failing{err: status.Error(codes.NotFound, "gone")}
	mux := runtime.NewServeMux(gateway.Errors())
	conn := dial(t, svc)
	if err := filesgw.RegisterFileServiceHandler(t.Context(), mux, conn); err != nil {
		t.Fatal(err)
	}
	counted := &counter{}
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Method = http.MethodHead
		gateway.ErrorHandler()(r.Context(), mux, &runtime.JSONPb{}, counted.of(w), r, svc.err)
	}))
	a := ask(t, http.MethodHead, address+"/v1/files/7")
	same(t, "status", a.status, http.StatusNotFound)
	same(t, "Content-Type", a.header.Get("Content-Type"), "application/json")
	same(t, "bytes written", counted.n, 0)
}

// A counter counts the bytes of a body.
type counter struct {
	http.ResponseWriter
	n int
}

func (c *counter) of(w http.ResponseWriter) http.ResponseWriter {
	c.ResponseWriter = w
	return c
}

func (c *counter) Write(data []byte) (int, error) {
	c.n += len(data)
	return c.ResponseWriter.Write(data)
}

// The handlers of a mux without gRPC are not judged by any interceptor: a Retry-After
// would make clients repeat what may have been done, and wrap texts are the service's.
func TestAServiceInTheSameProcess(t *testing.T) {
	t.Parallel()
	box := boxtest.NewServer()
	t.Cleanup(box.Close)
	box.Script("GET /files/{id}", boxtest.Error(503, "unavailable", "try later").With("Retry-After", "7"),
		boxtest.Error(401, "unauthorized", "token of robot@example.com expired"))
	mux := runtime.NewServeMux(gateway.Errors())
	svc := &files{box: box, translate: translate.Box.With(translate.WithServiceCredentials())}
	if err := filesgw.RegisterFileServiceHandlerServer(t.Context(), mux, svc); err != nil {
		t.Fatal(err)
	}
	address := serve(t, mux)
	a := get(t, address+"/v1/files/7")
	same(t, "status", a.status, http.StatusServiceUnavailable)
	same(t, "Retry-After", a.header["Retry-After"], []string(nil))
	a = get(t, address+"/v1/files/7")
	same(t, "status", a.status, http.StatusInternalServerError)
	if strings.Contains(a.body, "robot") {
		t.Errorf("tells about the credentials: %s", a.body)
	}
}

// So would a wait that the service has named without anybody to judge it.
func TestAWaitThatNobodyHasJudged(t *testing.T) {
	t.Parallel()
	mux := runtime.NewServeMux(gateway.Errors())
	svc := failing{err: foreign(t, codes.Unavailable, "busy", &errdetails.RetryInfo{}, &errdetails.RequestInfo{RequestId: "r"})}
	if err := filesgw.RegisterFileServiceHandlerServer(t.Context(), mux, svc); err != nil {
		t.Fatal(err)
	}
	a := get(t, serve(t, mux)+"/v1/files/7")
	same(t, "Retry-After", a.header["Retry-After"], []string(nil))
	if strings.Contains(a.body, "RetryInfo") || !strings.Contains(a.body, "RequestInfo") {
		t.Errorf("body %s, want RequestInfo only", a.body)
	}
}
