// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A read that meets a 503 is sent again, and the caller does not notice.
func ExampleNewTransport() {
	box := boxtest.NewServer() // stands for https://api.box.com/2.0
	defer box.Close()
	box.Script("GET /folders/{id}", boxtest.Error(503, "unavailable", "try again"))

	ctl := retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
	client := &http.Client{Transport: boxhttp.NewTransport(ctl, nil)}

	req, err := http.NewRequest(http.MethodGet, box.URL+"/folders/0", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "Bearer token")
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, "after", box.Count("/"), "requests")
	// Output: 200 OK after 2 requests
}

// A folder is created, but the answer that says so is lost. The look-up finds it.
func ExampleCreatedFolder() {
	box := boxtest.NewServer()
	defer box.Close()
	box.Script("POST /folders", boxtest.Fault{Status: 503, Apply: true})

	ctl := retry.New(retry.WithBackoff(time.Millisecond, time.Millisecond))
	client := &http.Client{Transport: signer{bearer("token"), boxhttp.NewTransport(ctl, nil)}}
	look := boxhttp.NewLookup(client, box.URL)

	type folder struct{ ID, Name string }
	create := func(ctx context.Context) (made folder, err error) {
		body := strings.NewReader(`{"name":"reports","parent":{"id":"0"}}`)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, box.URL+"/folders", body)
		if err != nil {
			return made, translate.Box.TransportError(nil, err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return made, translate.Box.TransportError(req, err)
		}
		defer resp.Body.Close()
		if err := translate.Box.CheckResponse(resp); err != nil {
			return made, err
		}
		answer, err := io.ReadAll(resp.Body)
		if err == nil {
			err = json.Unmarshal(answer, &made)
		}
		return made, translate.Box.TransportError(req, err)
	}

	op := retry.Operation{Name: "create folder", Safety: retry.SingleUpstreamCall}
	made, err := retry.Do(context.Background(), ctl, op, create, boxhttp.CreatedFolder[folder](look, "0", "reports"))
	fmt.Println(made.Name, err)
	fmt.Println("created by", box.Count("POST /folders"), "request")
	// Output:
	// reports <nil>
	// created by 1 request
}
