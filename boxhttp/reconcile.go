// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/boxgrpc/boxgrpc/translate"
)

// CreatedFolder looks for a folder of that name. If somebody else has made it, the
// conflict stands.
func CreatedFolder[T any](l *Lookup, parentID, name string) func(context.Context, *translate.Error) (T, bool, error) {
	l.must()
	return func(ctx context.Context, e *translate.Error) (T, bool, error) {
		found, err := l.named(ctx, e, "folder", parentID, name)
		return claim[T](ctx, l, found, err)
	}
}

// UploadedFile looks for a file of that name whose content has the SHA-1 that sha1
// returns, in hexadecimal digits. It is asked after the upload, so that it can be
// summed up on the way. Another content of that name is another writer's. This is for
// new files, not for versions.
func UploadedFile[T any](l *Lookup, parentID, name string, sha1 func() string) func(context.Context, *translate.Error) (T, bool, error) {
	l.must()
	return func(ctx context.Context, e *translate.Error) (T, bool, error) {
		found, err := l.named(ctx, e, "file", parentID, name)
		if err == nil {
			found = slices.DeleteFunc(found, func(i *item) bool { return !strings.EqualFold(i.SHA1, sha1()) })
		}
		return claim[T](ctx, l, found, err)
	}
}

// Deleted looks whether the item of this path, such as "/folders/42", is gone. Of two
// writers who delete it, both succeed: gone is what both wanted. The value is always
// the zero T.
func Deleted[T any](l *Lookup, path string) func(context.Context, *translate.Error) (T, bool, error) {
	l.must()
	return func(ctx context.Context, _ *translate.Error) (none T, _ bool, _ error) {
		_, err := l.get(ctx, path, url.Values{"fields": {"id"}})
		if e, ok := translate.FromError(err); ok && isGone(e) {
			return none, true, nil
		}
		return none, false, err
	}
}

func isGone(e *translate.Error) bool {
	status, _ := e.HTTPStatus()
	return status == http.StatusNotFound || status == http.StatusGone
}

// AddedComment looks for a comment with this message on a file.
func AddedComment[T any](l *Lookup, fileID, message string) func(context.Context, *translate.Error) (T, bool, error) {
	l.must()
	path := "/files/" + url.PathEscape(fileID) + "/comments"
	return func(ctx context.Context, _ *translate.Error) (T, bool, error) {
		found, err := l.list(ctx, path, "", func(i *item) bool { return i.Message == message })
		return claim[T](ctx, l, found, err)
	}
}

// AddedCollaboration looks for a collaboration on the item of this path, such as
// "/folders/42", that gives this role to somebody: by login or by id.
func AddedCollaboration[T any](l *Lookup, path, who, role string) func(context.Context, *translate.Error) (T, bool, error) {
	l.must()
	return func(ctx context.Context, _ *translate.Error) (T, bool, error) {
		found, err := l.list(ctx, path+"/collaborations", "", func(i *item) bool { return i.Role == role && i.lets(who) })
		return claim[T](ctx, l, found, err)
	}
}

// lets tells whether a collaboration is that of who.
func (i *item) lets(who string) bool {
	return i.AccessibleBy.ID == who || strings.EqualFold(i.AccessibleBy.Login, who) || strings.EqualFold(i.InviteEmail, who)
}

// claim reads the item that is ours. Those that are there and not ours were made by
// somebody else.
func claim[T any](ctx context.Context, l *Lookup, found []*item, err error) (value T, ours bool, _ error) {
	if err != nil {
		return value, false, err
	}
	i, err := l.mine(ctx, found)
	if err != nil || i == nil {
		return value, false, err
	}
	if err := json.Unmarshal(i.raw, &value); err != nil {
		return value, false, translate.Box.TransportError(nil, err)
	}
	return value, true, nil
}
