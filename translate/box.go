// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"net/http"
	"strings"
)

// A boxAnswer is an answer of Box that is an error, and what it is built from when
// somebody looks at it. A request that is repeated is judged by its code at most.
type boxAnswer struct {
	Error

	text      string   // of the body, unless it is a shortAnswer's
	body      *boxBody // nil where the status decides, and the text is only read to be shown
	headerID  string   // as it came
	challenge string   // the error of WWW-Authenticate, which is the code where the body has none
	foreign   bool     // by the headers it is a proxy's answer
}

func newBox(u Upstream) *Translator {
	t := New(u)
	t.box = true
	return t
}

// boxError returns nil if the answer is a success.
func (t *Translator) boxError(a *Answer) error {
	list := parseChallenges(a.Header["Www-Authenticate"])
	foreign := a.Status == http.StatusUnauthorized && a.Header.Get("Box-Request-Id") == "" && foreignTo("Service", list)
	text := plainText(a.Header, a.Body[:min(len(a.Body), maxBody)])
	if !mayBeObject(text) {
		text = nil // a page says nothing, and is not worth its memory
	}
	b, source := newBoxAnswer(text, !t.settled(a.Status) || foreign)
	if id := first(a.Header, t.upstream.RequestIDHeader); len(id) <= maxID {
		b.headerID = id
	}
	b.challenge, b.foreign = challengeError(list), foreign
	var doc Document
	if b.body != nil {
		b.body.read(b.text)
		b.claim(b.body, &doc)
	}
	if !t.classify(a, &doc, &b.verdict) {
		return nil
	}
	b.init(t, a.Status, source)
	return &b.Error
}

// mayBeObject looks at the first byte of a JSON text.
func mayBeObject(text []byte) bool {
	for _, c := range text {
		if c == '{' || strings.IndexByte(blanks, c) < 0 {
			return c == '{'
		}
	}
	return false
}

// claim is what the answer says that can decide what is done about it.
func (b *boxAnswer) claim(body *boxBody, doc *Document) {
	if doc.Code = body.code(); doc.Code == "" {
		doc.Code = b.challenge
		doc.Foreign = b.foreign && body.empty()
	}
	if doc.Code == "" && body.context().hasItem {
		doc.LookUp, doc.Reason = []string{"item_name_in_use"}, "item_name_in_use"
	}
}

func (b *boxAnswer) requestID() string { return b.requestIDIn(b.text) }

func (b *boxAnswer) requestIDIn(text string) string {
	return requestID(b.bodyOf(text).text(memberRequestID), b.headerID)
}

// bodyOf reads the text, unless that was done to decide.
func (b *boxAnswer) bodyOf(text string) *boxBody {
	body := b.body
	if body == nil {
		body = new(boxBody)
		body.read(text)
	}
	return body
}

func (b *boxAnswer) assemble(own *ownParts) *parts { return b.assembleText(b.text, own) }

// assembleText builds what callers will see.
func (b *boxAnswer) assembleText(text string, own *ownParts) *parts {
	body := b.bodyOf(text)
	var doc Document
	b.claim(body, &doc)
	context := body.context()
	doc.Message = firstOf(body.text(memberMessage), body.text(memberErrorDescription))
	doc.RequestID, doc.HelpURL = body.text(memberRequestID), body.text(memberHelpURL)
	doc.Violations = context.violations
	v := b.verdict
	if b.translator.settled(b.status) {
		v.rule = b.translator.find(b.status, &doc).code
	}
	p := boxPacker{packer: newPacker(b.translator, own)}
	p.resourceType, p.resourceName = context.kind, context.id
	p.assemble(b.translator, &doc, b.status, b.headerID, &v)
	p.info.metadata = p.info.metadata.add(keyCause, boxCause(doc.Code, doc.Message))
	if b.challenge != "" && body.code() == "" {
		p.challenge = b.challenge
	}
	if b.translator.rawBody {
		p.raw = text
	}
	p.packDocument(body, &context)
	return p.parts
}

// newBoxAnswer makes an answer whose body has this text, with room for what is in there
// where that has to be read now.
func newBoxAnswer(text []byte, read bool) (*boxAnswer, source) {
	switch {
	case read:
		both := new(struct {
			boxAnswer
			read boxBody
		})
		both.body, both.text = &both.read, string(text)
		return &both.boxAnswer, &both.boxAnswer
	case len(text) <= int(shortText):
		s := new(shortAnswer)
		s.n = uint8(copy(s.room[:], text))
		return &s.boxAnswer, s
	}
	b := &boxAnswer{text: string(text)}
	return b, b
}

// A shortAnswer keeps its text in itself until somebody looks. So most errors that are only
// repeated are one allocation, and allocating is the most expensive thing about them.
type shortAnswer struct {
	boxAnswer

	n    uint8 // bytes of text
	room [shortText]byte
}

// shortText is what Box's rate limit needs, which takes 244. With one more the runtime gives 448
// bytes and not 416. Its type keeps n from being too small for it.
const shortText uint8 = 247

func (s *shortAnswer) shortText() string { return string(s.room[:s.n]) }

func (s *shortAnswer) requestID() string { return s.requestIDIn(s.shortText()) }

func (s *shortAnswer) assemble(own *ownParts) *parts { return s.assembleText(s.shortText(), own) }

// boxCause tells apart what one code means by the only sign that Box gives: words
// of the message. It decides nothing.
func boxCause(code, message string) string {
	causes := boxCauses[code]
	if causes == nil {
		return ""
	}
	message = strings.ToLower(message)
	for _, c := range causes {
		if strings.Contains(message, c.words) {
			return c.cause
		}
	}
	return ""
}

// boxCauses is in order: the first match counts.
var boxCauses = map[string][]struct{ words, cause string }{
	"invalid_grant": {
		{"'exp' value exceeds", "assertion_lifetime"},
		{"'exp' claim", "assertion_expired"},
		{"'iat' claim", "assertion_not_yet_valid"},
		{"'nbf'", "assertion_not_yet_valid"},
		{"'jti' claim", "assertion_reused"},
		{"'sub' claim", "subject"},
		{"'iss' claim", "issuer"},
		{"'kid'", "key"},
		{"signature", "key"},
		{"refresh token", "refresh_token"},
		{"authorization code", "authorization_code"},
		{"grant credentials", "client_credentials"},
	},
	"invalid_request": {
		{"enterprise configuration", "configuration"},
		{"grant type", "grant_type"},
		{"grant_type", "grant_type"},
	},
	"forbidden_by_policy": {
		{"malware", "malware"},
		{"barrier", "information_barrier"},
		{"shield", "access_policy"},
	},
}
