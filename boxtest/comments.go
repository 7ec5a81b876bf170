// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"net/http"
	"slices"
	"time"
)

type comment struct {
	Type    string    `json:"type"`
	ID      string    `json:"id"`
	Message string    `json:"message"`
	Item    reference `json:"item"`
	*origin

	by string // the principal
	at time.Time
}

func (b *box) addComment(r *request) *answer {
	var in comment
	if bad := r.decode(&in); bad != nil {
		return bad
	}
	if bad := missing(field{"item", in.Item.ID}, field{"message", in.Message}); bad != nil {
		return badRequest(bad...)
	}
	file, gone := b.find(in.Item.Type, in.Item.ID)
	if gone != nil {
		return gone
	}
	if file.kind != "file" {
		return notFound()
	}
	in.by, in.at = principal(r.Request), time.Now()
	if slices.ContainsFunc(file.comments, func(c *comment) bool { return c.similar(in, b.similarWithin) }) {
		return refuse(http.StatusConflict, "recent_similar_comment", "you have just made this comment")
	}
	in.Type, in.ID, in.origin = "comment", b.newID(), newOrigin(userOf(r))
	file.comments = append(file.comments, &in)
	return newJSON(http.StatusCreated, in)
}

func (c *comment) similar(to comment, within time.Duration) bool {
	return c.Message == to.Message && c.by == to.by && to.at.Sub(c.at) < within
}

func (b *box) listComments(r *request) *answer {
	file, gone := b.find("file", r.PathValue("id"))
	if gone != nil {
		return gone
	}
	return newPage(r.URL.Query(), file.comments, 100, 1000)
}

// comment finds a comment and its file. A file in the trash has none.
func (b *box) comment(r *request) (*comment, *node, *answer) {
	for _, n := range b.nodes {
		for _, c := range n.comments {
			if c.ID == r.PathValue("id") && !n.inTrash() {
				return c, n, nil
			}
		}
	}
	return nil, nil, notFound()
}

func (b *box) getComment(r *request) *answer {
	c, _, gone := b.comment(r)
	if gone != nil {
		return gone
	}
	return newJSON(http.StatusOK, c)
}

func (b *box) updateComment(r *request) *answer {
	c, _, gone := b.comment(r)
	if gone != nil {
		return gone
	}
	var in comment
	if bad := r.decode(&in); bad != nil {
		return bad
	}
	if bad := missing(field{"message", in.Message}); bad != nil {
		return badRequest(bad...)
	}
	c.Message = in.Message
	return newJSON(http.StatusOK, c)
}

func (b *box) deleteComment(r *request) *answer {
	gone, file, no := b.comment(r)
	if no != nil {
		return no
	}
	file.comments = slices.DeleteFunc(file.comments, func(c *comment) bool { return c == gone })
	return empty(http.StatusNoContent)
}
