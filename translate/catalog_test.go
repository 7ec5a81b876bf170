// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

var legalReason = regexp.MustCompile(`^[A-Z][A-Z0-9_]+[A-Z0-9]$`)

// A value without a rule, or with one that makes no sense, would only show when
// Box answers with it at night.
func TestEveryValueHasALegalRule(t *testing.T) {
	t.Parallel()
	catalogs := []struct {
		enum     protoreflect.EnumDescriptor
		values   int
		statuses bool // a value's number is the status
	}{
		{boxgrpcv1.HttpStatus(0).Descriptor(), 82, true},
		{boxgrpcv1.BoxStatus(0).Descriptor(), 2, true},
		{boxgrpcv1.BoxCode(0).Descriptor(), 126, false},
		{boxgrpcv1.InformaticaCode(0).Descriptor(), 6, false},
		{boxgrpcv1.HitachiCode(0).Descriptor(), 34, false},
		{boxgrpcv1.HitachiStatus(0).Descriptor(), 2, true},
		{boxgrpcv1.Failure(0).Descriptor(), 10, false},
	}
	for _, c := range catalogs {
		t.Run(string(c.enum.Name()), func(t *testing.T) {
			t.Parallel()
			if got := c.enum.Values().Len() - 1; got < c.values {
				t.Errorf("%d values, want at least %d: codes are never removed", got, c.values)
			}
			if domain := proto.GetExtension(c.enum.Options(), boxgrpcv1.E_Domain); domain == "" {
				t.Error("no domain")
			}
			reasons := make(map[string]bool)
			for i := range c.enum.Values().Len() {
				v := c.enum.Values().Get(i)
				rule, _ := proto.GetExtension(v.Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule)
				if v.Number() == 0 {
					if rule != nil {
						t.Errorf("%s: the zero value must have no rule", v.Name())
					}
					continue
				}
				checkValue(t, v, rule, c.statuses)
				reason := reasonOf(v, rule)
				if reasons[reason] {
					t.Errorf("%s: the reason %s is there twice", v.Name(), reason)
				}
				reasons[reason] = true
			}
		})
	}
}

func checkValue(t *testing.T, v protoreflect.EnumValueDescriptor, rule *boxgrpcv1.Rule, isStatus bool) {
	t.Helper()
	if rule == nil {
		t.Errorf("%s: no rule", v.Name())
		return
	}
	statuses := rule.GetHttpStatus()
	if isStatus {
		if len(statuses) > 0 {
			t.Errorf("%s: http_status is the number, it must not be given twice", v.Name())
		}
		statuses = []int32{int32(v.Number())}
	}
	if rule.GetGrpcCode() == 0 || rule.GetRetry() == 0 {
		t.Errorf("%s: grpc_code and retry must be set", v.Name())
	}
	for _, s := range statuses {
		if s < 100 || s > 599 {
			t.Errorf("%s: http_status %d is out of range", v.Name(), s)
		}
		if rule.GetGrpcCode() == boxgrpcv1.GrpcCode_GRPC_CODE_OK && s >= 400 {
			t.Errorf("%s: OK under the error status %d", v.Name(), s)
		}
	}
	if rule.GetGrpcCode() == boxgrpcv1.GrpcCode_GRPC_CODE_OK && len(statuses) == 0 {
		t.Errorf("%s: OK under any status", v.Name())
	}
	if reason := reasonOf(v, rule); !isStatus && (len(reason) > 63 || !legalReason.MatchString(reason)) {
		t.Errorf("%s: the reason %q is not legal by AIP-193", v.Name(), reason)
	}
}

func reasonOf(v protoreflect.EnumValueDescriptor, rule *boxgrpcv1.Rule) string {
	if reason := strings.ToUpper(rule.GetCode()); legalReason.MatchString(reason) {
		return reason
	}
	enum := v.Parent().(protoreflect.EnumDescriptor)
	prefix := strings.TrimSuffix(string(enum.Values().ByNumber(0).Name()), "UNSPECIFIED")
	return strings.TrimPrefix(string(v.Name()), prefix)
}

// The schema cannot import google.rpc.Code, so its copy has to be the same.
func TestGrpcCodeMirrorsCanonicalCodes(t *testing.T) {
	t.Parallel()
	for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
		name := strings.TrimPrefix(boxgrpcv1.GrpcCode(c).String(), "GRPC_CODE_")
		var parsed codes.Code
		if err := parsed.UnmarshalJSON([]byte(`"` + name + `"`)); err != nil || parsed != c {
			t.Errorf("GrpcCode %d is %s, which is %v (%v), want %v", c, name, parsed, err, c)
		}
	}
}
