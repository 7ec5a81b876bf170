// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"net/http"
	"strings"
)

// handler carries a request out. b.mu is held.
type handler func(*request) *answer

func (b *box) newRoutes() *http.ServeMux {
	return newMux(map[string]handler{
		"GET /files/{id}":                  b.get("file"),
		"PUT /files/{id}":                  b.update("file"),
		"DELETE /files/{id}":               b.trash("file"),
		"POST /files/{id}":                 b.restore("file"),
		"GET /files/{id}/trash":            b.getTrashed("file"),
		"DELETE /files/{id}/trash":         b.deleteTrashed("file"),
		"GET /files/{id}/collaborations":   b.listCollaborations("file"),
		"GET /files/{id}/content":          b.download,
		"POST /files/{id}/content":         b.uploadVersion,
		"POST /files/content":              b.upload,
		"POST /files/upload_sessions":      b.createSession,
		"POST /files/{id}/upload_sessions": b.createSession,

		"GET /folders/{id}":                b.get("folder"),
		"PUT /folders/{id}":                b.update("folder"),
		"DELETE /folders/{id}":             b.trash("folder"),
		"POST /folders/{id}":               b.restore("folder"),
		"GET /folders/{id}/trash":          b.getTrashed("folder"),
		"DELETE /folders/{id}/trash":       b.deleteTrashed("folder"),
		"GET /folders/{id}/collaborations": b.listCollaborations("folder"),
		"GET /folders/{id}/items":          b.listItems,
		"GET /folders/trash/items":         b.listTrash,
		"POST /folders":                    b.createFolder,

		"GET /files/{id}/comments": b.listComments,
		"POST /comments":           b.addComment,
		"GET /comments/{id}":       b.getComment,
		"PUT /comments/{id}":       b.updateComment,
		"DELETE /comments/{id}":    b.deleteComment,

		"POST /collaborations":        b.addCollaboration,
		"GET /collaborations/{id}":    b.getCollaboration,
		"PUT /collaborations/{id}":    b.updateCollaboration,
		"DELETE /collaborations/{id}": b.deleteCollaboration,

		"GET /search":   b.search,
		"GET /users/me": b.me,
	})
}

// uploadsPath is a branch of its own: to a ServeMux, {id} in "/files/{id}/content"
// might be upload_sessions. With Box, uploads have a host of their own.
const uploadsPath = "/files/upload_sessions/"

func (b *box) newUploadRoutes() *http.ServeMux {
	return newMux(map[string]handler{
		"GET /files/upload_sessions/{id}":         b.getSession,
		"PUT /files/upload_sessions/{id}":         b.uploadPart,
		"DELETE /files/upload_sessions/{id}":      b.abort,
		"GET /files/upload_sessions/{id}/parts":   b.listParts,
		"POST /files/upload_sessions/{id}/commit": b.commit,
	})
}

func newMux(routes map[string]handler) *http.ServeMux {
	mux := http.NewServeMux()
	routes["/"] = func(*request) *answer { return empty(http.StatusNotFound) }
	for pattern, h := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			c := w.(*call)
			c.answer = h(c.request)
		})
	}
	return mux
}

// call is a request on its way through a mux, as the ResponseWriter: the handler
// leaves its answer there. What the mux itself answers, the redirect of a path such
// as "//files/1", arrives through the methods, without its body.
type call struct {
	*request
	*answer
}

func (c *call) Header() http.Header         { return c.header }
func (c *call) WriteHeader(status int)      { c.status = status }
func (c *call) Write(p []byte) (int, error) { return len(p), nil }

// do gives the normal answer. The error means that the request did not arrive whole.
func (b *box) do(r *http.Request) (*answer, error) {
	in, err := read(r) // not under the lock: bodies may be long and slow
	if err != nil {
		return nil, err
	}
	mux := b.routes
	if strings.HasPrefix(r.URL.Path, uploadsPath) {
		mux = b.uploads
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &call{in, empty(http.StatusOK)}
	mux.ServeHTTP(c, r)
	return c.answer, nil
}
