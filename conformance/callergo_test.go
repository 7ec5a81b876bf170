// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// askGo makes a call with grpc-go and nothing else: what a Go caller sees who does
// not link boxgrpc.
func askGo(c call) (sight, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.TimeoutMS)*time.Millisecond)
	defer cancel()
	if c.Language != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "accept-language", c.Language)
	}
	conn, err := dial(c.Target, c.Config)
	if err != nil {
		return sight{}, err
	}
	defer func() { _ = conn.Close() }()
	invoke := calls[c.Method]
	if invoke == nil {
		return sight{}, fmt.Errorf("method %q is not known", c.Method)
	}
	var trailer metadata.MD
	err = invoke(ctx, filesv1.NewFileServiceClient(conn), c.ID, grpc.Trailer(&trailer))
	return seenByGo(err, trailer)
}

type invocation func(context.Context, filesv1.FileServiceClient, string, ...grpc.CallOption) error

var calls = map[string]invocation{
	"GetFile": func(ctx context.Context, c filesv1.FileServiceClient, id string, opts ...grpc.CallOption) error {
		_, err := c.GetFile(ctx, &filesv1.GetFileRequest{FileId: id}, opts...)
		return err
	},
	"CreateFolder": func(ctx context.Context, c filesv1.FileServiceClient, _ string, opts ...grpc.CallOption) error {
		_, err := c.CreateFolder(ctx, &filesv1.CreateFolderRequest{ParentId: "0", Name: "reports"}, opts...)
		return err
	},
	"DeleteFolder": func(ctx context.Context, c filesv1.FileServiceClient, id string, opts ...grpc.CallOption) error {
		_, err := c.DeleteFolder(ctx, &filesv1.DeleteFolderRequest{FolderId: id}, opts...)
		return err
	},
}

func seenByGo(err error, trailer metadata.MD) (sight, error) {
	st := status.Convert(err)
	if st.Code() == codes.OK {
		return sight{Code: name(codes.OK)}, nil
	}
	raw, err := proto.Marshal(st.Proto())
	if err != nil {
		return sight{}, err
	}
	f := failureOf(st.Err())
	s := sight{
		Code: name(st.Code()), Message: st.Message(), Raw: base64.StdEncoding.EncodeToString(raw),
		Pushback: trailer["grpc-retry-pushback-ms"],
		Reason:   f.info.GetReason(), Domain: f.info.GetDomain(), Metadata: f.info.GetMetadata(),
		RequestID: f.requestID, InTheWay: f.inTheWay, Rule: f.rule,
	}
	if f.again {
		s.WaitMS = new((f.wait + time.Millisecond - 1).Milliseconds())
	}
	s.Details, err = detailsOf(st)
	return s, err
}

// detailsOf writes the details as every language's ProtoJSON does.
func detailsOf(st *status.Status) (list []map[string]any, err error) {
	text, err := protojson.Marshal(st.Proto())
	if err != nil {
		return nil, err
	}
	var parsed struct{ Details []map[string]any }
	err = json.Unmarshal(text, &parsed)
	return parsed.Details, err
}

// snippet begins

// dial: grpc-go retries by the service config, and obeys the pushback.
func dial(target, serviceConfig string) (*grpc.ClientConn, error) {
	return grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig))
}

// A failure is what a caller can act on.
type failure struct {
	info      *errdetails.ErrorInfo // reason, domain, metadata
	again     bool                  // the same call may be made again
	wait      time.Duration         // but not before
	requestID string
	inTheWay  string // id of what is there already
	rule      string // of the schema: may the request to Box be sent again?
}

func failureOf(err error) (f failure) {
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			f.info = d
		case *errdetails.RetryInfo:
			f.again, f.wait = true, d.GetRetryDelay().AsDuration()
		case *errdetails.RequestInfo:
			f.requestID = d.GetRequestId()
		case *errdetails.ResourceInfo:
			f.inTheWay = d.GetResourceName()
		}
	}
	code := boxgrpcv1.BoxCode(0).Descriptor().Values().ByName(protoreflect.Name("BOX_CODE_" + f.info.GetReason()))
	if code != nil && f.info.GetDomain() == "api.box.com" {
		f.rule = proto.GetExtension(code.Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule).GetRetry().String()
	}
	return f
}

// snippet ends
