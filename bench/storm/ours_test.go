// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	mwretry "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// goals are what a row of ours must reach in every model. No call fails.
type goals struct {
	sent float64 // at most
	late float64 // goodput of the second minute, at least
	blip float64 // goodput in the blip, at least
	p99  float64 // seconds, at most

	// waits is how many seconds, at most, a caller waits in vain.
	waits float64
}

var (
	toldGoals   = &goals{sent: 1.05, late: 0.95, blip: 0.98, p99: 3, waits: 1.5 * latency.Seconds()}
	untoldGoals = &goals{sent: 1.05, late: 0.90, blip: 0.98, p99: 5, waits: 1.5 * latency.Seconds()}
	// Somebody else's retry in front waits between its attempts, whatever it is told.
	underGoals = &goals{sent: 1.05, late: 0.90, blip: 0.98, p99: 5, waits: 1}
)

// missed tells which goals an outcome misses, or "". Rows without goals miss none.
func (g *goals) missed(m model, o outcome) string {
	if g == nil {
		return ""
	}
	var miss misses
	miss.addf(o.Sent > g.sent, "sent/success > %v", g.sent)
	miss.addf(o.Failed > 0, "calls failed")
	miss.addf(o.Late < g.late, "2nd minute < %.0f %%", 100*g.late)
	miss.addf(o.P99 > g.p99, "p99 > %v s", g.p99)
	miss.addf(m == blip && o.Goodput < g.blip, "goodput < %.0f %%", 100*g.blip)
	return strings.Join(miss, ", ")
}

// missedInHurry is the same for a call with little time.
func (g *goals) missedInHurry(h hurry) string {
	if g == nil {
		return ""
	}
	var miss misses
	miss.addf(h.Requests != 1 || h.Next != 0, "requests")
	miss.addf(h.Waits > g.waits, "waits > %v s", g.waits)
	miss.addf(h.Code != "RESOURCE_EXHAUSTED" || !h.Kept, "status lost")
	return strings.Join(miss, ", ")
}

type misses []string

func (m *misses) addf(missed bool, format string, args ...any) {
	if missed {
		*m = append(*m, fmt.Sprintf(format, args...))
	}
}

// ours are our own stacks, from one transport to two layers under somebody else's retry.
func ours() []policy {
	limit := retry.Limit{Requests: capacity, Per: time.Second}
	return []policy{
		{"boxhttp", alone(), untoldGoals},
		{"boxhttp, told the limit", alone(limit), toldGoals},
		{"our client and server, boxhttp", whole(obeying), untoldGoals},
		{"our client and server, boxhttp, told the limit", whole(obeying, limit), toldGoals},
		{"go-grpc-middleware retry before our server, boxhttp", whole(stubborn), underGoals},
		{"go-grpc-middleware retry before our client and server, boxhttp", whole(func() []grpc.DialOption {
			return append(stubborn(), obeying()...)
		}), underGoals},
		{"grpc-go with our service config before our server, boxhttp", whole(configured), untoldGoals},
		{"two services of ours in a row, boxhttp", twice, untoldGoals},
		{"our client and server, plain http.Client", gateless, nil},
	}
}

func obeying() []grpc.DialOption { return interceptors.DialOptions() }

func stubborn() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithDisableRetry(), chain(mwretry.UnaryClientInterceptor(mwretry.WithMax(3)))}
}

func configured() []grpc.DialOption {
	service := filesv1.File_files_v1_file_service_proto.Services().ByName("FileService")
	return []grpc.DialOption{grpc.WithDefaultServiceConfig(interceptors.ServiceConfig(service))}
}

// alone is the transport and nothing else.
func alone(limits ...retry.Limit) func(*testing.T, http.RoundTripper) call {
	return func(_ *testing.T, up http.RoundTripper) call {
		return over(boxhttp.NewTransport(controller(limits), up))
	}
}

// whole is the stack of the README: a caller, the server interceptors, a handler, and
// the transport, which shares the controller of the interceptors.
func whole(client func() []grpc.DialOption, limits ...retry.Limit) func(*testing.T, http.RoundTripper) call {
	return func(t *testing.T, up http.RoundTripper) call {
		t.Helper()
		ctl := controller(limits)
		server := []grpc.UnaryServerInterceptor{interceptors.UnaryServerInterceptor(ctl)}
		return hop{server, client()}.to(t, over(boxhttp.NewTransport(ctl, up)))
	}
}

// twice is a service that calls the whole stack in another: each layer could multiply
// what the next one sends.
func twice(t *testing.T, up http.RoundTripper) call {
	t.Helper()
	server := []grpc.UnaryServerInterceptor{interceptors.UnaryServerInterceptor(controller(nil))}
	return hop{server, obeying()}.to(t, whole(obeying)(t, up))
}

// gateless is one service without the transport, where the gate is: what waits do
// alone.
func gateless(t *testing.T, up http.RoundTripper) call {
	t.Helper()
	server := []grpc.UnaryServerInterceptor{interceptors.UnaryServerInterceptor(controller(nil))}
	return hop{server, obeying()}.to(t, over(up))
}

// controller makes a new one for each storm: a gate that has learned is no fair start.
func controller(limits []retry.Limit) *retry.Controller {
	return retry.New(retry.WithGate(retry.NewGate(limits...)))
}
