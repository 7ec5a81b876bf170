// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
)

// What a stranger's trailer says. The values that gRPC libraries read differently
// mean stop: a caller that waits where others stop brings the storm alone.
func TestPushbackOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		want   time.Duration // negative: stop
	}{
		{"zero", []string{"0"}, 0},
		{"one", []string{"1"}, ms},
		{"leading zeros", []string{"007"}, 7 * ms},
		{"the greatest int32", []string{"2147483647"}, math.MaxInt32 * ms},
		{"one more", []string{"2147483648"}, -1},
		{"what wraps around to 704", []string{"4294968000"}, -1},
		{"more than int64", []string{"99999999999999999999"}, -1},
		{"stop", []string{"-1"}, -1},
		{"the least int32", []string{"-2147483648"}, -1},
		{"minus zero", []string{"-0"}, -1},
		{"plus", []string{"+5"}, -1},
		{"nothing", []string{""}, -1},
		{"blanks", []string{" 5"}, -1},
		{"blanks behind", []string{"5 "}, -1},
		{"a fraction", []string{"5.0"}, -1},
		{"an exponent", []string{"5e3"}, -1},
		{"hexadecimal", []string{"0x5"}, -1},
		{"grouped", []string{"1_000"}, -1},
		{"other digits", []string{"５"}, -1},
		{"joined by a proxy", []string{"5, 5"}, -1},
		{"two values", []string{"5", "5"}, -1},
		{"two values, one of them garbage", []string{"5", ""}, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := retry.PushbackOf(tt.values)
			got, ok := p.Wait()
			if ok != (tt.want >= 0) || p.Stop() != (tt.want < 0) || got != max(tt.want, 0) {
				t.Errorf("PushbackOf(%q): Wait() = %v, %v, Stop() = %v; want %v", tt.values, got, ok, p.Stop(), tt.want)
			}
		})
	}
}

// No trailer is neither a stop nor "at once": the two mistakes end all retries, or
// make them all immediate.
func TestNoPushback(t *testing.T) {
	t.Parallel()
	for _, p := range []retry.Pushback{{}, retry.PushbackOf(nil), retry.PushbackOf([]string{})} {
		if d, ok := p.Wait(); ok || d != 0 || p.Stop() || p.String() != "" || p != (retry.Pushback{}) {
			t.Errorf("%q: Wait() = %v, %v, Stop() = %v, want nothing told", p.String(), d, ok, p.Stop())
		}
	}
}

// What is written is what is read, so a service in the middle passes on what it got.
func TestPushbackString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"0": "0", "300": "300", "-1": "-1", "-7": "-1", "soon": "-1", "2147483647": "2147483647"} {
		if got := retry.PushbackOf([]string{in}).String(); got != want {
			t.Errorf("PushbackOf(%q).String() = %q, want %q", in, got, want)
		}
	}
}

var plainNumber = regexp.MustCompile(`^[0-9]+$`)

// Anything may stand in a trailer. Only one plain number that fits the trailer's int32
// is a wait; all else stops, and nothing panics.
func FuzzPushbackOf(f *testing.F) {
	for _, seed := range []string{"", "0", "5", "-1", "+5", "-0", "2147483647", "2147483648", "5,5", "5\n5", " 5", "1e3", "٥"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, joined string) {
		values := strings.Split(joined, "\n")
		p := retry.PushbackOf(values)
		n, err := strconv.ParseInt(values[0], 10, 64)
		waits := len(values) == 1 && plainNumber.MatchString(values[0]) && err == nil && n <= math.MaxInt32
		got, ok := p.Wait()
		if ok != waits || p.Stop() == waits {
			t.Fatalf("PushbackOf(%q): Wait() = %v, %v, Stop() = %v, want a wait: %v", values, got, ok, p.Stop(), waits)
		}
		if waits && got != time.Duration(n)*ms {
			t.Fatalf("PushbackOf(%q): Wait() = %v, want %d ms", values, got, n)
		}
		if again := retry.PushbackOf([]string{p.String()}); again != p {
			t.Fatalf("PushbackOf(%q) = %q, read again %q", values, p, again)
		}
	})
}
