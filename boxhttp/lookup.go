// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boxgrpc/boxgrpc/retry"
	"github.com/boxgrpc/boxgrpc/translate"
)

// A Lookup asks Box what is there. It is safe for concurrent use.
type Lookup struct {
	client *http.Client
	url    string
}

// NewLookup returns a lookup that asks with this client, which has to sign its
// requests as it does those of the service, for the same user. base is the URL of the
// API, such as https://api.box.com/2.0. It panics if client is nil or base is no URL.
func NewLookup(client *http.Client, base string) *Lookup {
	if client == nil {
		panic("boxhttp: NewLookup: the *http.Client is nil")
	}
	if u, err := url.Parse(base); err != nil || u.Host == "" {
		panic(fmt.Sprintf("boxhttp: NewLookup: %q is no URL such as https://api.box.com/2.0", base))
	}
	return &Lookup{client: client, url: strings.TrimRight(base, "/")}
}

// must finds a Lookup that was forgotten before there is a write whose end is unknown.
func (l *Lookup) must() {
	if l == nil {
		panic("boxhttp: the *Lookup is nil; give NewLookup")
	}
}

// named returns the item of that name in a folder, or none. Where Box names what is in
// the way, only that is asked for.
func (l *Lookup) named(ctx context.Context, e *translate.Error, kind, parentID, name string) ([]*item, error) {
	id := conflicting(e.Body(), kind, name)
	if id == "" {
		path := "/folders/" + url.PathEscape(parentID) + "/items"
		found, err := l.list(ctx, path, "id,type,name", func(i *item) bool { return i.Type == kind && i.Name == name })
		if err != nil || len(found) == 0 {
			return nil, err
		}
		id = found[0].ID
	}
	found, err := l.get(ctx, "/"+kind+"s/"+url.PathEscape(id), nil)
	return []*item{found}, err
}

const (
	pageSize = 1000
	maxPages = 10 // Box refuses an offset beyond 10000
)

var errTooMany = errors.New("boxhttp: too many items to find one among them")

// list returns the items of a list that match. All of it is read: an item with what is
// looked for may be there already, and another one be ours.
func (l *Lookup) list(ctx context.Context, path, fields string, match func(*item) bool) ([]*item, error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {"0"}}
	if fields != "" {
		query.Set("fields", fields)
	}
	var found []*item
	for range maxPages {
		var p page
		ahead, err := l.fetch(ctx, path, query, &p)
		if err != nil {
			return nil, err
		}
		for _, i := range p.Entries {
			if i != nil && match(i) {
				i.ahead = ahead
				found = append(found, i)
			}
		}
		if !p.next(query) {
			return found, nil
		}
	}
	return nil, errTooMany
}

// get returns one item.
func (l *Lookup) get(ctx context.Context, path string, query url.Values) (*item, error) {
	i := new(item)
	ahead, err := l.fetch(ctx, path, query, i)
	i.ahead = ahead
	return i, err
}

// maxAnswer is far more than a page of 1000 items.
const maxAnswer = 16 << 20

// fetch reads JSON, and says how far Box's clock is ahead. Its errors are those of
// package translate.
func (l *Lookup) fetch(ctx context.Context, path string, query url.Values, into any) (ahead time.Duration, _ error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+path+"?"+query.Encode(), nil)
	if err != nil {
		return 0, translate.Box.TransportError(nil, err)
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, translate.Box.TransportError(req, err)
	}
	defer resp.Body.Close() //nolint:errcheck // all of it that matters was read
	if err := translate.Box.CheckResponse(resp); err != nil {
		return 0, err
	}
	ahead = clockAhead(resp.Header, time.Now())
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	return ahead, translate.Box.TransportError(req, err)
}

// mine returns, among what is as it was asked for, the item that was made by us in the
// attempts whose end is unknown, or nil.
func (l *Lookup) mine(ctx context.Context, found []*item) (*item, error) {
	from, until := retry.Window(ctx)
	found = slices.DeleteFunc(found, func(i *item) bool { return !i.madeWithin(from, until) })
	if len(found) == 0 {
		return nil, nil
	}
	me, err := l.get(ctx, "/users/me", url.Values{"fields": {"id"}})
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		if me.ID != "" && i.CreatedBy.ID == me.ID {
			return i, nil
		}
	}
	return nil, nil
}
