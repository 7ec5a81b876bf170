// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// shortName is the name of a detail's type as people say it.
func shortName(fullName string) string {
	fullName = strings.TrimPrefix(fullName, "google.rpc.")
	return strings.TrimPrefix(fullName, "boxgrpc.v1.")
}

// detailText is a detail as JSON, or how large it is where it cannot be read here.
func detailText(d *anypb.Any) string {
	m, err := d.UnmarshalNew()
	if err == nil {
		if e, ok := m.(*boxgrpcv1.BoxError); ok {
			e.Told = nil // members that stand elsewhere, and are shown there
		}
		if text, err := compactJSON(m); err == nil {
			return text
		}
	}
	return fmt.Sprintf("(%d bytes that cannot be read here)", len(d.GetValue()))
}

// compactJSON writes a message without the spaces that protojson puts in at
// random, and bytes that hold JSON as that JSON.
func compactJSON(m proto.Message) (string, error) {
	raw, err := protojson.Marshal(m)
	if documents := jsonBytes(m.ProtoReflect()); err == nil && len(documents) > 0 {
		raw, err = replaced(raw, documents)
	}
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = json.Compact(&b, raw)
	return b.String(), err
}

// replaced is a JSON object with other values for some of its members.
func replaced(raw []byte, values map[string]json.RawMessage) ([]byte, error) {
	members := make(map[string]json.RawMessage)
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	maps.Copy(members, values)
	var b bytes.Buffer
	err := writeJSON(&b, members)
	return b.Bytes(), err
}

// jsonBytes are the fields of type bytes that hold JSON, by their JSON names.
func jsonBytes(m protoreflect.Message) map[string]json.RawMessage {
	found := make(map[string]json.RawMessage)
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Kind() == protoreflect.BytesKind && !fd.IsList() && json.Valid(v.Bytes()) {
			found[fd.JSONName()] = v.Bytes()
		}
		return true
	})
	return found
}
