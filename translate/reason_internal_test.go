// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"regexp"
	"strings"
	"testing"
)

// Callers match on the reason. One that AIP-193 forbids is dropped or refused by
// tools on the way.
func TestReason(t *testing.T) {
	t.Parallel()
	tests := []struct{ situation, code, want string }{
		{"Box's spelling", "item_name_in_use", "ITEM_NAME_IN_USE"},
		{"reason phrase", "Internal Server Error", "INTERNAL_SERVER_ERROR"},
		{"run of other characters", "a -- b", "A_B"},
		{"other characters at the ends", "__quota!", "QUOTA"},
		{"longer than 63", strings.Repeat("ab", 40), strings.Repeat("AB", 40)[:63]},
		{"cut behind an underscore", strings.Repeat("a", 62) + "_b", strings.Repeat("A", 62)},
		{"too short", "ok", ""},
		{"begins with a digit", "404_gone", ""},
		{"letters of other alphabets only", "エラー", ""},
		{"dotless i is no I", "lımıt", "L_M_T"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			if got := toReason(tt.code); got != tt.want {
				t.Errorf("toReason(%q) = %q, want %q", tt.code, got, tt.want)
			}
		})
	}
}

var legalReason = regexp.MustCompile(`^[A-Z][A-Z0-9_]+[A-Z0-9]$`)

func FuzzReason(f *testing.F) {
	f.Add("item_name_in_use")
	f.Add(strings.Repeat("é-", 70))
	f.Fuzz(func(t *testing.T, code string) {
		if got := toReason(code); got != "" && (len(got) > 63 || !legalReason.MatchString(got)) {
			t.Errorf("toReason(%q) = %q: not legal", code, got)
		}
	})
}
