// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/metadata"

	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// callDeadline is what callers give each call.
const callDeadline = 10 * time.Second

// walk plays scenes and prints them. It fails if a caller saw something else
// than its scene says.
func walk(ctx context.Context, scenes []scene, p printer) error {
	p.intro(len(scenes))
	surprises := 0
	for i, sc := range scenes {
		got, err := play(ctx, sc)
		if err != nil {
			return err
		}
		p.scene(i+1, sc, got)
		if !sc.want.met(got) {
			surprises++
		}
	}
	if surprises > 0 {
		return fmt.Errorf("%d of %d scenes: the caller did not see what it should", surprises, len(scenes))
	}
	p.outro(len(scenes))
	return nil
}

// play lets Box fail as the scene says and makes one call. Where the answer is that the
// call may be made again, it shows what a caller with our client would have got.
func play(ctx context.Context, sc scene) (seen, error) {
	got, err := playFor(ctx, sc, func(st *stage) filesv1.FileServiceClient { return st.plain })
	if err != nil || got.sign() != positive {
		return got, err
	}
	ours, err := playFor(ctx, sc, func(st *stage) filesv1.FileServiceClient { return st.ours })
	got.ours = &ours
	return got, err
}

func playFor(ctx context.Context, sc scene, caller func(*stage) filesv1.FileServiceClient) (seen, error) {
	st, err := newStage(sc.in)
	if err != nil {
		return seen{}, err
	}
	defer st.close()
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	if sc.lang != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "accept-language", sc.lang)
	}
	r := rpcs[sc.rpc]
	st.box.Script(r.asks, sc.box...)
	begun := time.Now()
	messages, err := r.call(ctx, caller(st), st)
	got := newSeen(messages, err, st.trailer)
	got.took, got.requests = time.Since(begun), st.box.Requests()
	return got, nil
}
