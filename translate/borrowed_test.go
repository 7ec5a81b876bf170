// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/boxgrpc/boxgrpc/translate"
)

func sent(code int, body io.Reader) *http.Response {
	resp := &http.Response{StatusCode: code, Header: http.Header{}}
	if body != nil {
		resp.Body = io.NopCloser(body)
	}
	return resp
}

// Bodies are read into memory that others have used. What stood there is another caller's.
func TestAnAnswerShowsNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	for range 100 {
		_ = translate.Box.CheckResponse(sent(409, strings.NewReader(`{"code":"item_name_in_use","message":"another's"}`)))
		for _, body := range []io.Reader{nil, strings.NewReader(""), strings.NewReader(`{}`)} {
			e, _ := translate.FromError(translate.Box.CheckResponse(sent(409, body)))
			if e.ErrorCode() != "" || e.Reason() != "HTTP_409" || strings.Contains(e.GRPCStatus().String(), "another") {
				t.Fatalf("an answer without a code shows %v", e.GRPCStatus())
			}
		}
	}
}

// Short bodies are kept where there is room for them, long ones elsewhere: none may lose an
// end of it, whoever looks first.
func TestBodiesOfAnyLengthAreKeptWhole(t *testing.T) {
	t.Parallel()
	for length := 240; length < 272; length++ {
		body := `{"code":"own_limit","x":"` + strings.Repeat("y", length-len(`{"code":"own_limit","x":""}`)) + `"}`
		memory := []byte(body)
		e := mustError(t, translate.Box.Translate(translate.Answer{Status: 429, Body: memory}))
		clear(memory) // it is the service's again
		if st := e.GRPCStatus(); e.ErrorCode() != "own_limit" || string(e.Body()) != body || !strings.Contains(st.String(), "OWN_LIMIT") {
			t.Errorf("%d bytes became %s", length, e.Body())
		}
	}
}

// A decoder that keeps the body breaks its contract, and yet must not come to see the
// answers of others.
func TestADecoderThatKeepsTheBodySeesNoOtherAnswer(t *testing.T) {
	t.Parallel()
	var kept []byte
	tr := translate.New(translate.Upstream{Domain: "example.com", Decode: func(a translate.Answer) translate.Document {
		kept = a.Body
		return translate.Document{}
	}})
	for range 100 {
		_ = tr.CheckResponse(sent(500, strings.NewReader("the first")))
		_ = translate.Box.CheckResponse(sent(409, strings.NewReader("somebody else's")))
		if string(kept) != "the first" {
			t.Fatalf("the body became %q", kept)
		}
	}
}

// Two that ask at the same time, or a rule that asks while it is asked, get one status and
// one text: an error is immutable.
func TestAnErrorIsTheSameForAllWhoAskAtOnce(t *testing.T) {
	t.Parallel()
	var e *translate.Error
	var asked atomic.Int32
	var inner *status.Status
	var text string
	tr := translate.Box.With(translate.WithRedaction(func(string, string) string {
		n := asked.Add(1)
		switch n {
		case 1:
			inner = e.GRPCStatus()
		case 3:
			text = e.Error()
		}
		return fmt.Sprint("text ", n)
	}))
	e, _ = translate.FromError(tr.CheckResponse(sent(404, strings.NewReader(`{"code":"not_found","message":"x"}`))))
	if outer := e.GRPCStatus(); outer != inner {
		t.Errorf("got %v, and %v before", outer, inner)
	}
	if again := e.Error(); again != text {
		t.Errorf("got %q, and %q before", again, text)
	}
}

// A service that logs a cause must pass on what others have put into the status.
func TestAnotherCauseKeepsTheDetailsOfOthers(t *testing.T) {
	t.Parallel()
	marked, err := status.Convert(translate.Box.CheckResponse(sent(404, nil))).WithDetails(wrapperspb.String("one"), wrapperspb.String("two"))
	if err != nil {
		t.Fatal(err)
	}
	e, _ := translate.FromError(marked.Err())
	if got := e.WithCause(errors.New("x")).GRPCStatus(); len(got.Details()) != len(marked.Details()) || got.Code() != codes.NotFound {
		t.Errorf("got %v, want %v", got, marked)
	}
}

// The header's id is upstream text as any other: a token in it must not leave.
func TestTheHeadersRequestIDIsCleaned(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"token=abc": "token=[removed]", "https://h/a?sig=b": "https://h/a", "é": "", strings.Repeat("a", 257): "", strings.Repeat("a", 256): strings.Repeat("a", 256)} {
		for _, code := range []int{404, 409} {
			resp := sent(code, nil)
			resp.Header.Set("Box-Request-Id", id)
			e, _ := translate.FromError(translate.Box.CheckResponse(resp))
			if e.RequestID() != want || e.Metadata()["headerRequestId"] != "" {
				t.Errorf("%q: got %q and %v", id, e.RequestID(), e.Metadata())
			}
		}
	}
}

// The header's error stands for a code only where the body has none; else one failure
// would tell two codes.
func TestAChallengeIsToldOnlyWithoutACode(t *testing.T) {
	t.Parallel()
	ask := func(body, challenge string) *translate.Error {
		resp := sent(401, strings.NewReader(body))
		resp.Header.Set("Box-Request-Id", "1")
		resp.Header.Set("Www-Authenticate", challenge)
		e, _ := translate.FromError(translate.Box.CheckResponse(resp))
		return e
	}
	const plain, told = `Bearer realm="Service"`, `Bearer realm="Service", error="invalid_token"`
	for _, body := range []string{`{"code":"unauthorized"}`, `{"error":"invalid_grant"}`} {
		if got, want := ask(body, told).GRPCStatus(), ask(body, plain).GRPCStatus(); !proto.Equal(got.Proto(), want.Proto()) {
			t.Errorf("%s: got %v, want %v", body, got.Proto(), want.Proto())
		}
	}
	if got := ask(`{"message":"x"}`, told).ErrorCode(); got != "invalid_token" {
		t.Errorf("got code %q", got)
	}
}

// An error that is kept, as in a log's queue, keeps no page, no list without an end and no
// header along with it.
func TestAnErrorKeepsLittleOfALargeAnswer(t *testing.T) {
	const n, most = 100, 8 << 10
	for name, answer := range map[string]struct {
		body, id string
	}{
		"a page":      {body: "<html>" + strings.Repeat("x", 60000)},
		"a long list": {body: `{"code":"bad_request","context_info":{"errors":[` + strings.Repeat("{},", 20000) + `{}]}}`},
		"a long id":   {id: strings.Repeat("r", 1<<20)},
	} {
		var kept [n]error
		before := heap()
		for i := range kept {
			resp := sent(400, strings.NewReader(answer.body))
			resp.Header.Set("Box-Request-Id", strings.Clone(answer.id))
			kept[i] = translate.Box.CheckResponse(resp)
			_ = status.Convert(kept[i])
		}
		room := most
		if strings.HasPrefix(answer.body, "{") {
			room += len(answer.body) // the document is read again
		}
		if each := (heap() - before) / n; each > int64(room) {
			t.Errorf("%s: an error keeps %d bytes, want at most %d", name, each, room)
		}
		runtime.KeepAlive(kept)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
