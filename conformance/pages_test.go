// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// page shows parts of what runs here. A part stands between comments that name where
// it comes from.
const page = "../docs/languages.md"

// What people paste is what was compiled and run.
func TestSnippets(t *testing.T) {
	for path, language := range map[string]string{
		"callergo_test.go":                  "go",
		"typescript/src/failure-grpcjs.ts":  "ts",
		"typescript/src/failure-connect.ts": "ts",
		"typescript/src/retry-connect.ts":   "ts",
		"python/failure.py":                 "python",
		"java/Failure.java":                 "java",
		"buf.gen.yaml":                      "yaml",
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkPart(t, "conformance/"+path, "```"+language+"\n"+snippet(string(text))+"```\n")
	}
}

// The policy on the page is the one that the callers dial with.
func TestServiceConfigOnThePage(t *testing.T) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(serviceConfig), "", "  "); err != nil {
		t.Fatal(err)
	}
	checkPart(t, "interceptors.ServiceConfig", "```json\n"+indented.String()+"\n```\n")
}

// snippet is a file without its licence, or what stands between two comments.
func snippet(text string) string {
	if _, marked, ok := strings.Cut(text, "// snippet begins\n"); ok {
		marked, _, _ = strings.Cut(marked, "// snippet ends\n")
		return strings.TrimLeft(marked, "\n")
	}
	if strings.Contains(text, "SPDX") {
		_, text, _ = strings.Cut(text, "\n\n")
	}
	return text
}

// The template that the README shows is the one that make conformance runs.
func TestTemplate(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile("buf.gen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(readme), "```yaml\n")
	shown, _, _ = strings.Cut(shown, "```")
	if diff := cmp.Diff(string(template), shown); diff != "" {
		t.Errorf("README.md does not show conformance/buf.gen.yaml (-file +README):\n%s", diff)
	}
}

// checkPart compares a part of the page, or writes it.
func checkPart(t *testing.T, source, want string) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- from "+source+" -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(string(data), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: there is no part %q", page, begin)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not %s, run the test with -update (-source +page):\n%s", page, source, diff)
	}
}
