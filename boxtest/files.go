// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
)

func (b *box) getFile(w http.ResponseWriter, r *http.Request) {
	file := b.find("file", r.PathValue("id"))
	if file == nil {
		writeNotFound(w)
		return
	}
	writeJSON(w, http.StatusOK, file.view())
}

// download answers the bytes at once. Box may answer 302 first.
func (b *box) download(w http.ResponseWriter, r *http.Request) {
	file := b.find("file", r.PathValue("id"))
	if file == nil {
		writeNotFound(w)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(file.content)
}

// reference is how a request names an item.
type reference struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id"`
}

// creation is what a new file or folder is made from.
type creation struct {
	Name   string    `json:"name"`
	Parent reference `json:"parent"`
}

// missing lists what a creation lacks.
func (c creation) missing() []violation {
	return missing(field{"name", c.Name}, field{"parent", c.Parent.ID})
}

func (b *box) upload(w http.ResponseWriter, r *http.Request) {
	form, err := r.MultipartReader()
	if err != nil {
		writeBadRequest(w)
		return
	}
	attributes, content, err := readUpload(form)
	switch {
	case errors.Is(err, errFileFirst):
		Error(http.StatusBadRequest, "metadata_after_file_contents", err.Error()).write(w)
		return
	case errors.Is(err, io.EOF): // the form ended without its file
		writeBadRequest(w, append(attributes.missing(), missing(field{"file", ""})...)...)
		return
	case err != nil:
		writeBadRequest(w)
		return
	}
	if bad := attributes.missing(); bad != nil {
		writeBadRequest(w, bad...)
		return
	}
	b.storeUpload(w, attributes, content)
}

var errFileFirst = errors.New("the part attributes has to come before the part file")

// readUpload reads the form up to the end of the file's part. The error is io.EOF if
// there is none.
func readUpload(form *multipart.Reader) (creation, []byte, error) {
	var attributes creation
	for seen := false; ; {
		part, err := form.NextPart()
		if err != nil {
			return attributes, nil, err
		}
		switch part.FormName() {
		case "attributes":
			seen = true
			if err := json.NewDecoder(part).Decode(&attributes); err != nil {
				return attributes, nil, errors.New("the part attributes is not JSON")
			}
		case "file":
			if !seen {
				return attributes, nil, errFileFirst
			}
			content, err := io.ReadAll(part)
			return attributes, content, err
		}
	}
}

func (b *box) storeUpload(w http.ResponseWriter, attributes creation, content []byte) {
	parent := b.find("folder", attributes.Parent.ID)
	if parent == nil {
		writeNotFound(w)
		return
	}
	if other := parent.child(attributes.Name); other != nil {
		newConflict(other.view()).write(w) // an object here, a list on POST /folders
		return
	}
	file := b.add("file", parent, attributes.Name, content)
	writeJSON(w, http.StatusCreated, map[string]any{"total_count": 1, "entries": []view{file.view()}})
}

type comment struct {
	Type    string    `json:"type"`
	ID      string    `json:"id"`
	Message string    `json:"message"`
	Item    reference `json:"item"`
}

func (b *box) addComment(w http.ResponseWriter, r *http.Request) {
	var in comment
	if !decode(w, r.Body, &in) {
		return
	}
	if bad := missing(field{"item", in.Item.ID}, field{"message", in.Message}); bad != nil {
		writeBadRequest(w, bad...)
		return
	}
	file := b.find("file", in.Item.ID)
	if file == nil || in.Item.Type != "file" {
		writeNotFound(w)
		return
	}
	in.Type, in.ID = "comment", b.newID()
	file.comments = append(file.comments, in)
	writeJSON(w, http.StatusCreated, in)
}

func (b *box) listComments(w http.ResponseWriter, r *http.Request) {
	file := b.find("file", r.PathValue("id"))
	if file == nil {
		writeNotFound(w)
		return
	}
	writePage(w, r.URL.Query(), append([]comment{}, file.comments...), 100, 1000)
}
