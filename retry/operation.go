// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
)

// An Operation is what may be sent again.
type Operation struct {
	// Name is for observers: "create folder", or the full method of an RPC.
	Name string
	// Group is the limit of the upstream that it counts against, among those that
	// are kept apart for one principal: "upload", "search". Empty is the general
	// one. Budget and gate know it.
	Group string
	// Key returns whose limit it counts against. It is asked only when somebody is
	// held back. Where it is nil or returns "", the key of the context counts
	// ([WithKey]); without any the operation is not gated.
	Key func() string
	// Safety is what a repeat can do to the world.
	Safety Safety
}

type principalKey struct{}

// WithKey names the principal whose rate limit the upstream requests under ctx count
// against, such as a user's id. It is needed where that cannot be read from the
// request, or where tokens rotate. The gate gets to see it hashed only.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, principalKey{}, key)
}

// key returns whose limit the operation counts against, and false if nobody knows.
func (c *Controller) key(ctx context.Context, op *Operation) (Key, bool) {
	principal, _ := ctx.Value(principalKey{}).(string)
	if op.Key != nil && principal == "" {
		principal = op.Key()
	}
	if principal == "" {
		return Key{}, false
	}
	mac := hmac.New(sha256.New, c.salt)
	mac.Write([]byte(principal)) // it never fails (hash.Hash)
	return Key{Principal: string(mac.Sum(nil)[:16]), Group: op.Group}, true
}
