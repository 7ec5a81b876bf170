// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/contrib/gateway"
	filesgw "github.com/boxgrpc/boxgrpc/contrib/gateway/internal/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

// foreign is a status of the service's own, with details.
func foreign(t *testing.T, code codes.Code, message string, details ...proto.Message) error {
	t.Helper()
	st := &spb.Status{Code: int32(code), Message: message}
	for _, d := range details {
		packed, ok := d.(*anypb.Any)
		if !ok {
			var err error
			if packed, err = anypb.New(d); err != nil {
				t.Fatal(err)
			}
		}
		st.Details = append(st.Details, packed)
	}
	return status.FromProto(st).Err()
}

// A client that comes back earlier than told is refused again, and one that is told to
// come back after an error that stays never stops.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	retryInfo := func(d time.Duration) *errdetails.RetryInfo {
		return &errdetails.RetryInfo{RetryDelay: durationpb.New(d)}
	}
	for _, tt := range []struct {
		situation string
		details   []proto.Message
		want      []string
	}{
		{"no RetryInfo", nil, nil},
		{"whole seconds", []proto.Message{retryInfo(30 * time.Second)}, []string{"30"}},
		{"a fraction is rounded up", []proto.Message{retryInfo(1500 * time.Millisecond)}, []string{"2"}},
		{"a nanosecond is a second", []proto.Message{retryInfo(time.Nanosecond)}, []string{"1"}},
		{"at once", []proto.Message{retryInfo(0)}, []string{"0"}},
		{"no delay", []proto.Message{&errdetails.RetryInfo{}}, []string{"0"}},
		{"negative", []proto.Message{retryInfo(-time.Minute)}, []string{"0"}},
		{"longer than a time.Duration", []proto.Message{&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Seconds: 1 << 60}}}, []string{"9223372037"}},
		{"broken", []proto.Message{&anypb.Any{TypeUrl: "type.googleapis.com/google.rpc.RetryInfo", Value: []byte{0xff}}}, nil},
	} {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			svc := failing{err: foreign(t, codes.Unavailable, "busy", tt.details...)}
			for _, accept := range []string{gateway.MediaTypeJSON, gateway.MediaTypeProblem, gateway.MediaTypeStatus} {
				a := get(t, inFrontOf(t, svc, gateway.Errors())+"/v1/files/7", "Accept", accept)
				same(t, "Retry-After for "+accept, a.header["Retry-After"], tt.want)
				same(t, "status", a.status, http.StatusServiceUnavailable)
			}
		})
	}
}

// The wait that Box named reaches the browser.
func TestRetryAfterOfBox(t *testing.T) {
	t.Parallel()
	box, address := inFrontOfBox(t)
	box.Script("GET /files/{id}", boxtest.Error(429, "rate_limit_exceeded", "too fast").With("Retry-After", "30"))
	a := get(t, address+"/v1/files/7", "Accept", gateway.MediaTypeProblem)
	same(t, "Retry-After", a.header["Retry-After"], []string{"30"})
	same(t, "retryAfter", a.json(t)["retryAfter"], object(t, `{"n":30}`)["n"])
}

// A challenge that an upstream's text makes up sends the client's password to a stranger,
// and metadata of the service may be anything.
func TestNothingElseOfTheServiceLeaves(t *testing.T) {
	t.Parallel()
	svc := failing{err: status.Error(codes.Unauthenticated, `Basic realm="stolen"`)}
	a := get(t, inFrontOf(t, svc, gateway.Errors())+"/v1/files/7", "TE", "trailers", "Accept", gateway.MediaTypeStatus)
	same(t, "status", a.status, http.StatusUnauthorized)
	same(t, "X-Content-Type-Options", a.header["X-Content-Type-Options"], []string{"nosniff"})
	for name, values := range a.header {
		switch name {
		case "Content-Type", "Content-Length", "Date", "Vary", "X-Content-Type-Options":
		default:
			t.Errorf("header %s: %s", name, values)
		}
	}
}

// What a handler in front of the mux has set is the team's own challenge.
func TestAChallengeOfTheGatewaysOwnStays(t *testing.T) {
	t.Parallel()
	mux := runtime.NewServeMux(gateway.Errors())
	svc := failing{err: status.Error(codes.Unauthenticated, "who are you")}
	if err := filesgw.RegisterFileServiceHandler(t.Context(), mux, dial(t, svc)); err != nil {
		t.Fatal(err)
	}
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		mux.ServeHTTP(w, r)
	}))
	same(t, "WWW-Authenticate", get(t, address+"/v1/files/7").header["Www-Authenticate"], []string{"Bearer"})
}

// The service's own credentials are no business of the gateway's clients, who would be
// sent to log in again.
func TestTheServicesCredentials(t *testing.T) {
	t.Parallel()
	box := boxtest.NewServer()
	t.Cleanup(box.Close)
	svc := &files{box: box, translate: translate.Box.With(translate.WithServiceCredentials())}
	address := inFrontOf(t, svc, gateway.Errors(gateway.WithUpstreamStatus()))
	for _, accept := range []string{gateway.MediaTypeJSON, gateway.MediaTypeProblem, gateway.MediaTypeStatus} {
		box.Script("GET /files/{id}", boxtest.Error(401, "unauthorized", "token of robot@example.com expired"))
		a := get(t, address+"/v1/files/7", "Accept", accept)
		same(t, "status", a.status, http.StatusInternalServerError)
		if strings.Contains(a.body, "robot") || strings.Contains(a.body, "401") {
			t.Errorf("%s tells about the credentials: %s", accept, a.body)
		}
	}
}

// An error that somebody wants under a certain status, as grpc-gateway offers it.
func TestAStatusOfTheGatewaysOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ custom, want int }{{http.StatusTeapot, 418}, {http.StatusMovedPermanently, 301}, {http.StatusOK, 404}, {0, 404}, {1000, 404}} {
		mux := runtime.NewServeMux(gateway.Errors())
		if err := mux.HandlePath(http.MethodGet, "/x", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
			runtime.HTTPError(r.Context(), mux, &runtime.JSONPb{}, w, r, &runtime.HTTPStatusError{HTTPStatus: tt.custom, Err: status.Error(codes.NotFound, "gone")})
		}); err != nil {
			t.Fatal(err)
		}
		a := get(t, serve(t, mux)+"/x")
		same(t, "status", a.status, tt.want)
		same(t, "message", a.json(t)["message"], any("gone"))
	}
}

// Errors that never came by gRPC, and no error at all, must not look like a success, nor
// stop the gateway.
func TestErrorsOfTheGatewayItself(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("plain"), nil, status.Error(codes.Code(99), "a code of tomorrow"), &runtime.HTTPStatusError{HTTPStatus: 500}, (*translate.Error)(nil)} {
		mux := runtime.NewServeMux(gateway.Errors())
		if e := mux.HandlePath(http.MethodGet, "/x", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
			runtime.HTTPError(r.Context(), mux, &runtime.JSONPb{}, w, r, err)
		}); e != nil {
			t.Fatal(e)
		}
		for _, accept := range []string{gateway.MediaTypeJSON, gateway.MediaTypeProblem} {
			a := get(t, serve(t, mux)+"/x", "Accept", accept)
			same(t, "status", a.status, http.StatusInternalServerError)
			a.json(t)
		}
	}
}

// What a success was to have said of itself is not true of the error, and with another
// length the connection breaks.
func TestASuccessThatFails(t *testing.T) {
	t.Parallel()
	address := inFrontOf(t, &languageOf{}, gateway.Errors(), runtime.WithForwardResponseOption(
		func(_ context.Context, w http.ResponseWriter, _ proto.Message) error {
			for _, name := range []string{"Content-Length", "Retry-After"} {
				w.Header().Set(name, "1")
			}
			w.Header().Set("Content-Language", "fr")
			w.Header().Set("Trailer", "X")
			w.Header().Set("Transfer-Encoding", "chunked")
			return errors.New("no")
		}))
	a := get(t, address+"/v1/files/7", "Accept", gateway.MediaTypeProblem)
	same(t, "status", a.status, http.StatusInternalServerError)
	same(t, "code", a.json(t)["code"], any("UNKNOWN"))
	same(t, "Content-Length", a.header.Get("Content-Length"), strconv.Itoa(len(a.body)))
	for _, name := range []string{"Retry-After", "Content-Language", "Trailer"} {
		same(t, name, a.header[name], []string(nil))
	}
	same(t, "trailers", len(a.trailer), 0)
}
