// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	filesgw "github.com/boxgrpc/boxgrpc/contrib/gateway/internal/gen/files/v1"
)

// A list that fails at once fails as any other call: with Box's status and document, and
// the wait.
func TestAStreamThatFailsAtOnce(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t, gateway.WithUpstreamStatus())
	fault := boxtest.Error(504, "gateway_timeout", "no").With("Retry-After", "3")
	box.Script("GET /folders/{id}/items", fault, fault)
	a := get(t, address+"/v1/folders/0/items")
	same(t, "status", a.status, http.StatusGatewayTimeout)
	same(t, "Retry-After", a.header["Retry-After"], []string{"3"})
	same(t, "Content-Type", a.header["Content-Type"], []string{"application/json"})
	same(t, "body", a.json(t), object(t, fault.Body))
	same(t, "Content-Length", a.header.Get("Content-Length"), strconv.Itoa(len(a.body)))
	a = get(t, address+"/v1/folders/0/items", "Accept", gateway.MediaTypeProblem)
	same(t, "Content-Type", a.header["Content-Type"], []string{gateway.MediaTypeProblem})
	same(t, "status of the problem", a.json(t)["status"], object(t, `{"n":504}`)["n"])
}

// One that fails later must not look complete: the last line says why it ended, in the
// client's language.
func TestAStreamThatFailsLater(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t)
	box.Script("GET /folders/{id}/items", boxtest.Fault{}, boxtest.Error(404, "not_found", "Not Found"))
	a := get(t, address+"/v1/folders/0/items", "Accept-Language", "ja")
	same(t, "status", a.status, http.StatusOK)
	lines := strings.Split(strings.TrimSpace(a.body), "\n")
	same(t, "lines", len(lines), 2)
	same(t, "code", object(t, lines[1])["error"].(map[string]any)["code"], object(t, `{"n":5}`)["n"])
	if !japanese(lines[1]) {
		t.Errorf("no Japanese in %s", lines[1])
	}
}

// grpc-gateway writes nothing at all where it does not know a detail: half a list would
// pass for the whole.
func TestAStreamThatFailsLaterWithADetailThatIsNotLinked(t *testing.T) {
	t.Parallel()
	for _, svc := range []failing{{after: 1}, {after: 0}} {
		svc.err = foreign(t, codes.DataLoss, "torn", unlinked)
		for name, option := range map[string]runtime.ServeMuxOption{"all": gateway.Errors(), "text": gateway.Errors(gateway.WithDefault(gateway.MediaTypeStatus))} {
			a := get(t, inFrontOf(t, svc, option)+"/v1/folders/0/items")
			if !strings.Contains(a.body, `"torn"`) || strings.Count(a.body, "torn") != 1 {
				t.Errorf("%s: the error stands in %q not once", name, a.body)
			}
		}
	}
}

// An answer that has begun without a flush has begun all the same.
func TestAnAnswerThatHasBegun(t *testing.T) {
	t.Parallel()
	mux := runtime.NewServeMux(gateway.Errors())
	if err := mux.HandlePath(http.MethodGet, "/x", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
		_, _ = w.Write([]byte("begun "))
		runtime.HTTPStreamError(r.Context(), mux, &runtime.JSONPb{}, w, r, foreign(t, codes.DataLoss, "torn"))
	}); err != nil {
		t.Fatal(err)
	}
	same(t, "body", get(t, serve(t, mux)+"/x").body, `begun {"error":{"code":15,"message":"torn"}}`)
}

// A page that is flushed is at the client before the next one is there, whoever looks for
// a way to flush.
func TestStreamsAreFlushed(t *testing.T) {
	t.Parallel()
	mux := runtime.NewServeMux(gateway.Errors(), runtime.WithForwardResponseOption(
		func(_ context.Context, w http.ResponseWriter, _ proto.Message) error {
			if _, ok := w.(http.Flusher); !ok {
				t.Error("the http.ResponseWriter is no http.Flusher")
			}
			return nil
		}))
	released := make(chan struct{})
	if err := filesgw.RegisterFileServiceHandler(t.Context(), mux, dial(t, held{until: released})); err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, serve(t, mux)+"/v1/folders/0/items", nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := resp.Body.Read(make([]byte, 1)); n != 1 {
		t.Fatalf("read %d bytes: %v", n, err)
	}
	close(released)
}

// A WebSocket beside the generated handlers needs the connection itself.
func TestAHandlerTakesTheConnection(t *testing.T) {
	t.Parallel()
	mux := runtime.NewServeMux(gateway.Errors())
	if err := mux.HandlePath(http.MethodGet, "/x", func(w http.ResponseWriter, _ *http.Request, _ map[string]string) {
		h, ok := w.(http.Hijacker)
		if !ok {
			t.Error("the http.ResponseWriter is no http.Hijacker")
			return
		}
		conn, _, err := h.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
	}); err != nil {
		t.Fatal(err)
	}
	same(t, "body", get(t, serve(t, mux)+"/x").body, "hi")
}
