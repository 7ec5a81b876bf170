// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"cmp"
	"net/http"
	"slices"
)

func (b *box) trash(kind string) handler {
	return func(r *request) *answer {
		if b.nodes[r.PathValue("id")].inTrash() {
			return notFound() // and not trashed: it has been deleted already
		}
		n, no := b.own(kind, r)
		if no != nil {
			return no
		}
		if len(n.children) > 0 && r.URL.Query().Get("recursive") != "true" {
			return refuse(http.StatusBadRequest, "folder_not_empty", "the folder has items in it")
		}
		n.detach()
		n.trashed = true
		n.etag++
		return empty(http.StatusNoContent)
	}
}

// listTrash shows what was deleted, not what lay in it.
func (b *box) listTrash(r *request) *answer {
	var all []*node
	for _, n := range b.nodes {
		if n.trashed {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(x, y *node) int { // oldest first
		return cmp.Or(len(x.id)-len(y.id), cmp.Compare(x.id, y.id))
	})
	return newPage(r.URL.Query(), views(all), 100, 1000)
}

// findTrashed returns an item that was deleted, or the answer to who looks for it.
func (b *box) findTrashed(kind string, r *request) (*node, *answer) {
	n := b.nodes[r.PathValue("id")]
	switch {
	case n == nil || n.kind != kind:
		return nil, notFound()
	case !n.trashed:
		return nil, refuse(http.StatusNotFound, "not_trashed", "the item is not in the trash")
	}
	return n, nil
}

func (b *box) getTrashed(kind string) handler {
	return func(r *request) *answer {
		n, no := b.findTrashed(kind, r)
		if no != nil {
			return no
		}
		return newJSON(http.StatusOK, n.full())
	}
}

func (b *box) deleteTrashed(kind string) handler {
	return func(r *request) *answer {
		n, no := b.findTrashed(kind, r)
		if no == nil {
			no = changed(r, n)
		}
		if no != nil {
			return no
		}
		b.purge(n)
		return empty(http.StatusNoContent)
	}
}

// restore puts an item where it was, or where and as what the request says.
func (b *box) restore(kind string) handler {
	return func(r *request) *answer {
		n, no := b.findTrashed(kind, r)
		if no != nil {
			return no
		}
		var in change
		if bad := r.decodeAny(&in); bad != nil {
			return bad
		}
		if no := b.place(n, in); no != nil {
			return no
		}
		n.etag++
		return newJSON(http.StatusCreated, n.full())
	}
}
