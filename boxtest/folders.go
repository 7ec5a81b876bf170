// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"net/http"
	"slices"
	"strings"
)

func (b *box) listItems(w http.ResponseWriter, r *http.Request) {
	folder := b.find("folder", r.PathValue("id"))
	if folder == nil {
		writeNotFound(w)
		return
	}
	writePage(w, r.URL.Query(), views(folder.children), 100, 1000)
}

func (b *box) createFolder(w http.ResponseWriter, r *http.Request) {
	var in creation
	if !decode(w, r.Body, &in) {
		return
	}
	if bad := in.missing(); bad != nil {
		writeBadRequest(w, bad...)
		return
	}
	parent := b.find("folder", in.Parent.ID)
	if parent == nil {
		writeNotFound(w)
		return
	}
	if other := parent.child(in.Name); other != nil {
		newConflict([]view{other.view()}).write(w) // a list here, an object on uploads
		return
	}
	writeJSON(w, http.StatusCreated, b.add("folder", parent, in.Name, nil).view())
}

func (b *box) deleteFolder(w http.ResponseWriter, r *http.Request) {
	folder := b.find("folder", r.PathValue("id"))
	switch {
	case folder == nil:
		writeNotFound(w)
	case folder.parent == nil:
		Error(http.StatusForbidden, "access_denied_insufficient_permissions", "the root stays").write(w)
	case len(folder.children) > 0 && r.URL.Query().Get("recursive") != "true":
		Error(http.StatusBadRequest, "folder_not_empty", "the folder has items in it").write(w)
	default:
		b.remove(folder)
		w.WriteHeader(http.StatusNoContent)
	}
}

// search looks for the query in names only, whatever its case.
func (b *box) search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if bad := missing(field{"query", query.Get("query")}); bad != nil {
		writeBadRequest(w, bad...)
		return
	}
	want := strings.ToLower(query.Get("query"))
	found := slices.DeleteFunc(b.nodes["0"].below(), func(n *node) bool {
		return !strings.Contains(strings.ToLower(n.name), want)
	})
	writePage(w, query, views(found), 30, 200)
}
