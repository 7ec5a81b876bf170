// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package interceptors_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/reflect/protoreflect"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	"github.com/boxgrpc/boxgrpc/interceptors"
)

// fileService declares an idempotency level for some of its methods, testService for
// none.
var (
	fileService = filesv1.File_files_v1_file_service_proto.Services().ByName("FileService")
	testService = testgrpc.File_grpc_testing_test_proto.Services().ByName("TestService")
)

// goldenConfig is what people paste into the configuration of their callers. Methods
// that declare nothing are not in it, or callers in other languages would write twice.
const goldenConfig = `{
  "methodConfig": [
    {
      "name": [
        {
          "service": "files.v1.FileService",
          "method": "GetFile"
        },
        {
          "service": "files.v1.FileService",
          "method": "Search"
        },
        {
          "service": "files.v1.FileService",
          "method": "ListFolder"
        },
        {
          "service": "files.v1.FileService",
          "method": "DownloadFile"
        },
        {
          "service": "files.v1.FileService",
          "method": "DeleteFolder"
        }
      ],
      "retryPolicy": {
        "maxAttempts": 3,
        "initialBackoff": "0.5s",
        "maxBackoff": "8s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": [
          "UNAVAILABLE",
          "RESOURCE_EXHAUSTED",
          "ABORTED"
        ]
      }
    }
  ]
}`

func TestServiceConfig(t *testing.T) {
	t.Parallel()
	none := `{"methodConfig":[]}`
	var golden bytes.Buffer
	if err := json.Compact(&golden, []byte(goldenConfig)); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		services []protoreflect.ServiceDescriptor
		want     string
	}{
		"the example":              {[]protoreflect.ServiceDescriptor{fileService}, golden.String()},
		"no service":               {nil, none},
		"nothing declared":         {[]protoreflect.ServiceDescriptor{testService}, none},
		"both":                     {[]protoreflect.ServiceDescriptor{testService, fileService}, golden.String()},
		"the same service, twice":  {[]protoreflect.ServiceDescriptor{fileService, fileService}, golden.String()},
		"the same, with one apart": {[]protoreflect.ServiceDescriptor{fileService, testService, fileService}, golden.String()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := interceptors.ServiceConfig(tt.services...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ServiceConfig (-want +got):\n%s", diff)
			}
			// What grpc-go's parser refuses breaks the program that uses it when it starts.
			conn, err := grpc.NewClient("passthrough:///nowhere", grpc.WithDefaultServiceConfig(got), grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatalf("grpc-go refuses %s: %v", got, err)
			}
			_ = conn.Close()
		})
	}
	if _, err := grpc.NewClient("passthrough:///nowhere", grpc.WithDefaultServiceConfig(strings.Replace(golden.String(), `"8s"`, `"8"`, 1)),
		grpc.WithTransportCredentials(insecure.NewCredentials())); err == nil {
		t.Error("grpc-go takes a broken config: then that it takes ours says nothing")
	}
}

// Callers with a stock gRPC library retry what is safe, when the server says, and no
// more often than our own client; and nothing else.
func TestAStockClientWithTheServiceConfig(t *testing.T) {
	const ms = time.Millisecond
	second := []span{{400 * ms, 600 * ms}, {800 * ms, 1200 * ms}} // grpc-go's jitter is 20 %
	pushback := []span{exactly(700 * ms), exactly(700 * ms)}
	tests := []struct {
		name   string
		said   said
		method string
		want   []span
	}{
		{"a read", down, readOnly, second},
		{"a stream", down, listFolder, second},
		{"a deletion", down, idempotent, second},
		{"a write", down, undeclared, nil},
		{"RESOURCE_EXHAUSTED", hinting(noHint), readOnly, second},
		{"ABORTED", said{codes.Aborted, noHint, nil}, readOnly, second},
		{"NOT_FOUND", said{codes.NotFound, noHint, nil}, readOnly, nil},
		{"DEADLINE_EXCEEDED", said{codes.DeadlineExceeded, noHint, nil}, readOnly, nil},
		{"a read with pushback", said{codes.Unavailable, noHint, []string{"700"}}, readOnly, pushback},
		{"a stream with pushback", said{codes.ResourceExhausted, noHint, []string{"700"}}, listFolder, pushback},
		{"a write with pushback", said{codes.Unavailable, noHint, []string{"700"}}, undeclared, nil},
		{"stop", said{codes.Unavailable, noHint, []string{"-1"}}, readOnly, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := tt.said.always()
				_ = invoke(t.Context(), p.dial(t, grpc.WithDefaultServiceConfig(interceptors.ServiceConfig(fileService))), tt.method)
				checkSpans(t, p.waits(), tt.want)
			})
		})
	}
}

// A nil descriptor is a service that was left out by mistake: its callers would never
// retry, and nobody would know why.
func TestServiceConfigOfNil(t *testing.T) {
	t.Parallel()
	defer func() {
		got := fmt.Sprint(recover())
		for _, want := range []string{"interceptors:", "ServiceConfig", "service 1", "nil"} {
			if !strings.Contains(got, want) {
				t.Errorf("panic = %q, want %q in it", got, want)
			}
		}
	}()
	interceptors.ServiceConfig(fileService, nil)
}

// A server that is ours, and callers that only have the config: they wait as long as
// the upstream asked.
func ExampleServiceConfig() {
	config := interceptors.ServiceConfig(filesv1.File_files_v1_file_service_proto.Services().ByName("FileService"))
	conn, err := grpc.NewClient("dns:///files.example.com", grpc.WithDefaultServiceConfig(config),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()

	var indented bytes.Buffer
	_ = json.Indent(&indented, []byte(config), "", "  ")
	for line := range strings.Lines(indented.String()) {
		if strings.Contains(line, "method\":") || strings.Contains(line, "maxAttempts") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// "method": "GetFile"
	// "method": "Search"
	// "method": "ListFolder"
	// "method": "DownloadFile"
	// "method": "DeleteFolder"
	// "maxAttempts": 3,
}
