// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafegrpc"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"github.com/hashicorp/go-retryablehttp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A policy is one row of the table.
type policy struct {
	name string
	// build makes the stack, over the upstream.
	build func(*testing.T, http.RoundTripper) call
	// goals are set for our own rows only, and not for all of them.
	goals *goals
}

// peers are the libraries that a service would use otherwise, each as its
// documentation shows it, and where that leaves it open, at its kindest.
func peers() []policy {
	throttled := `,"retryThrottling":{"maxTokens":10,"tokenRatio":0.1}`
	return []policy{
		dialed("no retry", grpc.WithDisableRetry()),
		dialed("go-grpc-middleware retry, max 3", chain(mwretry.UnaryClientInterceptor(mwretry.WithMax(3)))),
		dialed("go-grpc-middleware retry, max 5, exponential, jitter", chain(mwretry.UnaryClientInterceptor(
			mwretry.WithMax(5), mwretry.WithBackoff(mwretry.BackoffExponentialWithJitter(100*time.Millisecond, 0.1))))),
		dialed("go-grpc-middleware retry, max 3, in two layers", chain(
			mwretry.UnaryClientInterceptor(mwretry.WithMax(3)), mwretry.UnaryClientInterceptor(mwretry.WithMax(3)))),
		dialed("grpc-go retryPolicy, 4 attempts", serviceConfig("")),
		dialed("grpc-go retryPolicy, throttling", serviceConfig(throttled)),
		pushed("grpc-go retryPolicy, pushback", serviceConfig("")),
		pushed("grpc-go retryPolicy, throttling, pushback", serviceConfig(throttled)),
		dialed("failsafegrpc retry", chain(failsafegrpc.NewUnaryClientInterceptor[any](
			failsafegrpc.NewRetryPolicyBuilder[any]().ReturnLastFailure().Build()))),
		{name: "failsafehttp retry, Retry-After", build: func(_ *testing.T, up http.RoundTripper) call {
			return over(failsafehttp.NewRoundTripper(up, failsafehttp.NewRetryPolicyBuilder().Build()))
		}},
		{name: "failsafehttp retry, told the limit", build: func(_ *testing.T, up http.RoundTripper) call {
			limit := ratelimiter.NewSmoothBuilder[*http.Response](capacity, time.Second).WithMaxWaitTime(deadline).Build()
			return over(failsafehttp.NewRoundTripperWithExecutor(up,
				failsafe.With[*http.Response](failsafehttp.NewRetryPolicyBuilder().Build(), limit)))
		}},
		{name: "go-retryablehttp, Retry-After", build: func(_ *testing.T, up http.RoundTripper) call {
			c := retryablehttp.NewClient()
			c.Logger, c.HTTPClient = nil, &http.Client{Transport: up}
			return over(&retryablehttp.RoundTripper{Client: c})
		}},
	}
}

func chain(interceptors ...grpc.UnaryClientInterceptor) grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(interceptors...)
}

// serviceConfig is grpc-go's built-in retry (gRFC A6).
func serviceConfig(more string) grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,
		"initialBackoff":"0.1s","maxBackoff":"2s","backoffMultiplier":2,
		"retryableStatusCodes":["UNAVAILABLE","RESOURCE_EXHAUSTED"]}}]` + more + `}`)
}

// dialed is a caller of a service that translates and does nothing else.
func dialed(name string, options ...grpc.DialOption) policy {
	return policy{name: name, build: func(t *testing.T, up http.RoundTripper) call {
		t.Helper()
		return hop{client: options}.to(t, over(up))
	}}
}

// pushed is the same, of a service that says in the pushback trailer how long to wait.
func pushed(name string, options ...grpc.DialOption) policy {
	return policy{name: name, build: func(t *testing.T, up http.RoundTripper) call {
		t.Helper()
		return hop{server: []grpc.UnaryServerInterceptor{pushback}, client: options}.to(t, over(up))
	}}
}

func pushback(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if info := retryInfo(err); info != nil {
		ms := strconv.FormatInt(info.GetRetryDelay().AsDuration().Milliseconds(), 10)
		if err := grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", ms)); err != nil {
			return nil, err
		}
	}
	return resp, err
}

// retryInfo is what a caller in any language finds in the status.
func retryInfo(err error) *errdetails.RetryInfo {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return info
		}
	}
	return nil
}
