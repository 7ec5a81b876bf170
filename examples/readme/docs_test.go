// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package readme_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pages are the pages that people read, by their paths from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 5 {
		t.Fatalf("the pages of docs: %q, %v", files, err)
	}
	texts := make(map[string]string)
	for _, file := range append(files, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Clean(strings.TrimPrefix(file, "../../"))] = string(text)
	}
	return texts
}

// sources are the files of this package, which compile and run.
func sources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// notRun are commands of the pages that a test cannot run, each with its reason. What
// the command line prints is tested in cmd/boxgrpc, by the same flags.
var notRun = map[string]string{
	"go run ./examples/files": "what CI runs first",
	"go test ./...":           "this is it",
	"go get":                  "it changes go.mod",
	"go install":              "it takes a release",
	"make":                    "CI runs it",
	"boxgrpc explain -target": "it takes a server",
	"buf":                     "it takes npm",
}

// A snippet that does not compile, or a command that does not run, is the first thing
// that a newcomer meets.
func TestSnippetsOfTheDocs(t *testing.T) {
	t.Parallel()
	source := sources(t)
	for page, text := range pages(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			switch language, snippet := m[1], m[2]; language {
			case "go":
				if page == "docs/languages.md" {
					continue // cut from a program that conformance compiles and runs
				}
				if !strings.Contains(source, snippet) {
					t.Errorf("%s: this snippet stands in no file of examples/readme:\n%s", page, snippet)
				}
			case "console":
				checkConsole(t, snippet)
			case "sh":
				for line := range strings.Lines(snippet) {
					checkCommand(t, page, strings.TrimSpace(line))
				}
			case "text", "yaml", "json":
			default:
				if page != "docs/languages.md" { // conformance runs those
					t.Errorf("%s: nothing checks the snippets in %s", page, language)
				}
			}
		}
	}
}

// checkCommand runs a line of a page, with the program built from here.
func checkCommand(t *testing.T, page, line string) {
	t.Helper()
	if line == "" || strings.HasPrefix(line, "#") {
		return
	}
	for prefix := range notRun {
		if strings.HasPrefix(line, prefix) {
			return
		}
	}
	run, ok := strings.CutPrefix(line, "boxgrpc ")
	if !ok {
		t.Errorf("%s: %q is neither run nor in notRun", page, line)
		return
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "go run ./cmd/boxgrpc "+run)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %s: %v\n%s", page, line, err, out)
	}
}

var link = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)

// A link that leads nowhere is a reader lost.
func TestLinks(t *testing.T) {
	t.Parallel()
	for page, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := filepath.Join(filepath.Dir(page), m[1])
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("%s: there is no %s", page, target)
			}
		}
	}
}

// A page that nothing leads to is not read.
func TestIndexNamesEveryPage(t *testing.T) {
	t.Parallel()
	texts := pages(t)
	for page := range texts {
		name, found := strings.CutPrefix(page, "docs/")
		if found && name != "README.md" && !strings.Contains(texts["docs/README.md"], "("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
	if n := strings.Count(texts["README.md"], "\n"); n > 250 {
		t.Errorf("the README has %d lines, at most 250: move something to docs", n)
	}
}

// reasons are the values of all retry.Reason constants.
func reasons(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../retry/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, v := range spec.Values {
				value, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
		}
		return true
	})
	if len(values) < 15 {
		t.Fatalf("only %q were found", values)
	}
	return values
}

// Somebody who is woken by a reason looks it up here.
func TestEveryReasonIsExplained(t *testing.T) {
	t.Parallel()
	text := pages(t)["docs/operating.md"]
	for _, reason := range reasons(t) {
		if !regexp.MustCompile("(?m)^\\| `" + reason + "` \\|.{20,}\\|.{3,}\\|$").MatchString(text) {
			t.Errorf("docs/operating.md has no row for %s", reason)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\|$").FindAllStringSubmatch(text, -1) {
		if !slices.Contains(reasons(t), m[1]) {
			t.Errorf("docs/operating.md explains %s, which is no reason", m[1])
		}
	}
}
