// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"

	"google.golang.org/protobuf/proto"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// What follows from the catalogues is found once, when a translator is made.

// reason is the ErrorInfo.reason of a code. Those of the catalogue are known.
func (t *Translator) reason(code string, status int) string {
	if reason := t.reasons[code]; reason != "" {
		return reason
	}
	return firstOf(toReason(scrubText(code)), statusReason(status))
}

// reasonsOf are the reasons of codes that need no scrubbing.
func reasonsOf(codes map[string]*boxgrpcv1.Rule) map[string]string {
	reasons := make(map[string]string, len(codes))
	for code := range codes {
		if scrubText(code) == code {
			reasons[code] = toReason(code)
		}
	}
	return reasons
}

// settled tells whether everything is decided by the status, whatever the code: every
// code that is documented under it says the same as it. Then nobody reads a body before
// somebody is shown the error.
func (t *Translator) settled(status int) bool {
	return status < 0 || status >= len(t.contested) || !t.contested[status]
}

// contest finds the statuses that are not settled. Where the code decides, 412 is read
// otherwise even if the rules are the same.
func (t *Translator) contest() {
	t.contested, t.alone = [len(t.contested)]bool{}, make([]match, len(t.contested))
	for status := 100; status < len(t.contested); status++ {
		t.alone[status] = t.findByStatus(status)
	}
	for _, r := range t.codes {
		if r.GetGrpcCode() == boxgrpcv1.GrpcCode_GRPC_CODE_UNSPECIFIED {
			continue
		}
		for _, status := range r.GetHttpStatus() {
			t.contestBy(r, int(status))
		}
		for status := 100; len(r.GetHttpStatus()) == 0 && status < len(t.contested); status++ {
			t.contestBy(r, status)
		}
	}
}

func (t *Translator) contestBy(r *boxgrpcv1.Rule, status int) {
	if status == http.StatusPreconditionFailed || !sameVerdict(r, t.alone[status].decides) {
		t.contested[status] = true
	}
}

func sameVerdict(a, b *boxgrpcv1.Rule) bool {
	return a.GetGrpcCode() == b.GetGrpcCode() && a.GetRetry() == b.GetRetry() && proto.Equal(a.GetWithRetryAfter(), b.GetWithRetryAfter())
}
