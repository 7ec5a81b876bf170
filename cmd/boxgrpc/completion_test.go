// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// offered asks a shell what it offers behind words, the last of which is not complete.
func offered(t *testing.T, shell string, words ...string) []string {
	t.Helper()
	exit, script, errOut := boxgrpc(t, "", "completion", shell)
	if exit != 0 {
		t.Fatalf("exit status %d, %s", exit, errOut)
	}
	file := filepath.Join(t.TempDir(), "completion."+shell)
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	line := strings.Join(words, " ")
	args := map[string][]string{
		"bash": append([]string{"--norc", "testdata/complete.bash", file}, words...),
		"zsh":  {"-f", "testdata/complete.zsh", file, line},
		"fish": {"--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, file, line},
	}[shell]
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shell, err, out)
	}
	return strings.Fields(string(out))
}

// need skips where a shell is missing, unless all must be there.
func need(t *testing.T, shell string) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		if os.Getenv("BOXGRPC_SHELLS") == "all" {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed", shell)
	}
}

// Without it the key that completes a line offers nothing, or what the program then
// refuses. Each flag of each command is looked for, so that none is forgotten.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			need(t, shell)
			var names []string
			for _, w := range vocabulary() {
				names = append(names, w.name)
				flags := w.names(func(flagWords) bool { return true })
				if len(flags) > 0 {
					wantOffered(t, shell, flags, "boxgrpc", w.name, "-")
				}
			}
			wantOffered(t, shell, names, "boxgrpc", "")
			wantOffered(t, shell, shells, "boxgrpc", "completion", "")
			wantOffered(t, shell, upstreamNames(), "boxgrpc", "explain", "-upstream", "")
			wantOffered(t, shell, []string{"text", "json", "markdown"}, "boxgrpc", "catalog", "-upstream", "box", "-o", "")
			wantOffered(t, shell, []string{"en", "ja"}, "boxgrpc", "explain", "-target", "a:1", "-lang", "")
		})
	}
}

func wantOffered(t *testing.T, shell string, want []string, words ...string) {
	t.Helper()
	got := offered(t, shell, words...)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s does not offer %s behind %q, only %q", shell, w, words, got)
		}
	}
}

// Without it words are offered where something else stands, such as flags as the
// value of a flag.
func TestShellsDoNotOfferWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			need(t, shell)
			for _, words := range [][]string{
				{"boxgrpc", "explain", "-upstream", ""},
				{"boxgrpc", "explain", "-timeout", ""},
				{"boxgrpc", "catalog", "-"},
			} {
				if got := offered(t, shell, words...); slices.Contains(got, "-target") {
					t.Errorf("%s offers %q behind %q", shell, got, words)
				}
			}
		})
	}
	wantMistake(t, "", "completion of which shell? give one of bash, zsh, fish", "completion")
	wantMistake(t, "", `shell "tcsh": give one of bash, zsh, fish`, "completion", "tcsh")
}
