// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package redisgate is a [retry.Gate] that replicas share through Redis: one replica's
// 429 holds them all back, and then they leave one by one at one pace.
//
//	gate, err := redisgate.NewGate(ctx, &redis.UniversalOptions{Addrs: []string{addr}})
//	if err != nil {
//		return err
//	}
//	defer gate.Close()
//	ctl := retry.New(retry.WithGate(gate), retry.WithSalt(salt))
//
// The replicas must share the salt ([retry.WithSalt]), or each has keys of its own.
//
// # How it works
//
// Each replica mirrors the keys that are held back. While there is none, a request costs
// one atomic load. A 429 is written to Redis by a script, which tells all replicas.
//
// A request of a key that is held back draws a number, in one trip to Redis that all
// requests share which draw one at that time. The key has a position, which moves on by
// so many numbers a second as its pace is, and rests while the key is closed. All replicas
// know position and pace, so each sends a request when its number is reached, without
// asking again. Everybody's order is that of the numbers, and a 429 puts all of them off.
//
// What is let through is counted, and told with the next number drawn. The pace is learned
// as [retry.NewGate] learns it.
//
// # When Redis is slow or gone
//
// A request waits for Redis no longer than [WithBudget]. Then it gets a number from the
// replica itself, which goes on from what it knows as one of so many replicas: it takes one
// in so many of the numbers that come next, and learns from its own 429s and successes. So
// all of them keep the pace that they had, and who has a number keeps it.
//
// After two answers in a row that were too late, or a connection that broke, Redis is lost,
// and is asked again in the background. When it is back, it is told what it has forgotten.
// [WithObserver] hears both.
//
// # What is in Redis
//
// For each key that is held back a hash of about 300 bytes, and one sorted set of them. All
// expire by themselves, two minutes after the key opened. A key's name is a digest of the
// principal, which was hashed before, and its group.
package redisgate
