// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// What is harmless to repeat is repeated first: a look-up costs requests, and the repeat
// answers by itself. Only who would give up looks.
func TestARepeatableWriteIsLookedUpLast(t *testing.T) {
	for name, tt := range map[string]struct {
		errs         []error
		calls, looks int
		value        int
	}{
		"the repeat works":       {[]error{busyWrite()}, 2, 0, 2},
		"the repeat conflicts":   {[]error{busyWrite(), nameInUse()}, 2, 1, found},
		"all attempts ambiguous": {[]error{busyWrite(), busyWrite(), busyWrite()}, 3, 1, found},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := &script{errs: tt.errs}, &search{answers: "d", start: time.Now()}
				v, err := retry.Do(t.Context(), ungated(), put, s.run, l.look)
				s.checkCalls(t, tt.calls)
				if len(l.at) != tt.looks || v != tt.value || err != nil {
					t.Errorf("%d looks, Do = %d, %v, want %d looks and %d", len(l.at), v, err, tt.looks, tt.value)
				}
			})
		})
	}
}

// An item that is older or younger than the attempts in doubt is somebody else's. A
// window too wide gives a stranger's folder to the caller; one too narrow loses its own.
func TestTheWindowOfDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if from, until := retry.Window(t.Context()); !from.IsZero() || !until.IsZero() {
			t.Errorf("outside Do: %v to %v, want zero", from, until)
		}
		start, runs := time.Now(), 0
		errs := []error{blocked(), busyWrite(), busyWrite()} // each takes a second
		var began, ended []time.Duration
		var windows [][2]time.Duration
		_, _ = retry.Do(t.Context(), ungated(), create, func(ctx context.Context) (int, error) {
			began = append(began, time.Since(start))
			<-time.After(time.Second)
			ended = append(ended, time.Since(start))
			runs++
			return 0, errs[runs-1]
		}, func(ctx context.Context, _ *translate.Error) (int, bool, error) {
			from, until := retry.Window(ctx)
			windows = append(windows, [2]time.Duration{from.Sub(start), until.Sub(start)})
			return 0, false, nil
		})
		if want := [][2]time.Duration{{began[1], ended[1]}, {began[1], ended[2]}}; !cmp.Equal(want, windows) {
			t.Errorf("windows = %v, want %v: the refused attempt does not count", windows, want)
		}
	})
}
