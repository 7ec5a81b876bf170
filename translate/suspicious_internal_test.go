// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A secret that the quick look lets through leaves the service.
func FuzzScrubbingShortcuts(f *testing.F) {
	for _, word := range append(secretMembers, secretWords...) {
		f.Add(`{"my_` + word + `":"x"}`)
		f.Add(strings.ToUpper(word) + ": x=1 ")
	}
	for _, p := range secretPatterns {
		for _, word := range p.words {
			f.Add(`["a ` + word + ` = b","` + word + `s c"]`)
		}
	}
	for _, s := range []string{
		"basic abc1", "bearer abc1", "0basic abc1", "beef bearer abc1", "e_ar bearer abc1", // after hexadecimal digits
		"https://me:x@h/a", "https://h/a;id=x", "https://h/a#t=x", "h/a?b=c", "boom\n\tat a.B(C)", "to_k-en: x",
		`{"to_k-en":1}`, "ſession: abc1", "toKen=abc", "basİc abc1", `{"ſecret":1}`, `{"\u0074oken":1}`,
		"\x80", strings.Repeat("a", maxText+1), `["` + strings.Repeat("a", maxText+1) + `"]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := scrubText(s), scrubThoroughly(s); got != want {
			t.Errorf("text %q: got %q, want %q", s, got, want)
		}
		got, changed := scrubber{}.json([]byte(s))
		want, wantChanged := []byte(nil), false
		if s != "" {
			want, wantChanged = scrubber{}.jsonThoroughly([]byte(s))
		}
		if string(got) != string(want) || changed != wantChanged {
			t.Errorf("JSON %q: got %q, %v, want %q, %v", s, got, changed, want, wantChanged)
		}
	})
}

// A letter that is taken for a digit hides the word that it begins.
func TestOnlyHexadecimalDigitsAreSteppedOver(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for before := range 18 {
			s := "0123456789abcdefAB"[:before] + string([]byte{byte(c)}) + "0123456789"
			want := before
			if c < utf8.RuneSelf && strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
				want = len(s)
			}
			if got := hexDigits(s); got != want {
				t.Errorf("%q begins with %d digits, got %d", s, want, got)
			}
		}
	}
}

// Nor may what is never looked through hide anything.
func TestHelpPagesHideNothing(t *testing.T) {
	t.Parallel()
	for _, page := range helpPages {
		if got := scrubThoroughly(page); got != page {
			t.Errorf("%q becomes %q", page, got)
		}
	}
}

// Ordinary texts must take the short way: the long one is forty times as long.
func TestOrdinaryTextsAreNotSuspicious(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/",
		"http://developers.box.com/docs/#errors", "Item with the same name already exists", "Request rate limit exceeded, please try again later",
		"0f1c2d3e4b5a69788796a5b4c3d2e1f00", "契約書 2024.pdf", `{"conflicts":[{"type":"file","id":"8539","sha1":"134b65991ed5"}]}`,
	} {
		if yes, plain := suspicious(s); yes || plain != (len(s) == utf8.RuneCountInString(s)) {
			t.Errorf("%q is suspicious", s)
		}
	}
}
