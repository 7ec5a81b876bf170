// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// do sends a request and returns the status, Retry-After, and the body.
func do(box *boxtest.Server, method, path, body string) (status int, retryAfter, got string) {
	req, err := http.NewRequest(method, box.URL+path, strings.NewReader(body))
	if err != nil {
		log.Panic(err)
	}
	req.Header.Set("Authorization", "Bearer any token")
	resp, err := box.Client().Do(req)
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Panic(err)
	}
	return resp.StatusCode, resp.Header.Get("Retry-After"), string(content)
}

func Example() {
	box := boxtest.NewServer()
	defer box.Close()
	id := box.AddFile("0", "plan.txt", []byte("dig here"))
	box.Script("GET /files/{id}/content",
		boxtest.Error(429, "rate_limit_exceeded", "too fast").With("Retry-After", "2"))

	status, retryAfter, _ := do(box, http.MethodGet, "/files/"+id+"/content", "")
	fmt.Printf("%d: come back in %s s\n", status, retryAfter)
	status, _, content := do(box, http.MethodGet, "/files/"+id+"/content", "")
	fmt.Printf("%d: %s\n", status, content)
	fmt.Println(len(box.Requests()), "requests")
	// Output:
	// 429: come back in 2 s
	// 200: dig here
	// 2 requests
}

// A write can succeed although its answer says that it failed. Who repeats it meets
// the traces of the first time.
func ExampleFault_apply() {
	box := boxtest.NewServer()
	defer box.Close()
	box.Script("POST /folders", boxtest.Fault{Status: 503, Apply: true})

	for range 2 {
		status, _, _ := do(box, http.MethodPost, "/folders", `{"name":"Plans","parent":{"id":"0"}}`)
		fmt.Println(status)
	}
	fmt.Println("applied:", box.Requests()[0].Applied)
	// Output:
	// 503
	// 409
	// applied: true
}

// Whatever host a URL names, the client of a server in memory reaches the fake.
func ExampleNewInMemory() {
	box := boxtest.NewInMemory()
	defer box.Close()
	resp, err := box.Client().Get("http://upload.box.test/users/me")
	if err != nil {
		log.Panic(err)
	}
	_ = resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// 401 Unauthorized
}

// In a bubble, time is virtual: the hour that Box takes is over at once.
func ExampleNewInMemory_bubble() { //nolint:testableexamples // it needs a test around it
	var t *testing.T // your test's
	synctest.Test(t, func(t *testing.T) {
		box := boxtest.NewInMemory() // within the bubble
		defer box.Close()
		box.Script("GET /users/me", boxtest.Fault{Delay: time.Hour})

		start := time.Now()
		if status, _, _ := do(box, http.MethodGet, "/users/me", ""); status != http.StatusOK {
			t.Errorf("status = %d", status)
		}
		t.Log(time.Since(start)) // 1h0m0s
	})
}

func ExampleServer_Limit() {
	box := boxtest.NewServer()
	defer box.Close()
	box.Limit("GET /search", boxtest.Penalty(0.1, 2, time.Minute)) // two, then one every 10 s

	for range 3 {
		status, retryAfter, _ := do(box, http.MethodGet, "/search?query=plan", "")
		fmt.Printf("%d %q\n", status, retryAfter)
	}
	// Output:
	// 200 ""
	// 200 ""
	// 429 "60"
}

// A soak test wants faults that do not end.
func ExampleServer_ScriptFunc() {
	box := boxtest.NewServer()
	defer box.Close()
	box.KeepRequests(0)
	box.ScriptFunc("/", func(boxtest.Request) boxtest.Fault {
		if rand.IntN(10) == 0 {
			return boxtest.Fault{Status: 503}
		}
		return boxtest.Fault{}
	})

	for range 100 {
		_, _, _ = do(box, http.MethodGet, "/users/me", "")
	}
	fmt.Println(box.Count("GET /users/me"), "requests")
	// Output:
	// 100 requests
}
