// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package readme_test

import (
	"context"
	"expvar"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

var decisions = expvar.NewMap("boxgrpc_decisions")

func observed() *retry.Controller {
	ctl := retry.New(
		retry.WithObserver(retry.LogTo(slog.Default())),
		retry.WithObserver(func(_ context.Context, e retry.Event) { decisions.Add(string(e.Reason), 1) }))
	return ctl
}

func sharedKey(ctx context.Context, userID string) context.Context {
	ctx = retry.WithKey(ctx, userID) // before the requests to Box
	return ctx
}

func toldLimits() *retry.Controller {
	ctl := retry.New(retry.WithGate(retry.NewGate(boxhttp.BoxLimits()...)))
	return ctl
}

func hidden() *translate.Translator {
	box := translate.Box.With(
		translate.WithServiceCredentials(), // the token is ours: its failure is no business of callers
		translate.WithRedaction(func(kind, text string) string {
			if kind == "name" {
				return "(name)" // of a file, a folder, a person
			}
			return text
		}))
	return box
}

// What the pages on operating and security show, at work.
func Example_operating() {
	ctl := observed()
	_, err := retry.Do(sharedKey(context.Background(), "17"), ctl, retry.Operation{Name: "get file", Safety: retry.ReadOnly},
		func(context.Context) (int, error) { return 0, failed(http.MethodGet, 404, "") }, nil)
	fmt.Println(err != nil, decisions.Get("permanent"), toldLimits() != nil)

	e, _ := translate.FromError(hidden().Translate(translate.Answer{Status: 409, Body: []byte(
		`{"type":"error","code":"item_name_in_use","context_info":{"conflicts":[{"type":"file","id":"7","name":"Layoffs.txt"}]}}`)}))
	fmt.Println(e.Code(), strings.Contains(fmt.Sprint(e.GRPCStatus().Details()), "Layoffs"))
	e, _ = translate.FromError(hidden().Translate(translate.Answer{Status: 401}))
	fmt.Println(e.Code(), e.ForCaller().Code())
	// Output:
	// true 1 true
	// AlreadyExists false
	// Unauthenticated Internal
}
