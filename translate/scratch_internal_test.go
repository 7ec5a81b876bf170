// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"reflect"
	"testing"
	"time"
)

// Borrowed memory that points to an error keeps all of it alive, and its secrets.
func TestAClearedScratchPointsToNoError(t *testing.T) {
	t.Parallel()
	s := new(scratch)
	p := &s.own.parts
	p.text, p.retry, p.wait, p.info.reason = "text", true, time.Second, "REASON"
	p.packed[kindRequest] = []byte("id")
	s.pack(p)
	s.clear()
	if !reflect.DeepEqual(s.own.parts, parts{}) || s.status.GetMessage() != "" || s.status.GetDetails() != nil {
		t.Errorf("there is %v, %v", &s.own.parts, &s.status)
	}
	for i := range s.any {
		if s.any[i].GetTypeUrl() != "" || s.any[i].GetValue() != nil {
			t.Errorf("there is %v", &s.any[i])
		}
	}
}
