// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// session is an upload in parts.
type session struct {
	id       string
	in       creation // of the new file
	file     *node    // that gets a new version; nil for a new file
	size     int64
	partSize int64
	parts    []*part // in the order of the file
	expires  time.Time
	readyAt  time.Time // zero before the first commit
}

type part struct {
	ID     string `json:"part_id"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	SHA1   string `json:"sha1,omitempty"`

	kept []byte // nil in a session for a file that is too long
}

// sessionLifetime is Box's.
const sessionLifetime = 7 * 24 * time.Hour

func (b *box) createSession(r *request) *answer {
	var in struct {
		FolderID string `json:"folder_id"`
		Name     string `json:"file_name"`
		Size     int64  `json:"file_size"`
	}
	if bad := r.decode(&in); bad != nil {
		return bad
	}
	if in.Size < b.minChunked {
		return refuse(http.StatusBadRequest, "file_size_too_small", fmt.Sprintf("file_size is less than %d bytes", b.minChunked))
	}
	s := &session{in: creation{in.Name, reference{ID: in.FolderID}}, size: in.Size, partSize: b.partSize}
	var no *answer
	if id := r.PathValue("id"); id != "" {
		s.file, no = b.find("file", id)
	} else if bad := missing(field{"file_name", in.Name}, field{"folder_id", in.FolderID}); bad != nil {
		no = badRequest(bad...)
	} else if parent, gone := b.find("folder", in.FolderID); gone != nil {
		no = gone
	} else {
		no = free("file", parent, in.Name, nil)
	}
	if no != nil {
		return no
	}
	s.id, s.expires = b.newID(), time.Now().Add(sessionLifetime)
	b.sessions[s.id] = s
	return newJSON(http.StatusCreated, s.view(r))
}

func (s *session) view(r *request) map[string]any {
	url := "http://" + r.Host + uploadsPath + s.id
	return map[string]any{
		"type": "upload_session", "id": s.id, "session_expires_at": s.expires.Format(time.RFC3339),
		"part_size": s.partSize, "total_parts": (s.size + s.partSize - 1) / s.partSize, "num_parts_processed": len(s.parts),
		"session_endpoints": map[string]string{
			"upload_part": url, "abort": url, "status": url, "list_parts": url + "/parts", "commit": url + "/commit",
		},
	}
}

func (b *box) session(r *request) (*session, *answer) {
	s := b.sessions[r.PathValue("id")]
	switch {
	case s == nil:
		return nil, notFound()
	case !time.Now().Before(s.expires):
		return nil, refuse(http.StatusGone, "session_expired", "the upload session is over")
	}
	return s, nil
}

func (b *box) getSession(r *request) *answer {
	s, gone := b.session(r)
	if gone != nil {
		return gone
	}
	return newJSON(http.StatusOK, s.view(r))
}

func (b *box) listParts(r *request) *answer {
	s, gone := b.session(r)
	if gone != nil {
		return gone
	}
	return newPage(r.URL.Query(), s.parts, 100, 1000)
}

func (b *box) abort(r *request) *answer {
	s, gone := b.session(r)
	if gone != nil {
		return gone
	}
	delete(b.sessions, s.id)
	return empty(http.StatusNoContent)
}

func (b *box) uploadPart(r *request) *answer {
	s, gone := b.session(r)
	if gone != nil {
		return gone
	}
	var from, to, total int64
	if n, _ := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &total); n != 3 {
		return badRequest(invalid("content-range", "is not of the form bytes 0-9/20"))
	}
	sum, ok := digest(r)
	if !ok {
		return badRequest(invalid("digest", "is not sha= and the SHA-1 in base64"))
	}
	p := &part{ID: fmt.Sprintf("%08X", from/s.partSize+1), Offset: from, Size: to - from + 1, SHA1: r.body.sum()}
	switch end := min(from+s.partSize, s.size); {
	case total != s.size || from < 0 || from >= s.size || from%s.partSize != 0 || to+1 != end:
		return refuse(http.StatusRequestedRangeNotSatisfiable, "invalid_parameter", "the range is none of the session's parts")
	case p.Size != r.body.size:
		return badRequest(invalid("content-range", "is not as long as the body"))
	case wrongDigest(sum, p.SHA1):
		return badDigest()
	case slices.ContainsFunc(s.parts, func(other *part) bool { return other.Offset == from }):
		return refuse(http.StatusConflict, "range_overlaps_existing_part", "that part is there already")
	}
	if s.size <= MaxKept {
		p.kept = r.body.kept
	}
	s.parts = append(s.parts, p)
	slices.SortFunc(s.parts, func(x, y *part) int { return cmp.Compare(x.Offset, y.Offset) })
	return newJSON(http.StatusOK, map[string]any{"part": p})
}

// digest returns the SHA-1 that a request promises, in hex.
func digest(r *request) (string, bool) {
	encoded, ok := strings.CutPrefix(r.Header.Get("Digest"), "sha=")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	return hex.EncodeToString(sum), ok && err == nil && len(sum) == 20
}

// commit makes the file. A second commit of the session finds it gone.
func (b *box) commit(r *request) *answer {
	s, no := b.session(r)
	if no != nil {
		return no
	}
	var in struct {
		Parts []part `json:"parts"`
	}
	if bad := r.decode(&in); bad != nil {
		return bad
	}
	sum, ok := digest(r)
	if !ok {
		return badRequest(invalid("digest", "is not sha= and the SHA-1 in base64"))
	}
	if !s.complete(in.Parts) {
		return refuse(http.StatusBadRequest, "parts_mismatch", "the parts are not those of the session, or not all of the file")
	}
	c := s.content(sum)
	if wrongDigest(sum, c.sum()) {
		return badDigest()
	}
	if s.readyAt.IsZero() {
		s.readyAt = time.Now().Add(b.readyAfter)
	}
	if wait := time.Until(s.readyAt); wait > 0 {
		return notReady(wait)
	}
	return b.finish(s, c, r)
}

func (b *box) finish(s *session, c *content, r *request) *answer {
	file := s.file
	var no *answer
	if file == nil {
		file, no = b.make(r, "file", s.in, c)
	} else if no = changed(r, file); no == nil {
		if _, no = b.find("file", file.id); no == nil {
			b.addVersion(file, c)
			file.etag++
		}
	}
	if no != nil {
		return no
	}
	delete(b.sessions, s.id)
	return newJSON(http.StatusCreated, list(file.view()))
}

// complete tells whether the parts are those of the session and make the whole file.
func (s *session) complete(listed []part) bool {
	slices.SortFunc(listed, func(x, y part) int { return cmp.Compare(x.Offset, y.Offset) })
	end := int64(0)
	same := slices.EqualFunc(listed, s.parts, func(x part, y *part) bool {
		end += y.Size
		return x.ID == y.ID && x.Offset == y.Offset && x.Size == y.Size
	})
	return same && end == s.size
}

// content joins the parts. Where they are not kept, the digest of the commit counts:
// each part has been checked by its own.
func (s *session) content(sum string) *content {
	if s.size > MaxKept {
		return summed(s.size, sum, nil)
	}
	var all bytes.Buffer
	for _, p := range s.parts {
		all.Write(p.kept)
	}
	return keep(all.Bytes())
}
