// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
)

// The texts for people are data, one file for each catalogue: by error code, or by
// HTTP status.
//
//go:embed messages/*.json
var messageFiles embed.FS

// messages are the texts of a file by code or status, then by language.
type messages map[string]map[string]string

// messagesOf reads a file when it is first needed. A test reads them all.
var messagesOf = map[string]func() messages{
	boxDomain:     loader("box"),
	hitachiDomain: loader("hitachi"),
	ownDomain:     loader("boxgrpc"),
	httpDomain:    loader("http"),
}

var httpDomain = domainOf(boxgrpcv1.HttpStatus(0).Descriptor())

func loader(name string) func() messages {
	return sync.OnceValue(func() messages {
		var m messages
		data, err := messageFiles.ReadFile("messages/" + name + ".json")
		if err != nil || json.Unmarshal(data, &m) != nil {
			return nil // no text is no reason to fail
		}
		return m
	})
}

// languages that there are texts in. The first is what [language.Matcher] falls
// back to; it is told apart by its confidence.
var languages = []language.Tag{language.English, language.Japanese}

var matcher = language.NewMatcher(languages)

// maxLanguages bounds what is read of a stranger's list of languages.
const maxLanguages = 256

// WithLanguage returns the error with a LocalizedMessage for the person at the
// screen: what happened and what helps. acceptLanguage is a list as in the header
// Accept-Language (RFC 9110 section 12.5.4). There are texts in English and
// Japanese; where neither is wanted, or there is no text for the error, it returns
// the error as it is.
//
// The server interceptors do this for callers that send accept-language in their
// metadata. A caller in Go may do it on its own side.
func (e *Error) WithLanguage(acceptLanguage string) *Error {
	if acceptLanguage == "" || len(acceptLanguage) > maxLanguages {
		return e
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return e
	}
	_, i, confidence := matcher.Match(wanted...)
	if confidence == language.No {
		return e
	}
	locale := languages[i].String()
	e = e.orMissing()
	text := e.messageIn(locale)
	if text == "" {
		return e
	}
	p := e.built().clone()
	p.packed[kindLocalized] = appendTexts(nil, locale, text)
	return e.derive(p, e.verdict)
}

// LocalizedMessage returns the text for the person at the screen and its locale, or
// two empty strings: see [Error.WithLanguage].
func (e *Error) LocalizedMessage() (locale, message string) {
	var m errdetails.LocalizedMessage
	e.built().read(kindLocalized, &m)
	return m.GetLocale(), m.GetMessage()
}

// messageIn prefers the text for the code to that for the status, and the
// upstream's texts to those of HTTP.
func (e *Error) messageIn(locale string) string {
	shared := messagesOf[httpDomain]
	family := e.Domain()
	if e.answered && e.translator != nil {
		family = e.translator.family // whatever domain the service has chosen
	}
	own := messagesOf[family]
	if own == nil {
		own = shared
	}
	status := decimal(e.status)
	for _, m := range []map[string]string{own()[e.textKey()], own()[status], shared()[status]} {
		if text := m[locale]; text != "" {
			return text
		}
	}
	return ""
}

// textKey is the code by which a text is found: only where the code means here what
// the catalogue says, or where no upstream answered.
func (e *Error) textKey() string {
	reason := strings.ToLower(e.Reason())
	if !e.answered {
		return reason
	}
	for _, code := range []string{e.ErrorCode(), reason} {
		if r := Box.codes[code]; r != nil && documentedUnder(r, e.status) {
			return code
		}
	}
	return ""
}
