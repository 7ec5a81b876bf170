// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/metadata"
)

// callDeadline is what callers give each call; nothing ever waits for it.
const callDeadline = 10 * time.Second

// walk plays scenes and prints them. It fails if a caller saw something else
// than its scene says.
func walk(ctx context.Context, scenes []scene, p printer) error {
	st, err := newStage()
	if err != nil {
		return err
	}
	defer st.close()
	p.intro(len(scenes))
	surprises := 0
	for i, sc := range scenes {
		got := st.play(ctx, sc)
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

// play lets Box fail as the scene says and makes one call.
func (st *stage) play(ctx context.Context, sc scene) seen {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	if sc.lang != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "accept-language", sc.lang)
	}
	r := rpcs[sc.rpc]
	st.box.Reset()
	st.box.Script(r.asks, sc.box...)
	st.trailer = nil
	messages, err := r.call(ctx, st.callers[sc.in], st)
	return newSeen(messages, err, st.trailer)
}
