// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"

	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

// scene is one failure: how Box answers, and what the caller must see of it.
type scene struct {
	title string
	in    setting
	rpc   string
	lang  string          // that the caller asks for
	box   []boxtest.Fault // one for each request that the call leads to
	want  want
}

// want is what a caller must see.
type want struct {
	code     codes.Code
	reason   string
	pushback sign
	messages int // of a stream, before the error
	locale   string
	requests int // that Box got
}

// sign is the kind of a pushback.
type sign string

const (
	none     sign = "none"
	negative sign = "negative"
	positive sign = "positive"
)

// script is in the order in which they are shown: what the caller can mend, what
// passes, what may have happened, broken answers, streams, the service's own troubles.
var script = []scene{
	{
		title: "The name is taken", rpc: "CreateFolder",
		box:  []boxtest.Fault{boxtest.Conflict("folder", "4711", "reports")},
		want: want{code: codes.AlreadyExists, reason: "ITEM_NAME_IN_USE", pushback: none, requests: 1},
	},
	{
		title: "The same, for a person who reads Japanese", rpc: "CreateFolder", lang: "ja-JP, en;q=0.5",
		box:  []boxtest.Fault{boxtest.Conflict("folder", "4711", "reports")},
		want: want{code: codes.AlreadyExists, reason: "ITEM_NAME_IN_USE", pushback: none, locale: "ja", requests: 1},
	},
	{
		title: "The file is not there", rpc: "AddComment",
		box:  []boxtest.Fault{boxtest.Error(404, "not_found", "there is no such file")},
		want: want{code: codes.NotFound, reason: "NOT_FOUND", pushback: none, requests: 1},
	},
	{
		title: "The account is full", rpc: "UploadFile",
		box:  []boxtest.Fault{boxtest.Error(403, "storage_limit_exceeded", "the account has no room for this file")},
		want: want{code: codes.ResourceExhausted, reason: "STORAGE_LIMIT_EXCEEDED", pushback: negative, requests: 1},
	},
	{
		title: "The caller's token has expired", rpc: "GetFile",
		box:  []boxtest.Fault{expired},
		want: want{code: codes.Unauthenticated, reason: "INVALID_TOKEN", pushback: none, requests: 1},
	},
	{
		title: "Too many requests", rpc: "GetFile",
		box:  []boxtest.Fault{tooFast.With("Retry-After", "1")},
		want: want{code: codes.OK, pushback: none, requests: 2},
	},
	{
		title: "Too many requests, and a wait that is the caller's", rpc: "CreateFolder",
		box:  []boxtest.Fault{tooFast.With("Retry-After", "2")},
		want: want{code: codes.ResourceExhausted, reason: "RATE_LIMIT_EXCEEDED", pushback: positive, requests: 1},
	},
	{
		title: "Too many requests, and a wait beyond the caller's deadline", rpc: "GetFile",
		box:  []boxtest.Fault{tooFast.With("Retry-After", "60")},
		want: want{code: codes.ResourceExhausted, reason: "RATE_LIMIT_EXCEEDED", pushback: negative, requests: 1},
	},
	{
		title: "A download that is not ready", rpc: "DownloadFile",
		box:  []boxtest.Fault{boxtest.Fault{Status: 202}.With("Retry-After", "2")},
		want: want{code: codes.Unavailable, reason: "UPSTREAM_FAILED", pushback: positive, requests: 1},
	},
	{
		title: "An outage during a read", rpc: "GetFile",
		box:  []boxtest.Fault{{Status: 503}},
		want: want{code: codes.OK, pushback: none, requests: 2},
	},
	{
		title: "An outage that lasts", rpc: "GetFile",
		box:  []boxtest.Fault{{Status: 503}, {Status: 503}, {Status: 503}},
		want: want{code: codes.Unavailable, reason: "HTTP_503", pushback: negative, requests: 3},
	},
	{
		title: "An outage during a write that Box has carried out all the same", rpc: "CreateFolder",
		box:  []boxtest.Fault{{Status: 503, Apply: true}},
		want: want{code: codes.OK, pushback: none, requests: 4},
	},
	{
		title: "An outage during a write that Box has not carried out", rpc: "CreateFolder",
		box:  []boxtest.Fault{{Status: 503}},
		want: want{code: codes.OK, pushback: none, requests: 3},
	},
	{
		title: "An outage during a write that cannot be sent again", rpc: "UploadFile",
		box:  []boxtest.Fault{{Status: 503}},
		want: want{code: codes.Unavailable, reason: "HTTP_503", pushback: negative, requests: 2},
	},
	{
		title: "An outage during a write that may happen twice", rpc: "DeleteFolder",
		box:  []boxtest.Fault{{Status: 503}},
		want: want{code: codes.OK, pushback: none, requests: 2},
	},
	{
		title: "A gateway answers in place of Box", rpc: "Search",
		box:  []boxtest.Fault{gateway},
		want: want{code: codes.OK, pushback: none, requests: 2},
	},
	{
		title: "A success that breaks off", rpc: "GetFile",
		box:  []boxtest.Fault{{CutAfter: 20}},
		want: want{code: codes.OK, pushback: none, requests: 2},
	},
	{
		title: "A stream that fails before its first message", rpc: "ListFolder",
		box:  []boxtest.Fault{tooFast.With("Retry-After", "2")},
		want: want{code: codes.ResourceExhausted, reason: "RATE_LIMIT_EXCEEDED", pushback: positive, requests: 1},
	},
	{
		title: "A stream that fails after its first message", rpc: "ListFolder",
		box:  []boxtest.Fault{{}, {Status: 503}, {Status: 503}, {Status: 503}},
		want: want{code: codes.Unavailable, reason: "HTTP_503", pushback: negative, messages: 1, requests: 4},
	},
	{
		title: "The service's own token has expired", rpc: "GetFile", in: asService,
		box:  []boxtest.Fault{expired},
		want: want{code: codes.Internal, reason: "UPSTREAM_CREDENTIALS", pushback: negative, requests: 1},
	},
	{
		title: "Box cannot be reached", rpc: "GetFile", in: boxDown,
		want: want{code: codes.Unavailable, reason: "CONNECTION_REFUSED", pushback: negative},
	},
}

// expired is how Box refuses a token: the reason stands in a header, the body is
// empty.
var expired = boxtest.Fault{
	Status: http.StatusUnauthorized,
	Header: http.Header{
		"Www-Authenticate": {`Bearer realm="Service", error="invalid_token", error_description="expired"`},
		"Box-Request-Id":   {"7pq1xk4n0c2hd8vz"},
	},
}

var tooFast = boxtest.Error(http.StatusTooManyRequests, "rate_limit_exceeded", "more requests than this user may make")

// gateway is no answer of Box at all.
var gateway = boxtest.Fault{
	Status: http.StatusBadGateway,
	Header: http.Header{"Content-Type": {"text/html"}},
	Body:   "<html><body><h1>Bad Gateway</h1></body></html>",
}
