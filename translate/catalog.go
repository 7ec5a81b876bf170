// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// httpStatuses is the catalogue that all upstreams share.
var httpStatuses = statusRules(boxgrpcv1.HttpStatus(0).Descriptor())

// failures is the catalogue of errors that no upstream sent.
var failures = failureRules(boxgrpcv1.Failure(0).Descriptor())

// unknownStatus is the rule for a status outside 100–599: RFC 9110 section 15
// knows no class for it.
var unknownStatus = &boxgrpcv1.Rule{
	GrpcCode: boxgrpcv1.GrpcCode_GRPC_CODE_UNKNOWN,
	Retry:    boxgrpcv1.Retry_RETRY_NEVER,
}

// A match is the outcome of a lookup.
type match struct {
	decides *boxgrpcv1.Rule // code and retry class; never nil
	code    *boxgrpcv1.Rule // of the error code, for details; may be nil
	shared  bool            // the shared catalogue of HTTP statuses decided
}

// lookup is the one rule to learn: code, the upstream's reading of the status,
// HTTP status, x00 of its class.
func (t *Translator) lookup(code string, status int) match {
	m := match{decides: unknownStatus}
	if status < 100 || status > 599 {
		return m
	}
	if code == "" {
		return t.byStatus(status)
	}
	if r := t.codes[code]; r != nil && documentedUnder(r, status) {
		m.code = r
		if r.GetGrpcCode() != boxgrpcv1.GrpcCode_GRPC_CODE_UNSPECIFIED {
			m.decides = r
			return m
		}
	}
	m.decides, m.shared = t.byStatus(status).decides, t.byStatus(status).shared
	return m
}

// byStatus is the rule of a status from 100 to 599 without a code. The zero Translator has
// found nothing beforehand.
func (t *Translator) byStatus(status int) match {
	if t.alone == nil {
		return t.findByStatus(status)
	}
	return t.alone[status]
}

func (t *Translator) findByStatus(status int) match {
	if r := t.statuses[int32(status)]; r != nil {
		return match{decides: r}
	}
	return match{decides: httpRule(status), shared: true}
}

// httpRule is the shared rule of a status from 100 to 599, or of the x00 of its
// class (RFC 9110 section 15).
func httpRule(status int) *boxgrpcv1.Rule {
	if r := httpStatuses[int32(status)]; r != nil {
		return r
	}
	return httpStatuses[int32(status/100*100)]
}

func documentedUnder(r *boxgrpcv1.Rule, status int) bool {
	return len(r.GetHttpStatus()) == 0 || slices.Contains(r.GetHttpStatus(), int32(status))
}

// codeRules reads a catalogue of error codes.
func codeRules(enum protoreflect.EnumDescriptor) map[string]*boxgrpcv1.Rule {
	rules := make(map[string]*boxgrpcv1.Rule)
	eachRule(enum, func(v protoreflect.EnumValueDescriptor, r *boxgrpcv1.Rule) error {
		code := r.GetCode()
		if code == "" {
			code = strings.ToLower(strings.TrimPrefix(string(v.Name()), valuePrefix(enum)))
		}
		if rules[code] != nil {
			return fmt.Errorf("the code %q has a rule already", code)
		}
		rules[code] = r
		return checkRule(r, r.GetHttpStatus())
	})
	return rules
}

// statusRules reads a catalogue in which a value's number is the HTTP status.
func statusRules(enum protoreflect.EnumDescriptor) map[int32]*boxgrpcv1.Rule {
	rules := make(map[int32]*boxgrpcv1.Rule)
	eachRule(enum, func(v protoreflect.EnumValueDescriptor, r *boxgrpcv1.Rule) error {
		rules[int32(v.Number())] = r
		return checkRule(r, []int32{int32(v.Number())})
	})
	return rules
}

// failureRules reads a catalogue of errors without an HTTP status, by number.
func failureRules(enum protoreflect.EnumDescriptor) map[int32]*boxgrpcv1.Rule {
	rules := make(map[int32]*boxgrpcv1.Rule)
	eachRule(enum, func(v protoreflect.EnumValueDescriptor, r *boxgrpcv1.Rule) error {
		rules[int32(v.Number())] = r
		return checkRule(r, nil)
	})
	return rules
}

// eachRule calls f for every value but zero. It panics for a value without a rule,
// and where f returns an error.
func eachRule(enum protoreflect.EnumDescriptor, f func(protoreflect.EnumValueDescriptor, *boxgrpcv1.Rule) error) {
	if enum == nil {
		return
	}
	for i := range enum.Values().Len() {
		v := enum.Values().Get(i)
		if v.Number() == 0 {
			continue
		}
		r, _ := proto.GetExtension(v.Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule)
		if r == nil {
			panic(fmt.Sprintf("translate: %s: no (boxgrpc.v1.rule) option; give the value one", v.FullName()))
		}
		if err := f(v, r); err != nil {
			panic(fmt.Sprintf("translate: %s: %v", v.FullName(), err))
		}
	}
}

// checkRule says what is wrong with a rule that applies under these statuses; none
// means any.
func checkRule(r *boxgrpcv1.Rule, statuses []int32) error {
	_, known := boxgrpcv1.GrpcCode_name[int32(r.GetGrpcCode())]
	decides := r.GetGrpcCode() != boxgrpcv1.GrpcCode_GRPC_CODE_UNSPECIFIED
	ok := r.GetGrpcCode() == boxgrpcv1.GrpcCode_GRPC_CODE_OK ||
		r.GetWithRetryAfter().GetGrpcCode() == boxgrpcv1.GrpcCode_GRPC_CODE_OK
	switch {
	case !known:
		return fmt.Errorf("grpc_code %d does not exist", r.GetGrpcCode())
	case decides != (r.GetRetry() != boxgrpcv1.Retry_RETRY_UNSPECIFIED):
		return fmt.Errorf("set both grpc_code and retry, or neither: got %v and %v", r.GetGrpcCode(), r.GetRetry())
	case ok && len(statuses) == 0:
		return errors.New("OK under any status would turn errors into successes: name statuses below 400 in http_status")
	}
	for _, s := range statuses {
		if s < 100 || s > 599 {
			return fmt.Errorf("the HTTP status %d is outside 100–599", s)
		}
		if s >= 400 && ok {
			return fmt.Errorf("the HTTP status %d is an error and cannot be OK", s)
		}
	}
	for _, text := range []string{r.GetField(), r.GetPrecondition(), r.GetQuota(), r.GetResource()} {
		if len(text) > maxRuleText {
			return fmt.Errorf("the text %.20q… is longer than %d bytes", text, maxRuleText)
		}
	}
	return nil
}

// maxRuleText keeps what a rule adds to a status small.
const maxRuleText = 64

// valuePrefix is what buf's STANDARD lint rules put before every value's name:
// the enum's name in upper snake case.
func valuePrefix(enum protoreflect.EnumDescriptor) string {
	var b strings.Builder
	for i, r := range string(enum.Name()) {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String()) + "_"
}

// domainOf is the first domain that a catalogue names.
func domainOf(enums ...protoreflect.EnumDescriptor) string {
	for _, enum := range enums {
		if enum == nil {
			continue
		}
		if d, _ := proto.GetExtension(enum.Options(), boxgrpcv1.E_Domain).(string); d != "" {
			return d
		}
	}
	return ""
}

// grpcCode is the canonical code: the same number but for OK.
func grpcCode(c boxgrpcv1.GrpcCode) codes.Code {
	if c == boxgrpcv1.GrpcCode_GRPC_CODE_OK {
		return codes.OK
	}
	return codes.Code(c)
}
