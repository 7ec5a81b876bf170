// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/url"

	"github.com/boxgrpc/boxgrpc/boxhttp"
	"github.com/boxgrpc/boxgrpc/retry"
)

// Writes to Box. After a 503 or a lost connection nobody knows whether one was carried
// out; boxhttp's functions look, so that it is not made twice. Only a comment that Box
// makes after the look is.

func (c *client) createFolder(ctx context.Context, wanted creation) (item, error) {
	op := retry.Operation{Name: "create folder", Safety: retry.SingleUpstreamCall}
	return retry.Do(ctx, c.ctl, op, func(ctx context.Context) (made item, err error) {
		err = c.postJSON(ctx, "/folders", wanted, &made)
		return made, err
	}, boxhttp.CreatedFolder[item](c.look, wanted.Parent.ID, wanted.Name))
}

func (c *client) addComment(ctx context.Context, wanted comment) (comment, error) {
	op := retry.Operation{Name: "add comment", Safety: retry.SingleUpstreamCall}
	return retry.Do(ctx, c.ctl, op, func(ctx context.Context) (made comment, err error) {
		err = c.postJSON(ctx, "/comments", wanted, &made)
		return made, err
	}, boxhttp.AddedComment[comment](c.look, wanted.Item.ID, wanted.Message))
}

func (c *client) deleteFolder(ctx context.Context, id string, recursive bool) error {
	path := "/folders/" + url.PathEscape(id)
	target := path
	if recursive {
		target += "?recursive=true"
	}
	op := retry.Operation{Name: "delete folder", Safety: retry.Idempotent}
	_, err := retry.Do(ctx, c.ctl, op, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.remove(ctx, target)
	}, boxhttp.Deleted[struct{}](c.look, path))
	return err
}
