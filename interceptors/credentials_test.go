// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A caller who sees UNAUTHENTICATED renews its own token, over and over, where the
// service's is bad; and what the upstream says of the service's credentials is
// nobody's business. The whole status is compared: whatever is too much in it is a
// leak.
func TestTheServicesCredentialsAreNotTheCallers(t *testing.T) {
	t.Parallel()
	owned := translate.Box.With(translate.WithServiceCredentials())
	situations := map[string]struct {
		err       error
		requestID string
	}{
		"unauthorized, id in the body": {upstream(owned, http.MethodGet, 401,
			`{"type":"error","status":401,"code":"unauthorized","message":"app 4711 is disabled","help_url":"https://box.com/4711","request_id":"r401"}`), "r401"},
		"empty, id in the header": {upstream(owned, http.MethodGet, 401, "",
			"Box-Request-Id", "h401", "WWW-Authenticate", `Bearer realm="Service", error="invalid_token", error_description="4711"`), "h401"},
		"both ids": {upstream(owned, http.MethodPost, 401,
			`{"error":"invalid_client","error_description":"4711","request_id":"r401"}`, "Box-Request-Id", "h401"), "r401"},
		"no id": {upstream(owned, http.MethodGet, 401, `{"code":"unauthorized"}`), ""},
	}
	for name, tt := range situations {
		want := &spb.Status{Code: int32(codes.Internal), Message: "the service could not authenticate itself to the upstream"}
		want.Details = append(want.Details, detail(t, &errdetails.ErrorInfo{Reason: "UPSTREAM_CREDENTIALS", Domain: "boxgrpc"}))
		if tt.requestID != "" {
			want.Details = append(want.Details, detail(t, &errdetails.RequestInfo{RequestId: tt.requestID}))
		}
		for _, method := range []string{readOnly, undeclared, listFolder, uploadFile} {
			for handling, handle := range handlings {
				t.Run(name+", "+handling+method, func(t *testing.T) {
					t.Parallel()
					a := ask(t, failing(handle(tt.err)), method)
					if diff := cmp.Diff(want, status.Convert(a.err).Proto(), protocmp.Transform()); diff != "" {
						t.Errorf("status (-want +got):\n%s", diff)
					}
					checkTold(t, a, stop)
				})
			}
		}
	}
}

func detail(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Only what says "your credentials are bad" is masked: a service that holds its own
// credentials would else hide every error.
func TestOtherErrorsOfServiceCredentialsStay(t *testing.T) {
	t.Parallel()
	owned := translate.Box.With(translate.WithServiceCredentials())
	for code, want := range map[int]codes.Code{403: codes.PermissionDenied, 404: codes.NotFound, 429: codes.ResourceExhausted, 503: codes.Unavailable} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			a := ask(t, failing(upstream(owned, http.MethodGet, code, `{"message":"say it"}`)), readOnly)
			if st := status.Convert(a.err); st.Code() != want || st.Message() != "say it" {
				t.Errorf("status = %v, want %v with the upstream's message", st, want)
			}
		})
	}
}

// The caller's own credentials are the caller's to mend: without UNAUTHENTICATED
// and the challenge's code it does not know that it has to.
func TestTheCallersCredentialsAreItsOwn(t *testing.T) {
	t.Parallel()
	a := ask(t, failing(boxAnswers["empty 401 with a challenge"]), readOnly)
	if got := factsOf(t, a.err); got.Code != codes.Unauthenticated || got.Reason != "INSUFFICIENT_SCOPE" || got.RequestID != "hdr2" {
		t.Errorf("%+v, want UNAUTHENTICATED, INSUFFICIENT_SCOPE, hdr2", got)
	}
}

// The mask is for callers. Interceptors in front of ours see the masked error, and
// its cause in their logs: without it nobody at the service learns what is wrong.
func TestTheServiceStillSeesTheRefusal(t *testing.T) {
	t.Parallel()
	refusal := upstream(translate.Box.With(translate.WithServiceCredentials()), http.MethodGet, 401, `{"code":"unauthorized"}`)
	_, err := interceptors.UnaryServerInterceptor(retry.New())(t.Context(), nil, unaryInfo(readOnly), failingHandler(refusal))
	if status.Code(err) != codes.Internal {
		t.Errorf("code = %v, want INTERNAL", status.Code(err))
	}
	if !errors.Is(err, refusal) {
		t.Errorf("errors.Is(%v, refusal) = false, want the refusal underneath", err)
	}
}
