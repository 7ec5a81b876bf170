// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boxgrpc/boxgrpc/retry"
)

// Whose limit it is: the service's word before what the request shows, and without
// either nobody is held back for a stranger.
func TestTheKeyOfAnOperation(t *testing.T) {
	ann, bob := func() string { return "ann" }, func() string { return "bob" }
	salt := retry.WithSalt([]byte("0123456789abcdef"))
	wantAnn, wantBob := digest(t, "ann", salt), digest(t, "bob", salt)
	situations := []struct {
		name, context string
		key           func() string
		group, want   string
	}{
		{"the request's", "", ann, "", wantAnn},
		{"the context's", "bob", nil, "", wantBob},
		{"both", "bob", ann, "", wantBob},
		{"the request has none", "bob", func() string { return "" }, "upload", wantBob},
		{"of a group", "", bob, "upload", wantBob},
		{"none", "", nil, "", ""},
		{"none in the request", "", func() string { return "" }, "", ""},
	}
	for _, tt := range situations {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, j, op := &turnstile{closed: true}, &journal{}, create
				op.Key, op.Group = tt.key, tt.group
				ctx := retry.WithKey(t.Context(), tt.context)
				_, err := retry.Do(ctx, retry.New(salt, retry.WithGate(g), retry.WithObserver(j.observe)), op, (&script{errs: []error{throttled("1")}}).run, nil)
				asked := 0
				for _, k := range g.keys {
					if (k != retry.Key{}) {
						asked++
						if (k != retry.Key{Principal: tt.want, Group: tt.group}) {
							t.Errorf("key = %+v, want %+v", k, retry.Key{Principal: tt.want, Group: tt.group})
						}
					}
				}
				wantAsked, wantTold := 4, []retry.Reason{retry.ReasonHint}
				if tt.want == "" {
					wantAsked, wantTold = 0, []retry.Reason{retry.ReasonNoKey, retry.ReasonHint}
				}
				if diff := cmp.Diff(wantTold, j.reasons()); diff != "" || asked != wantAsked || err != nil {
					t.Errorf("asked %d times with a key, want %d; error = %v; decisions (-want +got):\n%s", asked, wantAsked, err, diff)
				}
			})
		})
	}
}

// Without a key the operation waits for itself, as the upstream asked.
func TestWithoutAKeyTheWaitIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: []error{throttled("5")}}
		_, _ = retry.Do(t.Context(), retry.New(retry.WithGate(&turnstile{})), create, s.run, nil)
		s.checkCalls(t, 2)
		if s.at[1] < 5*time.Second {
			t.Errorf("called at %v, want 5s between", s.at)
		}
	})
}

// Keys are computed only when somebody is held back: it costs a hash of each request
// otherwise.
func TestTheKeyIsAskedForOnlyWhenNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := create
		op.Key = func() string { t.Error("asked for the key, want not"); return "ann" }
		for _, errs := range [][]error{nil, {busyWrite()}, {notFound()}, {blocked()}} {
			_, _ = retry.Do(t.Context(), retry.New(retry.WithGate(&turnstile{})), op, (&script{errs: errs}).run, nil)
		}
		_, _ = retry.Do(t.Context(), ungated(), op, (&script{errs: []error{throttled("1")}}).run, nil)
	})
}

// A token must not get into the memory of a shared store. Replicas find each other by
// the salt that they share, and only by it.
func TestPrincipalsAreHashed(t *testing.T) {
	const token = "Bearer s3cr3t"
	a, b := retry.WithSalt([]byte("0123456789abcdef")), retry.WithSalt([]byte("0123456789abcdeF"))
	ann := digest(t, token, a)
	if len(ann) != 16 || strings.Contains(token, ann) || strings.Contains(ann, "s3cr3t") {
		t.Errorf("digest = %q, want 16 bytes that show nothing", ann)
	}
	if digest(t, token, a) != ann {
		t.Error("another digest by the same salt, want the same")
	}
	for name, other := range map[string]string{"other salt": digest(t, token, b), "other principal": digest(t, token+"!", a), "random salt": digest(t, token), "random salt again": digest(t, token)} {
		if other == ann {
			t.Errorf("the same digest by %s, want another", name)
		}
	}
	if first, second := digest(t, token), digest(t, token); first == second {
		t.Error("two controllers have the same salt, want a random one each")
	}
}
