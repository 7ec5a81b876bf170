// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// download answers the bytes at once. Box may answer 302 first.
func (b *box) download(r *request) *answer {
	file, gone := b.find("file", r.PathValue("id"))
	if gone != nil {
		return gone
	}
	if wait := time.Until(file.readyAt); wait > 0 {
		return notReady(wait)
	}
	v := file.current()
	if id := r.URL.Query().Get("version"); id != "" {
		i := slices.IndexFunc(file.versions, func(v version) bool { return v.id == id })
		if i < 0 {
			return notFound()
		}
		v = file.versions[i]
	}
	etag := `"` + v.sum() + `"`
	if r.Header.Get("If-None-Match") == etag {
		return empty(http.StatusNotModified)
	}
	a := v.serve(r.Header.Get("Range"))
	if a.status/100 == 2 {
		a.header.Set("ETag", etag)
	}
	return a
}

// notReady tells to come back.
func notReady(wait time.Duration) *answer {
	a := empty(http.StatusAccepted)
	a.header.Set("Retry-After", strconv.Itoa(wholeSeconds(wait)))
	return a
}

// serve answers with the content or one range of it. Several ranges, and what is no
// range, get all of it, as RFC 9110, section 14.2, allows.
func (c *content) serve(ranges string) *answer {
	a := empty(http.StatusOK)
	from, to := int64(0), c.size
	if start, end, ok := parseRange(ranges, c.size); ok {
		if start >= end {
			refusal := refuse(http.StatusRequestedRangeNotSatisfiable, "requested_page_out_of_range", "the range is not within the file")
			refusal.header.Set("Content-Range", fmt.Sprintf("bytes */%d", c.size))
			return refusal
		}
		from, to = start, end
		a.status = http.StatusPartialContent
		a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, c.size))
	}
	body := c.section(from, to-from)
	if body == nil {
		return refuse(http.StatusConflict, "content_not_kept", "boxtest keeps length and SHA-1 of contents as long as this one")
	}
	a.header.Set("Content-Type", "application/octet-stream")
	a.header.Set("Accept-Ranges", "bytes")
	a.body, a.size = io.LimitReader(body, to-from), to-from
	return a
}

// parseRange returns the bytes that one range means: from start, before end.
func parseRange(ranges string, size int64) (start, end int64, ok bool) {
	bounds, isRange := strings.CutPrefix(ranges, "bytes=")
	first, last, isPair := strings.Cut(bounds, "-")
	if !isRange || !isPair {
		return 0, 0, false
	}
	start, badStart := strconv.ParseInt(first, 10, 64)
	end, badEnd := strconv.ParseInt(last, 10, 64)
	switch {
	case badStart == nil && last == "":
		return start, size, true
	case first == "" && badEnd == nil: // the last so many
		return max(0, size-end), size, true
	case badStart == nil && badEnd == nil && start <= end:
		return start, min(end+1, size), true
	}
	return 0, 0, false
}

func (b *box) upload(r *request) *answer {
	var in creation
	if no := r.form.check(r, &in); no != nil {
		return no
	}
	if bad := missing(field{"name", in.Name}, field{"parent", in.Parent.ID}); bad != nil || r.form.file == nil {
		return badRequest(append(bad, r.form.missingFile()...)...)
	}
	file, no := b.make(r, "file", in, r.form.file)
	if no != nil {
		return no
	}
	return b.stored(file)
}

// uploadVersion needs no attributes; the file keeps its name without them.
func (b *box) uploadVersion(r *request) *answer {
	file, no := b.own("file", r)
	if no != nil {
		return no
	}
	var in change
	if no := r.form.check(r, &in); no != nil {
		return no
	}
	if bad := r.form.missingFile(); bad != nil {
		return badRequest(bad...)
	}
	if no := b.place(file, change{Name: in.Name}); no != nil {
		return no
	}
	b.addVersion(file, r.form.file)
	file.etag++
	return b.stored(file)
}

// stored answers a file whose content has just arrived.
func (b *box) stored(file *node) *answer {
	file.readyAt = time.Now().Add(b.readyAfter)
	return newJSON(http.StatusCreated, list(file.view()))
}

// check answers a form that is none, and reads its attributes if it has them.
func (f form) check(r *request, attributes any) *answer {
	switch {
	case f.malformed:
		return badRequest()
	case f.late:
		return refuse(http.StatusBadRequest, "metadata_after_file_contents", "the part attributes has to come before the part file")
	case f.file != nil && wrongDigest(r.Header.Get("Content-Md5"), f.file.sum()):
		return badDigest()
	case f.attributes == nil:
		return nil
	}
	return decode(f.attributes, attributes)
}

func (f form) missingFile() []violation {
	if f.file != nil {
		return nil
	}
	return missing(field{"file", ""})
}

// wrongDigest compares in hex. What was not sent is not wrong.
func wrongDigest(sent, sum string) bool {
	return sent != "" && !strings.EqualFold(sent, sum)
}

func badDigest() *answer {
	return refuse(http.StatusBadRequest, "bad_digest", "the digest is not that of the bytes that arrived")
}
