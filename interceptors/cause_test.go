// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/boxgrpc/boxgrpc/interceptors"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Whoever logs outside the interceptors sees which file of which tenant it was, and
// the caller does not.
func TestTheHandlersWordsStayForTheLog(t *testing.T) {
	t.Parallel()
	sentinel := errors.New("tenant acme")
	handler := func(context.Context, any) (any, error) {
		return nil, fmt.Errorf("%w: get file 4711: %w", sentinel, box(http.MethodGet, 503, "unavailable"))
	}
	_, err := interceptors.UnaryServerInterceptor(retry.New())(t.Context(), nil, unaryInfo(undeclared), handler)
	if !errors.Is(err, sentinel) || !strings.Contains(fmt.Sprint(errors.Unwrap(err)), "get file 4711") {
		t.Errorf("the log sees %v, because of %v", err, errors.Unwrap(err))
	}
	if st := status.Convert(err); st.Code() != codes.Unavailable || strings.Contains(st.Proto().String(), "4711") || strings.Contains(err.Error(), "4711") {
		t.Errorf("the caller gets %v", st.Proto())
	}
}
