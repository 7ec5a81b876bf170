// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// box is what the fake Box holds, and the handler that answers from it. One request
// is carried out at a time, so handlers need no lock of their own.
type box struct {
	routes *http.ServeMux

	mu    sync.Mutex
	nodes map[string]*node
	last  int // the last id given away: files, folders and comments share the count
}

// node is a file or a folder.
type node struct {
	kind, id, name string
	parent         *node

	children []*node // of a folder, oldest first

	content  []byte // of a file, never changed
	sha1     string
	comments []comment
}

// view is a node as Box's JSON shows it. Nothing here changes an item, so that the
// etag is always that of the first version.
type view struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	ETag   string `json:"etag"`
	Name   string `json:"name"`
	Size   *int   `json:"size,omitempty"`
	SHA1   string `json:"sha1,omitempty"`
	Parent *view  `json:"parent,omitempty"`
}

func newBox() *box {
	b := &box{nodes: map[string]*node{}, last: 1000}
	b.nodes["0"] = &node{kind: "folder", id: "0", name: "All Files"}
	b.routes = b.newRoutes()
	return b
}

// find returns the node of that kind and id, or nil.
func (b *box) find(kind, id string) *node {
	n := b.nodes[id]
	if n == nil || n.kind != kind {
		return nil
	}
	return n
}

// add makes a node. The caller has seen to it that the name is free.
func (b *box) add(kind string, parent *node, name string, content []byte) *node {
	n := &node{kind: kind, id: b.newID(), name: name, parent: parent}
	if kind == "file" {
		sum := sha1.Sum(content)
		n.content, n.sha1 = content, hex.EncodeToString(sum[:])
	}
	b.nodes[n.id] = n
	parent.children = append(parent.children, n)
	return n
}

// remove takes a node and everything below it away.
func (b *box) remove(n *node) {
	for _, gone := range append(n.below(), n) {
		delete(b.nodes, gone.id)
	}
	n.parent.children = slices.DeleteFunc(n.parent.children, func(c *node) bool { return c == n })
}

func (b *box) newID() string {
	b.last++
	return strconv.Itoa(b.last)
}

// child returns the node of that name in a folder, or nil. Box ignores case here,
// and files and folders share their names.
func (n *node) child(name string) *node {
	for _, child := range n.children {
		if strings.EqualFold(child.name, name) {
			return child
		}
	}
	return nil
}

// below returns every node under a folder.
func (n *node) below() []*node {
	var all []*node
	for _, child := range n.children {
		all = append(all, child)
		all = append(all, child.below()...)
	}
	return all
}

func (n *node) view() view {
	v := view{Type: n.kind, ID: n.id, ETag: "0", Name: n.name, SHA1: n.sha1}
	if n.kind == "file" {
		size := len(n.content)
		v.Size = &size
	}
	if n.parent != nil {
		v.Parent = &view{Type: n.parent.kind, ID: n.parent.id, ETag: "0", Name: n.parent.name}
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
