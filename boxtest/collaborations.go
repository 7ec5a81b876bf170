// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"net/http"
	"slices"
)

// collaboration lets somebody into an item. Here it is accepted at once.
type collaboration struct {
	Type         string       `json:"type"`
	ID           string       `json:"id"`
	Item         reference    `json:"item"`
	AccessibleBy collaborator `json:"accessible_by"`
	Role         string       `json:"role"`
	Status       string       `json:"status"`
	*origin
}

type collaborator struct {
	Type  string `json:"type"`
	ID    string `json:"id,omitempty"`
	Login string `json:"login,omitempty"`
}

func (b *box) addCollaboration(r *request) *answer {
	var in collaboration
	if bad := r.decode(&in); bad != nil {
		return bad
	}
	bad := missing(field{"item", in.Item.ID}, field{"accessible_by", in.AccessibleBy.ID + in.AccessibleBy.Login}, field{"role", in.Role})
	switch {
	case bad != nil:
		return badRequest(bad...)
	case in.Item.Type != "file" && in.Item.Type != "folder":
		return refuse(http.StatusBadRequest, "invalid_collaboration_item", "item.type is neither file nor folder")
	case in.Item.ID == "0":
		return refuse(http.StatusBadRequest, "collaborations_not_available_on_root_folder", "the root has no collaborators")
	}
	if _, gone := b.find(in.Item.Type, in.Item.ID); gone != nil {
		return gone
	}
	if slices.ContainsFunc(b.collaborations, func(c *collaboration) bool {
		return c.Item == in.Item && c.AccessibleBy == in.AccessibleBy
	}) {
		return refuse(http.StatusBadRequest, "user_already_collaborator", "the user collaborates on the item already")
	}
	in.Type, in.ID, in.Status, in.origin = "collaboration", b.newID(), "accepted", newOrigin(userOf(r))
	b.collaborations = append(b.collaborations, &in)
	return newJSON(http.StatusCreated, in)
}

func (b *box) listCollaborations(kind string) handler {
	return func(r *request) *answer {
		n, gone := b.find(kind, r.PathValue("id"))
		if gone != nil {
			return gone
		}
		var all []*collaboration
		for _, c := range b.collaborations {
			if c.Item.ID == n.id {
				all = append(all, c)
			}
		}
		return newPage(r.URL.Query(), all, 100, 1000)
	}
}

// collaboration finds one. That of an item in the trash is not to be had.
func (b *box) collaboration(r *request) (*collaboration, *answer) {
	for _, c := range b.collaborations {
		if c.ID == r.PathValue("id") {
			_, gone := b.find(c.Item.Type, c.Item.ID)
			return c, gone
		}
	}
	return nil, notFound()
}

func (b *box) getCollaboration(r *request) *answer {
	c, gone := b.collaboration(r)
	if gone != nil {
		return gone
	}
	return newJSON(http.StatusOK, c)
}

func (b *box) updateCollaboration(r *request) *answer {
	c, gone := b.collaboration(r)
	if gone != nil {
		return gone
	}
	var in collaboration
	if bad := r.decode(&in); bad != nil {
		return bad
	}
	switch {
	case in.Status != "":
		return refuse(http.StatusBadRequest, "invalid_status", "the collaboration is not pending")
	case in.Role == "":
		return badRequest(missing(field{"role", ""})...)
	}
	c.Role = in.Role
	return newJSON(http.StatusOK, c)
}

func (b *box) deleteCollaboration(r *request) *answer {
	gone, no := b.collaboration(r)
	if no != nil {
		return no
	}
	b.collaborations = slices.DeleteFunc(b.collaborations, func(c *collaboration) bool { return c == gone })
	return empty(http.StatusNoContent)
}
