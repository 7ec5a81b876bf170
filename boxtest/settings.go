// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest

import (
	"fmt"
	"time"
)

// settings are how this Box behaves where Box's own manner is of no use to every
// test.
type settings struct {
	readyAfter    time.Duration
	similarWithin time.Duration
	minChunked    int64
	partSize      int64
}

var defaults = settings{minChunked: 20_000_000, partSize: 8 << 20}

// ReadyAfter makes Box work on content for d, as it may: from now on, a download
// within d of the upload, and a commit within d of the first commit of that session,
// is answered by 202 with Retry-After in whole seconds, rounded up. The default, 0,
// makes content ready at once; files of AddFile and AddGenerated always are. It
// panics if d is negative.
func (s *Server) ReadyAfter(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("boxtest: ReadyAfter: %v is negative", d))
	}
	s.locked(func(b *box) { b.readyAfter = d })
}

// RefuseSimilar makes Box refuse a comment with the same message by the same
// principal on the same file within that time: 409 recent_similar_comment. Box has
// this error and does not say when it comes. The default, 0, refuses none. It panics
// if within is negative.
func (s *Server) RefuseSimilar(within time.Duration) {
	if within < 0 {
		panic(fmt.Sprintf("boxtest: RefuseSimilar: %v is negative", within))
	}
	s.locked(func(b *box) { b.similarWithin = within })
}

// Chunked sets, in bytes, the least file that may be uploaded in parts, and the size
// of a part, for new upload sessions. The defaults are 20,000,000 and 8 MiB, as with
// Box. It panics if one of them is not positive.
func (s *Server) Chunked(minFile, partSize int64) {
	if minFile <= 0 || partSize <= 0 {
		panic(fmt.Sprintf("boxtest: Chunked: minFile %d and partSize %d have to be positive", minFile, partSize))
	}
	s.locked(func(b *box) { b.minChunked, b.partSize = minFile, partSize })
}
