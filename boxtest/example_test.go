// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

func Example() {
	box := boxtest.NewServer()
	defer box.Close()
	id := box.AddFile("0", "plan.txt", []byte("dig here"))
	box.Script("GET /files/{id}/content",
		boxtest.Error(429, "rate_limit_exceeded", "too fast").With("Retry-After", "2"))

	for range 2 {
		req, err := http.NewRequest(http.MethodGet, box.URL+"/files/"+id+"/content", nil)
		if err != nil {
			log.Panic(err)
		}
		req.Header.Set("Authorization", "Bearer any token")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Panic(err)
		}
		if resp.StatusCode == http.StatusOK {
			content, _ := io.ReadAll(resp.Body)
			fmt.Printf("%d: %s\n", resp.StatusCode, content)
		} else {
			fmt.Printf("%d: come back in %s s\n", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
		_ = resp.Body.Close()
	}
	fmt.Println(len(box.Requests()), "requests")
	// Output:
	// 429: come back in 2 s
	// 200: dig here
	// 2 requests
}
