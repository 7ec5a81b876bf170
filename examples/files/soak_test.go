// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

var soakFlag = flag.Duration("soak", 300*time.Millisecond, "how long TestSoak goes on")

const (
	soakCallers  = 64
	soakPatience = 30 * time.Second // for what has to end by itself, on a slow machine
	soakGrowth   = 8 << 20          // what the heap may grow by, of which nothing is the storm's
)

// TestSoak: a storm, and nothing is left of it. 64 callers of four kinds call everything
// that the service offers while Box fails in every way that boxtest knows. What
// has to hold is written at soakWrite.check and at soakService; how much was done is
// logged.
//
// A first, shorter storm makes what is made once and kept: the second is measured.
func TestSoak(t *testing.T) {
	earlier := goroutines()
	services := newSoakServices()
	longest := min(*soakFlag, 2*time.Second)
	soakStorm(t, services, longest, longest)
	newGoroutines(earlier, soakPatience)
	before := heapInUse(0, time.Second)

	begun := time.Now()
	counts := soakStorm(t, services, *soakFlag, longest)
	took := time.Since(begun)
	left := newGoroutines(earlier, soakPatience)
	after := heapInUse(before+soakGrowth/8, soakPatience)
	t.Logf("%s\nin %.1f s; heap %.1f MiB before, %.1f MiB after; goroutines left: %d",
		counts, took.Seconds(), mib(before), mib(after), len(left))
	for _, stack := range left {
		t.Errorf("this goroutine is left over:\n%s", stack)
	}
	if after > before+soakGrowth {
		t.Errorf("the heap has grown from %.1f to %.1f MiB", mib(before), mib(after))
	}
	counts.check(t)
	for _, s := range services {
		s.transport.CloseIdleConnections() // also keeps the services alive until here
	}
}

func mib(n uint64) float64 { return float64(n) / (1 << 20) }

// A soakService is what a service keeps while its upstreams and callers come and go: the
// controller with its budget and its gate, and the connections to Box. Each has a
// token, and so a rate limit, of its own. It has to be as good as new after a storm.
type soakService struct {
	token     string
	ctl       *retry.Controller
	transport *http.Transport
	reasons   *soakReasons
}

// newSoakServices returns one for each kind of caller with the default budget, and one
// without a budget.
func newSoakServices() []*soakService {
	common := []retry.Option{
		retry.WithBackoff(2*time.Millisecond, 50*time.Millisecond), retry.WithMaxWait(300 * time.Millisecond),
	}
	var services []*soakService
	for _, budget := range []struct {
		name    string
		options []retry.Option
	}{
		{"default", nil},
		{"none", []retry.Option{retry.WithoutBudget()}},
	} {
		reasons := &soakReasons{budget: budget.name}
		ctl := retry.New(append(append(budget.options, common...), retry.WithObserver(reasons.observe),
			retry.WithGate(retry.NewGate(
				retry.Limit{Requests: 1000, Per: time.Second},
				retry.Limit{Group: "upload", Requests: 1000, Per: time.Second},
				retry.Limit{Group: "search", Requests: 1000, Per: time.Second},
			)))...)
		for _, kind := range soakKinds {
			transport := http.DefaultTransport.(*http.Transport).Clone()
			transport.MaxIdleConnsPerHost = soakCallers // a storm must not use up the ports of TCP
			services = append(services, &soakService{
				token: fmt.Sprintf("%s, budget %s", kind, budget.name), ctl: ctl, transport: transport, reasons: reasons,
			})
		}
	}
	return services
}

// soakStorm lets the callers call for a while, with deadlines up to longest, and each
// until it has had an answer that is OK. Then it closes everything, and compares what
// they were told with what Box holds.
func soakStorm(t *testing.T, services []*soakService, lasts, longest time.Duration) *soakCounts {
	t.Helper()
	for _, s := range services {
		s.reasons.reset()
	}
	box := startSoakBox(t)
	var servers []*soakServer
	for _, s := range services {
		servers = append(servers, s.serve(t, box.url))
	}
	var callers []*soakCaller
	for i := range soakCallers {
		callers = append(callers, newSoakCaller(t, i, box.Server, servers[i%len(servers)], longest))
	}
	box.ScriptFunc("/", soakFault)
	until := time.Now().Add(lasts)
	var wg sync.WaitGroup
	for _, c := range callers {
		wg.Go(func() {
			for time.Now().Before(until) || c.codes[codes.OK] == 0 && time.Now().Before(until.Add(soakPatience)) {
				c.callOnce(context.Background())
			}
		})
	}
	wg.Wait()

	counts := newSoakCounts(callers, services, box.Count("/"))
	for _, c := range callers {
		c.close(t)
	}
	for _, s := range servers {
		s.close(t)
	}
	box.close(t)
	box.Reset() // from here on it answers as it should
	for _, c := range callers {
		c.compare(t, box.Server, counts)
	}
	return counts
}

// A soakServer is a service that is running.
type soakServer struct {
	*soakService
	srv     *grpc.Server
	address string
	ended   chan struct{}
}

func (s *soakService) serve(t *testing.T, boxURL string) *soakServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &soakServer{s, newServer(newClient(boxURL, s.token, s.ctl, s.transport)), listener.Addr().String(), make(chan struct{})}
	go func() {
		defer close(r.ended)
		_ = r.srv.Serve(listener)
	}()
	return r
}

// close asks the service to end, which it does when its last call has ended and its
// last connection is closed. Its callers are gone.
func (r *soakServer) close(t *testing.T) {
	t.Helper()
	force := time.AfterFunc(soakPatience, func() {
		t.Errorf("%s: a call or a connection goes on when all callers are gone", r.token)
		r.srv.Stop()
	})
	r.srv.GracefulStop()
	force.Stop()
	<-r.ended
	r.transport.CloseIdleConnections()
}

// A soakBox is a fake Box whose connections are counted.
type soakBox struct {
	*boxtest.Server
	url  string
	srv  *http.Server
	mu   sync.Mutex
	open map[net.Conn]bool
	none *sync.Cond // open is empty
}

func startSoakBox(t *testing.T) *soakBox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &soakBox{Server: new(boxtest.Server), url: "http://" + listener.Addr().String(), open: make(map[net.Conn]bool)}
	b.none = sync.NewCond(&b.mu)
	b.KeepRequests(0)
	b.srv = &http.Server{Handler: b, ConnState: b.note, ReadHeaderTimeout: time.Minute}
	go func() { _ = b.srv.Serve(listener) }()
	return b
}

// note keeps account. A connection that boxtest takes over, to break it, it also closes.
func (b *soakBox) note(conn net.Conn, state http.ConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch state {
	case http.StateNew:
		b.open[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(b.open, conn)
	}
	if len(b.open) == 0 {
		b.none.Broadcast()
	}
}

// close waits until the services have let go of their connections, and so until
// every request has had its effect.
func (b *soakBox) close(t *testing.T) {
	t.Helper()
	late := false
	force := time.AfterFunc(soakPatience, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		late = true
		b.none.Broadcast()
	})
	b.mu.Lock()
	for len(b.open) > 0 && !late {
		b.none.Wait()
	}
	if len(b.open) > 0 {
		t.Errorf("%d connections to Box are left over", len(b.open))
	}
	b.mu.Unlock()
	force.Stop()
	_ = b.srv.Close()
}

// soakReasons counts the decisions of one controller.
type soakReasons struct {
	budget string
	mu     sync.Mutex
	again  map[string]int
	ended  map[string]int
}

func (r *soakReasons) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.again, r.ended = make(map[string]int), make(map[string]int)
}

func (r *soakReasons) observe(_ context.Context, e retry.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Retry {
		r.again[string(e.Reason)]++
	} else {
		r.ended[string(e.Reason)]++
	}
}

// counts is what was decided since the last reset.
func (r *soakReasons) counts() (again, ended map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.again), maps.Clone(r.ended)
}
