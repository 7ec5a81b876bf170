// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package archtest keeps the house in order: who may import whom, and how much
// each package shows.
package archtest

import (
	"encoding/json"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/boxgrpc/boxgrpc/"

// A ban says what a package must not import, and why. A trailing /... means
// everything below too.
type ban struct {
	pkg       string
	forbidden []string
	anywhere  bool // not through other packages either
	why       string
}

var bans = []ban{
	{"gen/boxgrpc/v1", []string{module + "...", "google.golang.org/grpc/..."}, true, "everybody links the schema, also those who use nothing else of us"},
	{"translate", []string{"google.golang.org/grpc", "google.golang.org/grpc/internal/transport", "github.com/grpc-ecosystem/..."}, true, "a plain HTTP service may translate too, without a gRPC server in its binary"},
	{"translate", []string{module + "retry", module + "interceptors", module + "boxhttp"}, true, "translate is below them: gen <- translate <- retry <- interceptors"},
	{"retry", []string{"google.golang.org/grpc", "google.golang.org/grpc/metadata"}, true, "a decision needs codes and status of gRPC and nothing else"},
	{"retry", []string{module + "interceptors", module + "boxhttp"}, true, "retry is below them"},
	{"interceptors", []string{module + "gen/..."}, false, "if an interceptor needs the catalogue, translate.Error lacks a method"},
	{"interceptors", []string{module + "boxhttp", module + "boxtest", module + "conformance", module + "cmd/...", module + "examples/..."}, true, "interceptors and boxhttp stand side by side: each works without the other"},
	{"boxhttp", []string{module + "boxtest", module + "conformance", module + "cmd/...", module + "examples/..."}, true, "no fake and no program in a service's binary"},
	{"boxhttp", []string{module + "interceptors", "google.golang.org/grpc", "github.com/grpc-ecosystem/..."}, true, "what sends HTTP requests needs no gRPC server"},
	{"boxtest", []string{module + "...", "google.golang.org/...", "github.com/..."}, true, "the fake Box plays the other side: it must not share our mistakes, nor bring dependencies into users' tests"},
	{"cmd/boxgrpc", []string{module + "examples/..."}, true, "the example may change as it likes"},
}

// A wrong import makes users link what they do not need, or ties a layer to one
// above it.
func TestImports(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for _, b := range bans {
		p, ok := packages[module+b.pkg]
		if !ok {
			t.Errorf("%s: no such package", b.pkg)
			continue
		}
		imports := p.Imports
		if b.anywhere {
			imports = p.Deps
		}
		for _, path := range imports {
			if slices.ContainsFunc(b.forbidden, func(f string) bool { return matches(f, path) }) {
				t.Errorf("%s imports %s: %s", b.pkg, path, b.why)
			}
		}
	}
}

func matches(pattern, path string) bool {
	prefix, below := strings.CutSuffix(pattern, "...")
	if below {
		return strings.HasPrefix(path, prefix)
	}
	return path == pattern
}

type listed struct {
	ImportPath, Dir string
	Imports, Deps   []string
}

func listPackages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports,Deps", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := make(map[string]listed)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// A package that shows much is hard to learn and hard to change. The values of an enum
// count as one name, that of their type.
func TestExportedNames(t *testing.T) {
	t.Parallel()
	most := map[string]int{"translate": 25, "interceptors": 12, "retry": 32, "boxhttp": 16, "boxtest": 12, "conformance": 5}
	packages := listPackages(t)
	for pkg, limit := range most {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			names := exported(t, packages[module+pkg].Dir)
			if len(names) > limit {
				t.Errorf("%d exported names, at most %d: %v", len(names), limit, names)
			}
		})
	}
}

// exported returns the exported names of a package and complains about those
// without a comment.
func exported(t *testing.T, dir string) []string {
	t.Helper()
	files := token.NewFileSet()
	notTest := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	parsed, err := parser.ParseDir(files, dir, notTest, parser.ParseComments) //nolint:staticcheck // one package a folder, no build tags
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	note := func(name, comment string) {
		if ast.IsExported(name) {
			names = append(names, name)
			if strings.TrimSpace(comment) == "" {
				t.Errorf("%s has no comment", name)
			}
		}
	}
	for _, p := range parsed {
		d := doc.New(p, dir, 0)
		if d.Doc == "" {
			t.Error("the package has no comment")
		}
		for _, f := range d.Funcs {
			note(f.Name, f.Doc)
		}
		for _, v := range append(d.Consts, d.Vars...) {
			noteValues(v, note)
		}
		for _, typ := range d.Types {
			noteType(t, typ, note)
		}
	}
	return names
}

func noteType(t *testing.T, typ *doc.Type, note func(name, comment string)) {
	t.Helper()
	note(typ.Name, typ.Doc)
	for _, f := range typ.Funcs {
		note(f.Name, f.Doc)
	}
	for _, v := range typ.Vars {
		noteValues(v, note)
	}
	for _, v := range typ.Consts {
		noteValues(v, func(name, comment string) {
			if ast.IsExported(name) && strings.TrimSpace(comment) == "" {
				t.Errorf("%s has no comment", name)
			}
		})
	}
	for _, m := range typ.Methods {
		if m.Doc == "" && ast.IsExported(typ.Name) && m.Level == 0 {
			t.Errorf("%s.%s has no comment", typ.Name, m.Name)
		}
	}
}

// noteValues takes each value's own comment, or that of its group.
func noteValues(v *doc.Value, note func(name, comment string)) {
	for _, spec := range v.Decl.Specs {
		s, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, name := range s.Names {
			note(name.Name, s.Doc.Text()+s.Comment.Text()+v.Doc)
		}
	}
}
