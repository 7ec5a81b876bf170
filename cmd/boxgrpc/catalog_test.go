// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boxgrpc/boxgrpc/conformance"
	"github.com/boxgrpc/boxgrpc/translate"
)

// answersFor are the answers of all kinds that an entry of the catalogue is about.
func answersFor(t *testing.T, raw []byte) []translate.Answer {
	t.Helper()
	var r rule
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"code": r.Code})
	if err != nil {
		t.Fatal(err)
	}
	var list []translate.Answer
	for _, status := range append(r.HTTPStatus, 399, 599) {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			for _, h := range []http.Header{{}, {"Retry-After": {"5"}}, {"Www-Authenticate": {"NTLM"}}} {
				list = append(list, translate.Answer{Method: method, Status: status, Header: h, Body: body})
			}
		}
	}
	return list
}

// Without it the tables that people and programs read here are not the ones by
// which answers are translated.
func TestCatalogAsJSON(t *testing.T) {
	t.Parallel()
	status, out, errOut := boxgrpc(t, "", "catalog", "-o", "json")
	if status != 0 || errOut != "" {
		t.Fatalf("exit status %d, %s", status, errOut)
	}
	if diff := cmp.Diff(conformance.Catalog, out); diff != "" {
		t.Errorf("not conformance/catalog.json (-want +got):\n%s", diff)
	}
}

// Without it one upstream's codes are lost among the others'.
func TestCatalogOfOneUpstream(t *testing.T) {
	t.Parallel()
	for name, domain := range domains {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if upstreams[name] == nil {
				t.Error("no translator has this name")
			}
			status, out, _ := boxgrpc(t, "", "catalog", "-upstream", name, "-o", "json")
			var entries []rule
			if err := json.Unmarshal([]byte(out), &entries); err != nil || status != 0 {
				t.Fatalf("exit status %d, %v", status, err)
			}
			foreign := slices.ContainsFunc(entries, func(r rule) bool { return r.Domain != domain })
			if len(entries) < 5 || foreign {
				t.Errorf("%d entries, another domain among them: %v", len(entries), foreign)
			}
			if e, ok := translate.FromError(upstreams[name].Translate(translate.Answer{Status: 404})); !ok || e.Domain() != domain {
				t.Errorf("answers of %s have domain %s, its catalogue %s", name, e.Domain(), domain)
			}
		})
	}
	if len(domains) != len(upstreams) {
		t.Error("an upstream has no catalogue")
	}
}

// Without it a person cannot tell an entry that matches anything from a gap in the
// table.
func TestCatalogAsText(t *testing.T) {
	t.Parallel()
	_, out, _ := boxgrpc(t, "", "catalog")
	var rows []string
	for line := range strings.Lines(out) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	entries, err := entriesOf("")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(entries)+1 {
		t.Errorf("%d lines for %d entries and a heading", len(rows), len(entries))
	}
	for _, want := range []string{
		"DOMAIN STATUS CODE GRPC CODE RETRY",
		"http 404 - NOT_FOUND NEVER",
		"http 413 - INVALID_ARGUMENT NEVER; with Retry-After ALWAYS RESOURCE_EXHAUSTED",
		"api.box.com 409 item_name_in_use ALREADY_EXISTS NEVER",
		"boxgrpc any connection_refused UNAVAILABLE ALWAYS",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("no line %q", want)
		}
	}
}
