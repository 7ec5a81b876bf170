// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/boxgrpc/boxgrpc/conformance"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

var update = flag.Bool("update", false, "write catalog.json from the schema")

type entry struct {
	Domain         string     `json:"domain"`
	Code           string     `json:"code"`
	HTTPStatus     []int32    `json:"http_status"`
	GRPCCode       string     `json:"grpc_code"`
	Retry          string     `json:"retry"`
	WithRetryAfter *retryRule `json:"with_retry_after,omitempty"`
}

type retryRule struct {
	GRPCCode string `json:"grpc_code,omitempty"`
	Retry    string `json:"retry,omitempty"`
}

// A stale file would hide a changed mapping from reviewers and give other
// languages other answers than Go.
func TestCatalogIsFresh(t *testing.T) {
	t.Parallel()
	want := marshal(t, slices.Concat(
		entries(boxgrpcv1.HttpStatus(0).Descriptor(), true),
		entries(boxgrpcv1.BoxStatus(0).Descriptor(), true),
		entries(boxgrpcv1.BoxCode(0).Descriptor(), false),
		entries(boxgrpcv1.HitachiStatus(0).Descriptor(), true),
		entries(boxgrpcv1.HitachiCode(0).Descriptor(), false),
		entries(boxgrpcv1.InformaticaCode(0).Descriptor(), false),
		entries(boxgrpcv1.Failure(0).Descriptor(), false),
	))
	if *update {
		if err := os.WriteFile("catalog.json", want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), conformance.Catalog); diff != "" {
		t.Errorf("catalog.json is stale, run make generate (-schema +file):\n%s", diff)
	}
}

func entries(enum protoreflect.EnumDescriptor, statuses bool) []entry {
	domain, _ := proto.GetExtension(enum.Options(), boxgrpcv1.E_Domain).(string)
	prefix := strings.TrimSuffix(string(enum.Values().ByNumber(0).Name()), "UNSPECIFIED")
	var list []entry
	for i := range enum.Values().Len() {
		v := enum.Values().Get(i)
		r, _ := proto.GetExtension(v.Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule)
		if r == nil {
			continue
		}
		e := entry{Domain: domain, HTTPStatus: r.GetHttpStatus(), GRPCCode: code(r.GetGrpcCode()), Retry: retry(r.GetRetry())}
		switch {
		case statuses:
			e.HTTPStatus = []int32{int32(v.Number())}
		case r.GetCode() != "":
			e.Code = r.GetCode()
		default:
			e.Code = strings.ToLower(strings.TrimPrefix(string(v.Name()), prefix))
		}
		if e.HTTPStatus == nil {
			e.HTTPStatus = []int32{}
		}
		if w := r.GetWithRetryAfter(); w != nil {
			e.WithRetryAfter = &retryRule{GRPCCode: code(w.GetGrpcCode()), Retry: retry(w.GetRetry())}
		}
		list = append(list, e)
	}
	return list
}

func code(c boxgrpcv1.GrpcCode) string {
	if c == 0 {
		return ""
	}
	return strings.TrimPrefix(c.String(), "GRPC_CODE_")
}

func retry(r boxgrpcv1.Retry) string {
	if r == 0 {
		return ""
	}
	return strings.TrimPrefix(r.String(), "RETRY_")
}

// marshal writes one entry a line, so that a changed rule is one changed line.
func marshal(t *testing.T, list []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	for i, e := range list {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(map[bool]string{true: "[\n  ", false: ",\n  "}[i == 0])
		b.Write(line)
	}
	b.WriteString("\n]\n")
	return b.Bytes()
}
