// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// box is what the fake Box holds, and the handlers that answer from it. One request
// is carried out at a time, so handlers need no lock of their own.
type box struct {
	routes, uploads *http.ServeMux

	mu             sync.Mutex
	nodes          map[string]*node
	collaborations []*collaboration
	sessions       map[string]*session
	generated      []*content
	last           int // the last id given away: all kinds of things share the count
	lastVersion    int
	settings
}

// node is a file or a folder.
type node struct {
	kind, id, name, description string
	etag                        int
	parent                      *node // also of what was put into the trash
	trashed                     bool  // not set for what lies in a folder that was

	children []*node // of a folder, oldest first

	versions []version // of a file, oldest first, never none
	readyAt  time.Time
	comments []*comment
	origin   *origin // nil for the root
}

// version is one content that a file has had.
type version struct {
	id string
	*content
}

func newBox() *box {
	b := &box{nodes: map[string]*node{}, sessions: map[string]*session{}, last: 1000, lastVersion: 700000, settings: defaults}
	b.nodes["0"] = &node{kind: "folder", id: "0", name: "All Files"}
	b.routes, b.uploads = b.newRoutes(), b.newUploadRoutes()
	return b
}

// AddFolder makes a folder and returns its id. The root's id is "0". It panics if
// the parent is no folder or has the name already.
func (s *Server) AddFolder(parentID, name string) (id string) {
	s.locked(func(b *box) { id = b.mustAdd("folder", parentID, name, nil).id })
	return id
}

// AddFile makes a file and returns its id. It panics if the parent is no folder or
// has the name already. The content is copied, and kept however long it is.
func (s *Server) AddFile(parentID, name string, content []byte) (id string) {
	kept := keep(bytes.Clone(content))
	s.locked(func(b *box) { id = b.mustAdd("file", parentID, name, kept).id })
	return id
}

func (b *box) mustAdd(kind, parentID, name string, c *content) *node {
	parent, _ := b.find("folder", parentID)
	if parent == nil {
		panic(fmt.Sprintf("boxtest: add %s %q: no folder %q", kind, name, parentID))
	}
	if parent.child(name) != nil {
		panic(fmt.Sprintf("boxtest: add %s %q: folder %q has that name already", kind, name, parentID))
	}
	return b.add(kind, parent, name, c, newOrigin(somebody))
}

// add makes a node. The caller has seen to it that the name is free.
func (b *box) add(kind string, parent *node, name string, c *content, o *origin) *node {
	n := &node{kind: kind, id: b.newID(), name: name, parent: parent, origin: o}
	if c != nil {
		b.addVersion(n, c)
	}
	b.nodes[n.id] = n
	parent.children = append(parent.children, n)
	return n
}

func (b *box) addVersion(file *node, c *content) {
	b.lastVersion++
	file.versions = append(file.versions, version{strconv.Itoa(b.lastVersion), b.recognize(c)})
}

// find returns the node of that kind and id, or the answer to who looks for it.
func (b *box) find(kind, id string) (*node, *answer) {
	n := b.nodes[id]
	switch {
	case n == nil || n.kind != kind:
		return nil, notFound()
	case n.inTrash():
		return nil, refuse(http.StatusNotFound, "trashed", "the item is in the trash")
	}
	return n, nil
}

// detach takes a node out of its folder, which it remembers.
func (n *node) detach() {
	n.parent.children = slices.DeleteFunc(n.parent.children, func(c *node) bool { return c == n })
}

// purge removes a node, and everything below it, for good.
func (b *box) purge(n *node) {
	n.detach()
	for _, gone := range append(n.below(), n) {
		delete(b.nodes, gone.id)
		b.collaborations = slices.DeleteFunc(b.collaborations, func(c *collaboration) bool { return c.Item.ID == gone.id })
	}
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

func (n *node) inTrash() bool {
	return n != nil && (n.trashed || n.parent.inTrash())
}

// current is the newest version of a file.
func (n *node) current() version { return n.versions[len(n.versions)-1] }
