// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math"
	"testing"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func statusOf(h handler) *spb.Status { return status.Convert(h(context.Background())).Proto() }

// The look is where the next byte is sought. Were the details not among the fields, or
// counted twice, it would be sought in the wrong place.
func TestTheFieldsOfAnErrorAreAllThatIsSent(t *testing.T) {
	v := errorVariants[2] // ready-made
	r := v.watch()
	fields, rest := r.perRPC()
	sum := rest
	var details float64
	for _, f := range fields {
		sum += f.sent
		if f.name == "grpc-status-details-bin" {
			details = f.text
		}
	}
	total := float64(r.bytes.Len()) / variants
	if math.Abs(sum-total) > total/50 {
		t.Errorf("fields and frames are %.0f bytes, but %.0f were sent", sum, total)
	}
	size := float64(proto.Size(statusOf(v.handler())))
	if want := size*4/3 + float64(len("grpc-status-details-bin")); math.Abs(details-want) > 4 {
		t.Errorf("the details are %.0f characters, want %.0f: four for three bytes, and the name", details, want)
	}
}
