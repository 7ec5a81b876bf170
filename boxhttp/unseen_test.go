// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/boxtest"
	"github.com/boxgrpc/boxgrpc/retry"
)

// A handler swallows the failure of one request that the ledger saw, and fails with
// that of another, which it did not see, after a write that it did not see. Nothing is
// proven then, although both failures are a 503: who is told to send the RPC again makes
// the folder again.
func TestAnotherRequestsFailureProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.box.ScriptFunc("/", func(req boxtest.Request) boxtest.Fault {
			if req.Method == "GET" {
				return boxtest.Error(503, "unavailable", "busy").With("Retry-After", "12")
			}
			return boxtest.Fault{}
		})
		h := &handler{run: func(ctx context.Context) error {
			_ = r.ask(ctx, "GET", "/files/1", "")
			if err := r.ask(context.Background(), "POST", "/folders", `{"name":"a","parent":{"id":"0"}}`); err != nil {
				return err
			}
			return r.ask(context.Background(), "GET", "/files/2", "")
		}}
		if got := r.serve(t, h).call(t.Context(), "CreateFolder"); got.again || got.pushback != "-" {
			t.Errorf("told %+v, want no RetryInfo, and -1", got)
		}
	})
}

// A look-up that was forgotten is found when the service starts, and not after a write
// whose end is unknown.
func TestAForgottenLookupPanicsAtOnce(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){
		"a folder":        func() { boxhttp.CreatedFolder[int](nil, "0", "a") },
		"a file":          func() { boxhttp.UploadedFile[int](nil, "0", "a", func() string { return "" }) },
		"a comment":       func() { boxhttp.AddedComment[int](nil, "1", "a") },
		"a collaboration": func() { boxhttp.AddedCollaboration[int](nil, "/folders/1", "a", "editor") },
		"a deletion":      func() { boxhttp.Deleted[int](nil, "/folders/1") },
		"a nil option":    func() { boxhttp.NewTransport(retry.New(), nil, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
