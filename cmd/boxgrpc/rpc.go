// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// A reply is what one RPC brought back.
type reply struct {
	status          *status.Status
	header, trailer metadata.MD
	first           []string // JSON of the first maxReplies messages
	count           int      // of all messages
}

// maxReplies bounds what is kept of a stream: what is explained is how it ended.
const maxReplies = 10

// call makes one RPC of any kind: it sends all requests, and reads to the end. The error
// is for what did not get out; what a server answers is a reply.
func (t *target) call(ctx context.Context, conn *grpc.ClientConn, m protoreflect.MethodDescriptor, requests []proto.Message) (*reply, error) {
	desc := &grpc.StreamDesc{ClientStreams: m.IsStreamingClient(), ServerStreams: m.IsStreamingServer()}
	stream, err := conn.NewStream(ctx, desc, "/"+string(m.Parent().FullName())+"/"+string(m.Name()))
	if err != nil {
		return nil, t.unsent(err)
	}
	go send(stream, requests) // beside reading: a server may answer before it has read all
	r := &reply{}
	for {
		message := dynamicpb.NewMessage(m.Output())
		err := stream.RecvMsg(message)
		if errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			r.add(message)
			if m.IsStreamingServer() {
				continue
			}
		}
		r.status, r.trailer = status.Convert(err), stream.Trailer()
		r.header, _ = stream.Header() // its error is the status
		return r, nil
	}
}

// send stops at the first failure, whose reason the reader gets.
func send(stream grpc.ClientStream, requests []proto.Message) {
	for _, req := range requests {
		if stream.SendMsg(req) != nil {
			return
		}
	}
	_ = stream.CloseSend()
}

func (r *reply) add(m proto.Message) {
	if r.count++; r.count > maxReplies {
		return
	}
	text, err := compactJSON(m)
	if err != nil { // an Any of a type that is not known here
		text = "null"
	}
	r.first = append(r.first, text)
}

// requestsOf reads JSON messages that follow each other. None means an empty one where
// there must be one.
func requestsOf(m protoreflect.MethodDescriptor, data []byte) ([]proto.Message, error) {
	var list []proto.Message
	for d := json.NewDecoder(strings.NewReader(string(data))); ; {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		}
		message := dynamicpb.NewMessage(m.Input())
		if err == nil {
			err = protojson.Unmarshal(raw, message)
		}
		if err != nil {
			return nil, usagef("-d: message %d is no %s in JSON: %v", len(list)+1, m.Input().FullName(), err)
		}
		list = append(list, message)
	}
	switch {
	case m.IsStreamingClient(), len(list) == 1:
		return list, nil
	case len(list) == 0:
		return []proto.Message{dynamicpb.NewMessage(m.Input())}, nil
	}
	return nil, usagef("-d: %d messages, but %s takes one", len(list), m.FullName())
}
