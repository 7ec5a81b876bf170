// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"

	"github.com/boxgrpc/boxgrpc/boxtest"
	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// width is the longest line.
const width = 100

// printer shows scenes to a person.
type printer struct {
	out    io.Writer
	colour bool
}

// isTerminal tells whether colours make sense (https://no-color.org).
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p printer) intro(scenes int) {
	fmt.Fprintf(p.out, `A gRPC service wraps Box, and Box fails in %d ways. Each time a plain gRPC client makes one call,
with a deadline of %s and without any retry. The service sends to Box again what is safe to send
again, 3 times in all, and waits %s at most; longer waits are the caller's.

  reason    google.rpc.ErrorInfo: the cause, for programs; the message is for people
  wait      google.rpc.RetryInfo: the same call may be made again then; "–": it must not be
  pushback  the trailer grpc-retry-pushback-ms, which gRPC libraries obey: a wait, or -1: do not
  outcome   whether the call has changed anything at Box
`, scenes, seconds(callDeadline), seconds(serviceWait))
}

func (p printer) outro(scenes int) {
	fmt.Fprintf(p.out, "\n%d scenes, and in each the caller saw what it should. To run the service yourself:\n"+
		"go run ./examples/files serve -h\n", scenes)
}

func (p printer) scene(number int, sc scene, got seen) {
	title := fmt.Sprintf("%2d. %s", number, sc.title)
	gap := strings.Repeat(" ", max(1, width-utf8.RuneCountInString(title)-len(sc.rpc)))
	fmt.Fprintf(p.out, "\n%s%s%s\n", p.paint(bold, title), gap, sc.rpc)
	p.row("Box answered", "", answers(sc.box))
	p.row("service sent", "", got.sent())
	p.row("caller saw", yellow, got.headline())
	if got.code == codes.OK {
		p.mismatch(sc, got)
		return
	}
	p.row("message", "", got.message)
	if got.localized != "" {
		p.row("for a person", "", got.localized)
	}
	p.row("wait", "", got.waits())
	p.row("what to do", green, got.advice())
	if got.ours != nil {
		p.row("our client", yellow, fmt.Sprintf("does so, and saw %s; %s", got.ours.headline(), got.ours.sent()))
	}
	p.mismatch(sc, got)
}

func (p printer) mismatch(sc scene, got seen) {
	if !sc.want.met(got) {
		p.row("EXPECTED", red, sc.want.String())
	}
}

// sent tells the requests that Box got, and when.
func (s seen) sent() string {
	if len(s.requests) == 0 {
		return "nothing"
	}
	texts := make([]string, len(s.requests))
	for i, r := range s.requests {
		texts[i] = fmt.Sprintf("%s at %.1f s", r.Method, r.Time.Sub(s.requests[0].Time).Seconds())
	}
	return strings.Join(texts, ", ")
}

// row prints a name and a text, which is broken into lines where it is too long.
func (p printer) row(name, colour, text string) {
	const indent = 18
	for _, line := range wrap(text, width-indent) {
		fmt.Fprintf(p.out, "    %-*s%s\n", indent-4, name, p.paint(colour, line))
		name = ""
	}
}

// Colours as terminals know them (ECMA-48, SGR).
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (p printer) paint(colour, text string) string {
	if !p.colour || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// headline is the error in a few words.
func (s seen) headline() string {
	text := codeName(s.code)
	if s.reason != "" {
		text += ", reason " + s.reason
	}
	switch s.messages {
	case unary:
		return text
	case 1:
		return "1 message, then " + text
	}
	return fmt.Sprintf("%d messages, then %s", s.messages, text)
}

func (s seen) waits() string {
	wait, pushback, outcome := "–", "–", "–"
	if s.again {
		wait = seconds(s.wait)
	}
	if s.pushback != "" {
		pushback = s.pushback
	}
	if s.sign() == positive {
		pushback += " ms"
	}
	if s.outcome != boxgrpcv1.Outcome_OUTCOME_UNSPECIFIED {
		outcome = strings.TrimPrefix(s.outcome.String(), "OUTCOME_")
	}
	return fmt.Sprintf("%-9s pushback %-9s outcome %s", wait, pushback, outcome)
}

func (w want) String() string {
	return fmt.Sprintf("%s, reason %s, pushback %s, messages of a stream %d, text in %q, %d requests",
		codeName(w.code), w.reason, w.pushback, w.messages, w.locale, w.requests)
}

// codeName is the name that all languages use, such as NOT_FOUND.
func codeName(c codes.Code) string { return rpccode.Code(c).String() }

func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}

// answers describes what Box is scripted to answer.
func answers(faults []boxtest.Fault) string {
	if len(faults) == 0 {
		return "nothing: there is no connection"
	}
	var texts []string
	for len(faults) > 0 {
		text, times := answer(faults[0]), 1
		for times < len(faults) && answer(faults[times]) == text {
			times++
		}
		if faults = faults[times:]; times > 1 {
			text += fmt.Sprintf(", %d times", times)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; then ")
}

func answer(f boxtest.Fault) string {
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	text := fmt.Sprintf("%d %s", status, http.StatusText(status))
	var body struct {
		Code string `json:"code"`
	}
	switch {
	case json.Unmarshal([]byte(f.Body), &body) == nil:
		text += ", code " + body.Code
	case f.Body != "":
		text += ", " + f.Header.Get("Content-Type")
	case f.Status != 0:
		text += ", empty body"
	}
	for _, name := range []string{"Retry-After", "WWW-Authenticate"} {
		if value := f.Header.Get(name); value != "" {
			text += ", " + name + ": " + value
		}
	}
	if f.Apply {
		text += ", although it has carried the request out"
	}
	if f.CutAfter > 0 {
		text += fmt.Sprintf(", the body cut off after %d bytes", f.CutAfter)
	}
	return text
}
