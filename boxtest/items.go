// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// reference is how a request names an item.
type reference struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id"`
}

func (b *box) get(kind string) handler {
	return func(r *request) *answer {
		n, gone := b.find(kind, r.PathValue("id"))
		if gone != nil {
			return gone
		}
		if known := etagOf(r, "If-None-Match"); known == strconv.Itoa(n.etag) {
			return empty(http.StatusNotModified)
		}
		return newJSON(http.StatusOK, n.full())
	}
}

// etagOf reads a field that holds an etag. Box sends etags without quotes and gets
// them so, RFC 9110 has quotes.
func etagOf(r *request, field string) string {
	return strings.Trim(r.Header.Get(field), `"`)
}

// changed answers a request that was meant for another version of the item.
func changed(r *request, n *node) *answer {
	if want := etagOf(r, "If-Match"); want != "" && want != "*" && want != strconv.Itoa(n.etag) {
		return refuse(http.StatusPreconditionFailed, "precondition_failed", "the item has another etag by now")
	}
	return nil
}

// own finds an item that is to be changed: neither the root nor another version.
func (b *box) own(kind string, r *request) (*node, *answer) {
	n, gone := b.find(kind, r.PathValue("id"))
	if gone != nil {
		return nil, gone
	}
	if n.parent == nil {
		return nil, refuse(http.StatusForbidden, "access_denied_insufficient_permissions", "the root stays as it is")
	}
	return n, changed(r, n)
}

// change is what may be changed about an item. What is nil stays.
type change struct {
	Name        *string    `json:"name"`
	Description *string    `json:"description"`
	Parent      *reference `json:"parent"`
}

func (b *box) update(kind string) handler {
	return func(r *request) *answer {
		n, no := b.own(kind, r)
		if no != nil {
			return no
		}
		var in change
		if bad := r.decode(&in); bad != nil {
			return bad
		}
		before := *n
		if no := b.place(n, in); no != nil {
			return no
		}
		if in.Description != nil {
			n.description = *in.Description
		}
		if n.name != before.name || n.parent != before.parent || n.description != before.description {
			n.etag++
		}
		return newJSON(http.StatusOK, n.full())
	}
}

// place gives a node the name and the folder that the change asks for, or says why
// not. A node of the trash leaves it.
func (b *box) place(n *node, in change) *answer {
	name, parentID := n.name, n.parent.id
	if in.Name != nil {
		name = *in.Name
	}
	if in.Parent != nil {
		parentID = in.Parent.ID
	}
	parent, gone := b.find("folder", parentID)
	if gone != nil {
		return gone
	}
	if parent == n || slices.Contains(n.below(), parent) {
		return refuse(http.StatusBadRequest, "cyclical_folder_structure", "the folder would lie in itself")
	}
	if no := free(n.kind, parent, name, n); no != nil {
		return no
	}
	if n.trashed || parent != n.parent {
		n.detach()
		parent.children = append(parent.children, n)
	}
	n.name, n.parent, n.trashed = name, parent, false
	return nil
}

// free answers if a folder cannot take an item of that name. The item itself, if it
// is there already, is not in its own way.
func free(kind string, parent *node, name string, self *node) *answer {
	switch other := parent.child(name); {
	case name == "":
		return badRequest(missing(field{"name", name})...)
	case len(name) > 255:
		return refuse(http.StatusBadRequest, "item_name_too_long", "the name has more than 255 bytes")
	case name == "." || name == ".." || strings.ContainsAny(name, `/\`) || strings.TrimSpace(name) != name:
		return refuse(http.StatusBadRequest, "item_name_invalid", "the name has characters that Box does not allow")
	case other == nil || other == self:
		return nil
	case kind == "file":
		return newConflict(other.view()).answer() // an object here
	default:
		return newConflict([]view{other.view()}).answer() // a list here
	}
}

// creation is what a new file or folder is made from.
type creation struct {
	Name   string    `json:"name"`
	Parent reference `json:"parent"`
}

// make makes a new item, or says why not.
func (b *box) make(r *request, kind string, in creation, c *content) (*node, *answer) {
	if bad := missing(field{"name", in.Name}, field{"parent", in.Parent.ID}); bad != nil {
		return nil, badRequest(bad...)
	}
	parent, no := b.find("folder", in.Parent.ID)
	if no == nil {
		no = free(kind, parent, in.Name, nil)
	}
	if no != nil {
		return nil, no
	}
	return b.add(kind, parent, in.Name, c, newOrigin(userOf(r))), nil
}
