// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The code of an empty 401 stands in WWW-Authenticate only, and nothing else of
// that header may be taken for it.
func TestChallenges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		situation string
		lines     []string
		want      []challenge
		wantCode  string
		foreign   bool
	}{
		{"Box's own", []string{`Bearer realm="Service", error="invalid_token", error_description="The token, it is \"old\", error=no"`},
			[]challenge{{"Bearer", "Service", "invalid_token"}}, "invalid_token", false},
		{"no blanks behind commas", []string{`Bearer realm="Service",error="insufficient_scope"`},
			[]challenge{{"Bearer", "Service", "insufficient_scope"}}, "insufficient_scope", false},
		{"names in upper case", []string{`BEARER REALM="Service", ERROR=expired_token`},
			[]challenge{{"BEARER", "Service", "expired_token"}}, "expired_token", false},
		{"blanks around the sign", []string{`Bearer realm = "service", error = "invalid_token"`},
			[]challenge{{"Bearer", "service", "invalid_token"}}, "invalid_token", false},
		{"a company's proxy", []string{`NTLM, BASIC realm="CorpProxy"`},
			[]challenge{{"NTLM", "", ""}, {"BASIC", "CorpProxy", ""}}, "", true},
		{"two lines, Box in the second", []string{`Negotiate`, `Bearer realm="Service"`},
			[]challenge{{"Negotiate", "", ""}, {"Bearer", "Service", ""}}, "", false},
		{"bearer of another realm", []string{`Bearer realm="Intranet"`}, []challenge{{"Bearer", "Intranet", ""}}, "", true},
		{"error with forbidden characters", []string{`Bearer error="a\"b<c>"`}, []challenge{{"Bearer", "", `a"b<c>`}}, "", false},
		{"parameter without a challenge", []string{`error="x"`}, nil, "", false},
		{"none", nil, nil, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.situation, func(t *testing.T) {
			t.Parallel()
			got := parseChallenges(tt.lines)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(challenge{})); diff != "" {
				t.Errorf("parseChallenges(%q) (-want +got):\n%s", tt.lines, diff)
			}
			if code := challengeError(got); code != tt.wantCode {
				t.Errorf("challengeError = %q, want %q", code, tt.wantCode)
			}
			if foreign := foreignTo("Service", got); foreign != tt.foreign {
				t.Errorf("foreignTo = %v, want %v", foreign, tt.foreign)
			}
		})
	}
}
