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
// # Servers
//
// [NewServer] listens on the loopback interface. [NewInMemory] needs no network: in a
// testing/synctest bubble time is virtual, and a [Fault] that takes an hour takes no
// time. Client returns a client of either. The zero [Server] is an http.Handler, for
// a server of your own.
//
// # Requests it knows
//
// The paths are Box's, without the leading /2.0:
//
//	GET, PUT, DELETE       /files/{id}         /folders/{id}
//	POST (restore)         /files/{id}         /folders/{id}
//	GET, DELETE            /files/{id}/trash   /folders/{id}/trash
//	POST                   /files/content      /folders
//	GET                    /folders/{id}/items
//	GET                    /folders/trash/items
//	GET, POST (version)    /files/{id}/content
//	GET                    /files/{id}/comments
//	POST                   /comments
//	GET, PUT, DELETE       /comments/{id}
//	GET                    /files/{id}/collaborations    /folders/{id}/collaborations
//	POST                   /collaborations
//	GET, PUT, DELETE       /collaborations/{id}
//	POST                   /files/upload_sessions        /files/{id}/upload_sessions
//	GET, PUT, DELETE       /files/upload_sessions/{id}
//	GET                    /files/upload_sessions/{id}/parts
//	POST                   /files/upload_sessions/{id}/commit
//	GET                    /search    /users/me
//
// Any other path is answered by 404 without a body. Every request needs a bearer
// token, and any token will do. The folder "0" is the root and always there. Etags
// count up with every change, and created_by is the user of As-User, else 100; what
// AddFile and its kin made is somebody else's. If-Match, If-None-Match and Range are honoured. What is
// deleted lies in the trash. Every error has a request_id in its body and another id
// in the header Box-Request-Id; a 401 and the 404 of an unknown path have the header
// only.
//
// # Faults
//
// Script gives faults to the next requests, one each; ScriptFunc asks a function of
// yours about every request, for storms without an end. A Fault can answer anything:
// an error of Box's, a gateway's HTML, half of some JSON, 202 until something is
// ready. It can hang, come late or bit by bit, reset the connection, or lie about the
// length, and in each case the write may have been carried out.
//
// # Limits
//
// Limit counts the requests of each principal by a [Window], a [Bucket] or a
// [Penalty], and answers the rest by 429. Box publishes numbers, such as 1000 calls a
// minute, but no algorithm; those who retry should do well with all three.
package boxtest
