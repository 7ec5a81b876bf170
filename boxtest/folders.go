// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"net/http"
	"slices"
	"strings"
)

func (b *box) listItems(r *request) *answer {
	folder, gone := b.find("folder", r.PathValue("id"))
	if gone != nil {
		return gone
	}
	return newPage(r.URL.Query(), views(folder.children), 100, 1000)
}

func (b *box) createFolder(r *request) *answer {
	var in creation
	if bad := r.decode(&in); bad != nil {
		return bad
	}
	folder, no := b.make(r, "folder", in, nil)
	if no != nil {
		return no
	}
	return newJSON(http.StatusCreated, folder.full())
}

// search looks for the query in names only, whatever its case.
func (b *box) search(r *request) *answer {
	query := r.URL.Query()
	if bad := missing(field{"query", query.Get("query")}); bad != nil {
		return badRequest(bad...)
	}
	want := strings.ToLower(query.Get("query"))
	found := slices.DeleteFunc(b.nodes["0"].below(), func(n *node) bool {
		return !strings.Contains(strings.ToLower(n.name), want)
	})
	return newPage(query, views(found), 30, 200)
}

// me is the user that As-User names, or the one whose token it is: always the same.
func (*box) me(r *request) *answer {
	id := userOf(r)
	return newJSON(http.StatusOK, map[string]string{
		"type": "user", "id": id, "name": "User " + id, "login": "user" + id + "@box.test",
	})
}
