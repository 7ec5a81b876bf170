// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

// Package boxtest is a fake of the Box Content API for tests. It keeps files and
// folders in memory, answers as Box does, and fails when its script says so:
//
//	box := boxtest.NewServer()
//	defer box.Close()
//	box.Script("POST /folders",
//		boxtest.Error(429, "rate_limit_exceeded", "too fast").With("Retry-After", "2"),
//		boxtest.Fault{Status: 503, Apply: true}, // the folder is made, the answer is lost
//	)
//	// Two requests to box.URL+"/folders" fail. The third, for the same folder, meets
//	// the 409 that the second has brought about.
//
// It knows these requests, under Box's paths without the leading /2.0:
//
//	GET    /files/{id}                        GET    /folders/{id}/items
//	GET    /files/{id}/content                POST   /folders
//	GET    /files/{id}/comments               DELETE /folders/{id}
//	POST   /files/content                     GET    /search
//	POST   /comments
//
// Any other path is answered by 404 without a body. Every request needs a bearer
// token, and any token will do. The folder "0" is the root and always there.
//
// In a testing/synctest bubble a listener on a real network would keep the clock
// from moving. There, use new(boxtest.Server) as the handler of a server of your own.
package boxtest
