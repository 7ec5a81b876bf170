// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package boxtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boxgrpc/boxgrpc/boxtest"
)

func TestScript(t *testing.T) {
	t.Parallel()
	busy := boxtest.Error(503, "unavailable", "busy")
	slow := boxtest.Error(429, "rate_limit_exceeded", "slow down")
	tests := map[string]struct {
		script   func(*boxtest.Server)
		requests []string
		want     []int
	}{
		"one fault each, in order, then the normal answer": {
			func(s *boxtest.Server) { s.Script("GET /search", busy, slow) },
			[]string{"GET /search?query=a", "GET /search?query=a", "GET /search?query=a"},
			[]int{503, 429, 200},
		},
		"a zero fault lets one request through": {
			func(s *boxtest.Server) { s.Script("GET /search", boxtest.Fault{}, busy) },
			[]string{"GET /search?query=a", "GET /search?query=a"},
			[]int{200, 503},
		},
		"other methods and paths use up no fault": {
			func(s *boxtest.Server) { s.Script("GET /folders/{id}/items", busy) },
			[]string{"GET /search?query=a", "DELETE /folders/77", "GET /folders/0/items"},
			[]int{200, 404, 503},
		},
		"the older script goes first": {
			func(s *boxtest.Server) { s.Script("/", busy); s.Script("GET /search", slow) },
			[]string{"GET /search?query=a", "GET /search?query=a", "GET /search?query=a"},
			[]int{503, 429, 200},
		},
		"a fault comes on paths that Box does not have": {
			func(s *boxtest.Server) { s.Script("/", busy) },
			[]string{"GET /elsewhere", "GET /elsewhere"},
			[]int{503, 404},
		},
		"Reset drops the script": {
			func(s *boxtest.Server) { s.Script("/", busy); s.Reset() },
			[]string{"GET /search?query=a"},
			[]int{200},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			tt.script(s)
			var got []int
			for _, request := range tt.requests {
				status, _ := call(t, s, request, "")
				got = append(got, status)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("statuses = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestScriptPanicsOnMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pattern string
		fault   boxtest.Fault
		want    string
	}{
		"malformed pattern": {"GET /files/{", boxtest.Fault{}, "GET /files/{"},
		"status of no kind": {"GET /a", boxtest.Fault{Status: 42}, "42"},
		"negative cut":      {"GET /a", boxtest.Fault{CutAfter: -3}, "CutAfter -3"},
		"negative delay":    {"GET /a", boxtest.Fault{Delay: -time.Second}, "Delay -1s"},
		"negative pause":    {"GET /a", boxtest.Fault{Pause: -time.Second}, "Pause -1s"},
		"negative chunk":    {"GET /a", boxtest.Fault{Pause: 1, ChunkLen: -1}, "ChunkLen -1"},
		"chunk at no pause": {"GET /a", boxtest.Fault{ChunkLen: 7}, "ChunkLen"},
		"two lengths":       {"GET /a", boxtest.Fault{LengthOff: 1, CutAfter: 1}, "LengthOff"},
		"hang and reset":    {"GET /a", boxtest.Fault{Hang: true, Reset: true}, "Hang"},
		"two resets":        {"GET /a", boxtest.Fault{Reset: true, ResetUnread: true}, "ResetUnread"},
		"apply unread":      {"GET /a", boxtest.Fault{Apply: true, ResetUnread: true}, "Apply"},
		"delay unread":      {"GET /a", boxtest.Fault{Delay: 1, ResetUnread: true}, "Delay"},
		"hang, status":      {"GET /a", boxtest.Fault{Hang: true, Status: 503}, "no Status"},
		"reset, gzip":       {"GET /a", boxtest.Fault{Reset: true, Gzip: true}, "Gzip"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, tt.want) {
					t.Errorf("panic = %q, want it to name %q", got, tt.want)
				}
			}()
			new(boxtest.Server).Script(tt.pattern, tt.fault)
		})
	}
}

func TestWriteBehindFault(t *testing.T) {
	t.Parallel()
	for apply, want := range map[bool]string{true: `"total_count":1`, false: `"total_count":0`} {
		t.Run(fmt.Sprintf("Apply %t", apply), func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.Script("POST /folders", boxtest.Fault{Status: 503, Apply: apply})
			if status, body := call(t, s, "POST /folders", `{"name":"a","parent":{"id":"0"}}`); status != 503 || body != "" {
				t.Errorf("POST = %d %q, want 503 and no body", status, body)
			}
			if _, body := call(t, s, "GET /folders/0/items", ""); !strings.Contains(body, want) {
				t.Errorf("items = %s, want %s", body, want)
			}
		})
	}
}

func TestCutBody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault      boxtest.Fault
		wantStatus int
		want       string
	}{
		"normal answer":                {boxtest.Fault{CutAfter: 4}, 200, "0123"},
		"own body":                     {boxtest.Fault{Status: 502, Body: "<html>", CutAfter: 1}, 502, "<"},
		"body ends before the cut":     {boxtest.Fault{Status: 500, Body: "ab", CutAfter: 9}, 500, "ab"},
		"body ends just where it cuts": {boxtest.Fault{CutAfter: 10}, 200, "0123456789"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			id := s.AddFile("0", "digits", []byte("0123456789"))
			s.Script("/", tt.fault)
			resp := send(t, s, "GET /files/"+id+"/content", "", "")
			got, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.wantStatus || string(got) != tt.want || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %d %q %v, want %d %q unexpected EOF", resp.StatusCode, got, err, tt.wantStatus, tt.want)
			}
		})
	}
}

func TestFaultHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	plain := boxtest.Error(429, "rate_limit_exceeded", "slow down")
	s.Script("/", plain.With("Retry-After", "7"), plain, boxtest.Fault{}.With("Deprecation", "soon"))
	for i, want := range []string{"429 7 ", "429  ", "200  soon"} {
		resp := send(t, s, "GET /search?query=a", "", "")
		got := fmt.Sprintf("%d %s %s", resp.StatusCode, resp.Header.Get("Retry-After"), resp.Header.Get("Deprecation"))
		if got != want {
			t.Errorf("answer %d = %q, want %q", i, got, want)
		}
	}
}

func TestErrorHasBoxsShape(t *testing.T) {
	t.Parallel()
	var got struct {
		Type, Code, Message string
		Status              int
		HelpURL             string `json:"help_url"`
		RequestID           string `json:"request_id"`
	}
	fault := boxtest.Error(404, "not_found", "gone")
	if err := json.Unmarshal([]byte(fault.Body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "error" || got.Status != 404 || got.Code != "not_found" || got.Message != "gone" || got.HelpURL == "" {
		t.Errorf("Error body = %s", fault.Body)
	}
	header := fault.Header.Get("Box-Request-Id")
	if len(got.RequestID) != 16 || len(header) != 16 || header == got.RequestID {
		t.Errorf("request ids = %q in the body, %q in the header, want two of 16 characters", got.RequestID, header)
	}
	if again := boxtest.Error(404, "not_found", "gone"); again.Body == fault.Body {
		t.Errorf("two errors share the request id %s", got.RequestID)
	}
}

func TestScriptedConflict(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"file":   `"context_info":{"conflicts":{"id":"5","name":"a","type":"file"}}`,
		"folder": `"context_info":{"conflicts":[{"id":"5","name":"a","type":"folder"}]}`,
	} {
		got := boxtest.Conflict(kind, "5", "a")
		if got.Status != 409 || !strings.Contains(got.Body, want) || !strings.Contains(got.Body, `"item_name_in_use"`) {
			t.Errorf("Conflict(%s) = %d %s, want 409 with %s", kind, got.Status, got.Body, want)
		}
	}
}
