// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boxgrpc/boxgrpc/translate"
)

const codesPage = "../../docs/codes.md"

// Without it people read on the page of codes how answers were translated once.
func TestCodesPageIsFresh(t *testing.T) {
	t.Parallel()
	exit, page, errOut := boxgrpc(t, "", "catalog", "-o", "markdown")
	if exit != 0 {
		t.Fatalf("exit status %d, %s", exit, errOut)
	}
	if *update {
		if err := os.WriteFile(codesPage, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(codesPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page); diff != "" {
		t.Errorf("docs/codes.md is stale, run make generate (-file +program):\n%s", diff)
	}
}

// rowsOf are the cells of a page's tables, below each heading.
func rowsOf(page string) map[string][][]string {
	rows, heading := make(map[string][][]string), ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "Domain `"):
			heading = strings.Trim(strings.TrimPrefix(line, "Domain "), "`.")
		case strings.HasPrefix(line, "| ") && heading != "":
			rows[heading] = append(rows[heading], strings.Split(strings.Trim(line, "| "), " | "))
		}
	}
	return rows
}

// Without it an entry is left out of the page, or the texts in it are not those that
// people at a screen are told.
func TestCodesPageHasEveryEntry(t *testing.T) {
	t.Parallel()
	_, page, _ := boxgrpc(t, "", "catalog", "-o", "markdown")
	entries, err := entriesOf("")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, list := range rowsOf(page) {
		found += len(list) - 2 // a heading and a line below it
		for _, cells := range list {
			if len(cells) != 6 {
				t.Errorf("%d cells: %q", len(cells), cells)
			}
		}
	}
	if found != len(entries) {
		t.Errorf("%d rows for %d entries", found, len(entries))
	}
	for _, raw := range entries {
		var r rule
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		checkTexts(t, r)
	}
	for name, domain := range domains {
		_, one, _ := boxgrpc(t, "", "catalog", "-o", "markdown", "-upstream", name)
		if got := rowsOf(one); len(got) != 1 || !cmp.Equal(got[domain], rowsOf(page)[domain]) {
			t.Errorf("-upstream %s has other rows than the whole page", name)
		}
	}
}

// checkTexts compares with what an answer of that upstream leads to.
func checkTexts(t *testing.T, r rule) {
	t.Helper()
	for _, lang := range []string{"en", "ja"} {
		if (r.Domain == domains["http"] || r.Domain == domains["box"] && r.Code != "") && r.text(lang) == "-" {
			t.Errorf("%s %s has no text in %s", r.Code, r.statuses(), lang)
		}
	}
	if r.Domain != domains["box"] && r.Domain != domains["http"] || r.HTTPStatus[0] < http.StatusBadRequest {
		return
	}
	a := translate.Answer{Method: http.MethodGet, Status: r.HTTPStatus[0]}
	translator := translate.HTTP
	if r.Domain == domains["box"] {
		a.Body, translator = []byte(`{"type":"error","code":"`+r.Code+`"}`), translate.Box
	}
	for _, lang := range []string{"en", "ja"} {
		e, ok := translate.FromError(translator.Translate(a))
		if !ok {
			t.Fatalf("%d %s is no error", a.Status, r.Code)
		}
		if _, want := e.WithLanguage(lang).LocalizedMessage(); want != "" && r.text(lang) != want || want == "" && r.text(lang) != "-" {
			t.Errorf("%d %s in %s: the page says %q, callers get %q", a.Status, r.Code, lang, r.text(lang), want)
		}
	}
}
