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
	conn, err := grpc.NewClient(c.Target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(c.Config))
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
	return seenByGo(status.Convert(err), trailer)
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

func seenByGo(st *status.Status, trailer metadata.MD) (sight, error) {
	if st.Code() == codes.OK {
		return sight{Code: name(codes.OK)}, nil
	}
	raw, err := proto.Marshal(st.Proto())
	if err != nil {
		return sight{}, err
	}
	s := sight{
		Code: name(st.Code()), Message: st.Message(), Raw: base64.StdEncoding.EncodeToString(raw),
		Pushback: trailer["grpc-retry-pushback-ms"],
	}
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			s.Reason, s.Domain, s.Metadata, s.Rule = d.GetReason(), d.GetDomain(), d.GetMetadata(), ruleOf(d)
		case *errdetails.RetryInfo:
			s.WaitMS = new(d.GetRetryDelay().AsDuration().Milliseconds())
		case *errdetails.RequestInfo:
			s.RequestID = d.GetRequestId()
		case *boxgrpcv1.BoxError:
			s.ContextInfo = string(d.GetContextInfo())
		}
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

// ruleOf reads the option in the schema.
func ruleOf(info *errdetails.ErrorInfo) string {
	number, ok := boxgrpcv1.BoxCode_value["BOX_CODE_"+info.GetReason()]
	if !ok || info.GetDomain() != "api.box.com" {
		return ""
	}
	value := boxgrpcv1.BoxCode(number).Descriptor().Values().ByNumber(boxgrpcv1.BoxCode(number).Number())
	rule, _ := proto.GetExtension(value.Options(), boxgrpcv1.E_Rule).(*boxgrpcv1.Rule)
	return rule.GetRetry().String()
}
