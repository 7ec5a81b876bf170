// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/boxgrpc/boxgrpc/translate"
)

// explainTrailer shows what a caller has, without the answer that led to it.
func explainTrailer(text, format string, out io.Writer) error {
	// What was copied together with the trailer's name goes without it; base64 has
	// no colon.
	if _, value, named := strings.Cut(text, ":"); named {
		text = value
	}
	raw, err := decodeBase64(text)
	if err != nil {
		return usagef("-%s: %v", trailerFlag, err)
	}
	if len(raw) == 0 {
		return usagef("-%s: nothing is in it", trailerFlag)
	}
	st := &spb.Status{}
	if proto.Unmarshal(raw, st) != nil || len(st.ProtoReflect().GetUnknown()) > 0 {
		return usagef("-%s: the bytes are no google.rpc.Status", trailerFlag)
	}
	s := status.FromProto(st)
	e, _ := translate.FromError(s.Err())
	r := newRecord(s, e)
	r.wire = true
	return show(out, format, r)
}

// decodeBase64 takes either alphabet, with or without padding and line breaks: gRPC
// libraries and terminals differ.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.Join(strings.Fields(text), ""))
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errors.New("not base64")
	}
	return raw, nil
}
