// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// boxgrpc runs the program on an input and returns all that comes out.
func boxgrpc(t *testing.T, in string, args ...string) (status int, out, errOut string) {
	t.Helper()
	var o, e strings.Builder
	status = run(args, strings.NewReader(in), &o, &e)
	return status, o.String(), e.String()
}

// explained is the record of one answer that must be readable.
func explained(t *testing.T, in string, flags ...string) record {
	t.Helper()
	status, out, errOut := boxgrpc(t, in, append([]string{"explain", "-o", "json"}, flags...)...)
	if status != 0 || errOut != "" {
		t.Fatalf("explain %q: exit status %d, %s", flags, status, errOut)
	}
	var r record
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

// inFile is the name of a file with this content.
func inFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "answer.txt")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// wantMistake checks what every mistake on the command line or in a file comes to:
// nothing on standard output, one line on standard error, exit status 2.
func wantMistake(t *testing.T, in, want string, args ...string) {
	t.Helper()
	status, out, errOut := boxgrpc(t, in, args...)
	if status != 2 || out != "" {
		t.Errorf("exit status %d and output %q, want 2 and none", status, out)
	}
	wantLine(t, errOut, want)
}

// wantLine checks that a mistake is one line that can be read.
func wantLine(t *testing.T, errOut, want string) {
	t.Helper()
	line, rest, _ := strings.Cut(errOut, "\n")
	if rest != "" || !strings.HasPrefix(line, "boxgrpc: ") || !strings.Contains(line, want) {
		t.Errorf("standard error %q, want one line with %q", errOut, want)
	}
	if len([]rune(line)) > maxErrorText+20 || strings.ContainsFunc(line, unicode.IsControl) {
		t.Errorf("standard error %q is too long or has control characters", errOut)
	}
}

// Without it a mistyped flag is ignored without a word, or buries its reason under
// a page of help.
func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	file := inFile(t, "HTTP/2 404\n\n")
	const trailer = "CAgSBW5vcGUu"
	tests := map[string]struct {
		args []string
		want string
	}{
		"no command":                    {nil, "explain, catalog, service-config, completion"},
		"unknown command":               {[]string{"explian"}, `"explian"`},
		"flag before the command":       {[]string{"-o", "json", "explain"}, `"-o"`},
		"unknown flag":                  {[]string{"explain", "-upstraem", "box"}, "-upstraem"},
		"unknown flag after the file":   {[]string{"explain", file, "-verbose"}, "-verbose"},
		"flag without its value":        {[]string{"explain", "-method"}, "-method"},
		"unknown format":                {[]string{"explain", "-o", "xml"}, `"xml": give one of text, json`},
		"unknown upstream":              {[]string{"explain", "-upstream", "dropbox"}, `"dropbox": give one of box, hitachi, http, informatica`},
		"endless upstream":              {[]string{"explain", "-upstream", strings.Repeat("\x1b", 9999)}, `": give one of box, hitachi, http, informatica`},
		"two mistakes":                  {[]string{"explain", "-o", "xml", "-upstream", "dropbox"}, "xml"},
		"no such file":                  {[]string{"explain", file + "x"}, "no such file"},
		"file name with a line break":   {[]string{"explain", "no\nsuch\x1b[2J"}, `no\x0asuch\x1b[2J`},
		"file name like metadata":       {[]string{"explain", "./a: b"}, "no such file"},
		"directory":                     {[]string{"explain", filepath.Dir(file)}, "directory"},
		"directory of lines":            {[]string{"explain", "-jsonl", filepath.Dir(file)}, "directory"},
		"two files":                     {[]string{"explain", file, file}, "unexpected argument"},
		"text of lines":                 {[]string{"explain", "-jsonl", "-o", "text"}, "-o text does not go with -jsonl"},
		"lines and a trailer":           {[]string{"explain", "-jsonl", "-status-details-bin", trailer}, "-jsonl does not go"},
		"upstream of a trailer":         {[]string{"explain", "-upstream", "box", "-status-details-bin", trailer}, "-upstream does not go"},
		"method of a trailer":           {[]string{"explain", "-method", "GET", "-status-details-bin", trailer}, "-method does not go"},
		"file and a trailer":            {[]string{"explain", "-status-details-bin", trailer, file}, "does not go with the file"},
		"trailer of an unset variable":  {[]string{"explain", "-status-details-bin", ""}, "nothing is in it"},
		"catalog of what":               {[]string{"catalog", "box"}, `unexpected argument "box"`},
		"catalog of a foreign upstream": {[]string{"catalog", "-upstream", "dropbox"}, "box, hitachi, http, informatica"},
		"catalog of an unset variable":  {[]string{"catalog", "-upstream", ""}, "box, hitachi, http, informatica"},
		"catalog in an unknown format":  {[]string{"catalog", "-o", "yaml"}, "text, json"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMistake(t, "HTTP/2 404\n\n", tt.want, tt.args...)
		})
	}
}

// Without it somebody in a hurry has to read the source to find the flags.
func TestHelp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want []string
	}{
		"program":             {[]string{"-h"}, []string{"boxgrpc explain", "boxgrpc catalog", "Examples:"}},
		"program, two dashes": {[]string{"--help"}, []string{"boxgrpc explain"}},
		"program, a word":     {[]string{"help"}, []string{"boxgrpc explain"}},
		"explain":             {[]string{"explain", "-h"}, []string{"-upstream", "-method", "-o", "-jsonl", "-status-details-bin", "Examples:", "curl -si"}},
		"explain, after FILE": {[]string{"explain", "answer.txt", "--help"}, []string{"Examples:"}},
		"catalog":             {[]string{"catalog", "-h"}, []string{"-upstream", "-o", "Examples:"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errOut := boxgrpc(t, "", tt.args...)
			if status != 0 || errOut != "" {
				t.Errorf("exit status %d, standard error %q; want 0 and none", status, errOut)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("help lacks %q:\n%s", want, out)
				}
			}
		})
	}
}

// Without it a full disk looks like success to the script that reads the exit
// status.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat(`{"status":404}`+"\n", 1000)
	tests := map[string]struct {
		in   string
		args []string
	}{
		"text":         {"HTTP/2 404\n\n", []string{"explain"}},
		"json":         {"HTTP/2 404\n\n", []string{"explain", "-o", "json"}},
		"one line":     {`{"status":404}`, []string{"explain", "-jsonl"}},
		"many lines":   {lines, []string{"explain", "-jsonl"}},
		"catalog":      {"", []string{"catalog"}},
		"catalog json": {"", []string{"catalog", "-o", "json"}},
		"catalog page": {"", []string{"catalog", "-o", "markdown"}},
		"completion":   {"", []string{"completion", "zsh"}},
		"help":         {"", []string{"help"}},
		"help of one":  {"", []string{"explain", "-h"}},
		"config":       {"", []string{"service-config", "-descriptors", descriptors(t)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w := io.Pipe()
			_ = r.Close()
			var errOut strings.Builder
			if status := run(tt.args, strings.NewReader(tt.in), w, &errOut); status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
			if got := errOut.String(); got != "boxgrpc: "+io.ErrClosedPipe.Error()+"\n" {
				t.Errorf("standard error %q, want one line that says why", got)
			}
		})
	}
}
