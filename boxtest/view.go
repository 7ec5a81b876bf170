// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// view is a node as Box's JSON shows it.
type view struct {
	Type        string       `json:"type"`
	ID          string       `json:"id"`
	ETag        string       `json:"etag"`
	Name        string       `json:"name"`
	Size        *int64       `json:"size,omitempty"`
	SHA1        string       `json:"sha1,omitempty"`
	Parent      *view        `json:"parent,omitempty"`
	Description string       `json:"description,omitempty"`
	Status      string       `json:"item_status,omitempty"`
	Version     *versionView `json:"file_version,omitempty"`
	*origin
	Items *page[view] `json:"item_collection,omitempty"`
}

type versionView struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	SHA1 string `json:"sha1"`
}

// mini is how an item stands in another one.
func (n *node) mini() view {
	return view{Type: n.kind, ID: n.id, ETag: strconv.Itoa(n.etag), Name: n.name}
}

func (n *node) view() view {
	v := n.mini()
	v.Description, v.Status, v.origin = n.description, "active", n.origin
	if n.inTrash() {
		v.Status = "trashed"
	}
	if n.kind == "file" {
		c := n.current()
		v.Size, v.SHA1 = &c.size, c.sum()
		v.Version = &versionView{"file_version", c.id, v.SHA1}
	}
	if n.parent != nil {
		parent := n.parent.mini()
		v.Parent = &parent
	}
	return v
}

// full is the answer to who asks for that one item.
func (n *node) full() view {
	v := n.view()
	if n.kind == "folder" {
		v.Items = &page[view]{len(n.children), views(n.children[:min(100, len(n.children))]), 0, 100}
	}
	return v
}

// views is never nil: an empty list is [] in JSON, not null.
func views(nodes []*node) []view {
	all := make([]view, 0, len(nodes))
	for _, n := range nodes {
		all = append(all, n.view())
	}
	return all
}

// list is a list of which all is shown.
func list[T any](all ...T) map[string]any {
	return map[string]any{"total_count": len(all), "entries": append([]T{}, all...)}
}

// page is a part of a list.
type page[T any] struct {
	TotalCount int `json:"total_count"`
	Entries    []T `json:"entries"`
	Offset     int `json:"offset"`
	Limit      int `json:"limit"`
}

// newPage answers the part of the list that the query asks for by offset and limit.
func newPage[T any](query url.Values, all []T, defaultLimit, maxLimit int) *answer {
	offset, badOffset := number(query, "offset", 0, math.MaxInt)
	limit, badLimit := number(query, "limit", defaultLimit, maxLimit)
	if bad := slices.Concat(badOffset, badLimit); bad != nil {
		return badRequest(bad...)
	}
	from := min(offset, len(all))
	to := from + min(limit, len(all)-from)
	entries := append([]T{}, all[from:to]...)
	return newJSON(http.StatusOK, page[T]{len(all), entries, offset, limit})
}

func number(query url.Values, name string, absent, most int) (int, []violation) {
	if !query.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, []violation{invalid(name, "is no number within the bounds")}
	}
	return n, nil
}
