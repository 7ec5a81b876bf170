// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxhttp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// item is what is read of files, folders, comments and collaborations.
type item struct {
	Type         string    `json:"type"`
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	SHA1         string    `json:"sha1"`
	Message      string    `json:"message"`
	Role         string    `json:"role"`
	CreatedAt    time.Time `json:"created_at"`
	CreatedBy    user      `json:"created_by"`
	AccessibleBy user      `json:"accessible_by"`
	InviteEmail  string    `json:"invite_email"` // of a collaborator who is not yet a user of Box

	raw   json.RawMessage
	ahead time.Duration // how far Box's clock was, when it was looked up
}

type user struct {
	ID    string `json:"id"`
	Login string `json:"login"`
}

// UnmarshalJSON keeps the bytes, for the caller reads them in its own way.
func (i *item) UnmarshalJSON(raw []byte) error {
	type plain item
	i.raw = bytes.Clone(raw)
	return json.Unmarshal(raw, (*plain)(i))
}

// clockAhead is how far Box's clock is ahead of ours, at least, and at most 2 s more: its
// Date has whole seconds, and for less than one the answer was under way. Without a Date
// the clocks are taken for less than a second apart.
func clockAhead(h http.Header, came time.Time) time.Duration {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return -time.Second
	}
	return date.Sub(came)
}

// madeWithin tells whether the item may have been made in that time by our clock. Box
// tells the time in seconds.
func (i *item) madeWithin(from, until time.Time) bool {
	if i.CreatedAt.IsZero() || from.IsZero() {
		return false
	}
	earliest := from.Add(i.ahead).Add(-time.Second)
	latest := until.Add(i.ahead).Add(2 * time.Second)
	return !i.CreatedAt.Before(earliest) && !i.CreatedAt.After(latest)
}

// A page is part of a list. Where there are more, some of Box's lists count on by an
// offset, others give a marker.
type page struct {
	Entries    []*item `json:"entries"`
	TotalCount int     `json:"total_count"`
	Limit      int     `json:"limit"`
	NextMarker string  `json:"next_marker"`
}

// next makes query that of the next page, and tells whether there is one. Box leaves
// out what the user may not see, so that a page can be short: its limit counts.
func (p *page) next(query url.Values) bool {
	if p.NextMarker != "" {
		query.Del("offset")
		query.Set("marker", p.NextMarker)
		return true
	}
	offset, _ := strconv.Atoi(query.Get("offset")) // which is ours
	step := max(p.Limit, len(p.Entries))
	query.Set("offset", strconv.Itoa(offset+step))
	return step > 0 && offset+step < p.TotalCount
}

// conflicting is the id of what is in the way by a document of Box, or "". Box gives one
// object for files and a list for folders.
func conflicting(body []byte, kind, name string) string {
	var document struct {
		ContextInfo struct {
			Conflicts json.RawMessage `json:"conflicts"`
		} `json:"context_info"`
	}
	if json.Unmarshal(body, &document) != nil {
		return ""
	}
	var list []item
	if json.Unmarshal(document.ContextInfo.Conflicts, &list) != nil {
		list = make([]item, 1)
		_ = json.Unmarshal(document.ContextInfo.Conflicts, &list[0])
	}
	for _, c := range list {
		if c.Type == kind && c.Name == name {
			return c.ID
		}
	}
	return ""
}
