// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"
)

func TestWalk(t *testing.T) {
	var out, errOut bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		if got := run(t.Context(), nil, &out, &errOut); got != 0 {
			t.Errorf("exit status %d: %s", got, errOut.String())
		}
	})
	text := out.String()
	for _, sc := range script {
		if !strings.Contains(text, sc.title) {
			t.Errorf("scene %q is missing", sc.title)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("there are colours, but no terminal")
	}
	checkWidth(t, text)
	if t.Failed() {
		t.Log(text)
	}
}

func checkWidth(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestWalkReportsSurprises(t *testing.T) {
	wrong := script[0]
	wrong.want.code = codes.DataLoss
	var out bytes.Buffer
	err := walk(t.Context(), []scene{wrong, script[1]}, printer{out: &out})
	if err == nil || !strings.Contains(err.Error(), "1 of 2 scenes") {
		t.Errorf("got error %v", err)
	}
	if n := strings.Count(out.String(), "EXPECTED      DATA_LOSS"); n != 1 {
		t.Errorf("the surprise is printed %d times:\n%s", n, out.String())
	}
}

func TestScenesCallEveryRPC(t *testing.T) {
	left := len(rpcs)
	called := map[string]bool{}
	for _, sc := range script {
		if rpcs[sc.rpc].call == nil {
			t.Errorf("scene %q: no RPC %q", sc.title, sc.rpc)
		}
		if !called[sc.rpc] {
			called[sc.rpc], left = true, left-1
		}
	}
	if left != 0 {
		t.Errorf("%d RPCs have no scene", left)
	}
}

// TestAdviceIsSpecific: the last resort is for codes that no scene has.
func TestAdviceIsSpecific(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, sc := range script {
			got, err := play(t.Context(), sc)
			if err != nil {
				t.Fatal(err)
			}
			if got.advice() == "Do not make the same call again." {
				t.Errorf("scene %q: got %q", sc.title, got.advice())
			}
		}
	})
}

func TestColours(t *testing.T) {
	var out bytes.Buffer
	p := printer{out: &out, colour: true}
	p.row("caller saw", yellow, "NOT_FOUND")
	if want := "    caller saw    \x1b[33mNOT_FOUND\x1b[0m\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestIsTerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if isTerminal(file) || isTerminal(new(bytes.Buffer)) {
		t.Error("a file or a buffer counts as a terminal")
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // the character device that is always there
	if err != nil {
		t.Skip(err)
	}
	defer device.Close()
	if !isTerminal(device) {
		t.Error("a character device does not count as a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if isTerminal(device) {
		t.Error("NO_COLOR is not obeyed")
	}
}
