// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/status"
)

// An exchange is one line of a corpus, which somebody else wrote: an answer, and
// what several readers of it accept.
type exchange struct {
	vector

	ID       string      `json:"id"`
	Upstream string      `json:"upstream"`
	Expect   expectation `json:"expect"`
}

type expectation struct {
	Acceptable         []string `json:"acceptable"`
	MustNot            []string `json:"must_not"`
	Retryable          bool     `json:"retryable"`
	RetryClass         *string  `json:"retry_class"`
	RetryableDebatable bool     `json:"retryable_debatable"`
	ErrorCode          *string  `json:"error_code"`
	RetryAfterMS       *int64   `json:"retry_after_ms"`
	RequestID          *string  `json:"request_id"`
	MessageID          *string  `json:"message_id"`
	SSB                *string  `json:"ssb"`
	DetailCode         *string  `json:"detail_code"`
	InnerStatus        *int     `json:"inner_status"`
}

// What others collected from documents and from the wild comes out as they
// accept it. The project holds without a corpus. A relative CORPUS_DIR counts from
// this folder.
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("CORPUS_DIR")
	if dir == "" {
		t.Skip("CORPUS_DIR is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no *.jsonl in %s: %v", dir, err)
	}
	for _, file := range files {
		for _, x := range read[exchange](t, file, false) {
			t.Run(x.ID, func(t *testing.T) {
				t.Parallel()
				translator := upstreams[x.Upstream]
				if translator == nil {
					t.Fatalf("upstream %q is not known", x.Upstream)
				}
				err := translator.Translate(x.answer())
				x.Expect.check(t, err)
				if err == nil {
					return
				}
				checkStatus(t, err, nil)
				checkHop(t, err)
				if x.Upstream == "box" {
					x.checkBody(t, err)
				}
			})
		}
	}
}

func (x *expectation) check(t *testing.T, err error) {
	t.Helper()
	code := name(status.Code(err))
	if !slices.Contains(x.Acceptable, code) || slices.Contains(x.MustNot, code) {
		t.Errorf("code = %s, want one of %v and none of %v", code, x.Acceptable, x.MustNot)
	}
	if err == nil {
		return
	}
	e := find(t, err)
	if !x.RetryableDebatable {
		_, allowed := e.RetryDelay()
		equal(t, "retryable", allowed, &x.Retryable)
		equal(t, "retry_class", strings.ToLower(strings.TrimPrefix(e.RetryClass().String(), "RETRY_")), x.RetryClass)
	}
	if x.RetryAfterMS != nil {
		wait, _ := e.RetryAfter()
		equal(t, "retry_after_ms", wait, new(time.Duration(*x.RetryAfterMS)*time.Millisecond))
	}
	equal(t, "error_code", e.ErrorCode(), x.ErrorCode)
	equal(t, "request_id", e.RequestID(), x.RequestID)
	metadata := e.Metadata()
	equal(t, "message_id", metadata["messageId"], x.MessageID)
	equal(t, "ssb", metadata["ssb"], x.SSB)
	equal(t, "detail_code", metadata["detailCode"], x.DetailCode)
	if x.InnerStatus != nil {
		equal(t, "inner_status", metadata["innerStatus"], new(strconv.Itoa(*x.InnerStatus)))
	}
}
