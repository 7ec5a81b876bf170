// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	filesv1 "github.com/boxgrpc/boxgrpc/examples/gen/files/v1"
)

// item is a file or a folder in Box's JSON, as far as this service is interested.
type item struct {
	Type   string    `json:"type"`
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Size   int64     `json:"size"`
	SHA1   string    `json:"sha1"`
	Parent reference `json:"parent"`
}

// reference names an item in a request.
type reference struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id"`
}

// creation asks for a new file or folder.
type creation struct {
	Name   string    `json:"name"`
	Parent reference `json:"parent"`
}

// comment is a request for a comment and the answer to it.
type comment struct {
	ID      string    `json:"id,omitempty"`
	Message string    `json:"message"`
	Item    reference `json:"item"`
}

// page is a part of a list.
type page struct {
	TotalCount int64  `json:"total_count"`
	Limit      int64  `json:"limit"`
	Entries    []item `json:"entries"`
}

// next tells where the page after this one begins. Box leaves out what the token
// may not see, so that a page can be short: its limit counts, not its entries.
func (p page) next(offset int64) (_ int64, more bool) {
	step := max(p.Limit, int64(len(p.Entries)))
	return offset + step, step > 0 && offset+step < p.TotalCount
}

func (p page) items() []*filesv1.Item {
	items := make([]*filesv1.Item, len(p.Entries))
	for i, entry := range p.Entries {
		items[i] = entry.item()
	}
	return items
}

func (i item) file() *filesv1.File {
	return &filesv1.File{Id: i.ID, Name: i.Name, Size: i.Size, Sha1: i.SHA1, FolderId: i.Parent.ID}
}

func (i item) item() *filesv1.Item {
	return &filesv1.Item{Id: i.ID, Name: i.Name, Kind: kinds[i.Type]}
}

// kinds by Box's type. Others, such as web_link, are unspecified.
var kinds = map[string]filesv1.ItemKind{
	"file":   filesv1.ItemKind_ITEM_KIND_FILE,
	"folder": filesv1.ItemKind_ITEM_KIND_FOLDER,
}
