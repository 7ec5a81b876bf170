// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	boxgrpcv1 "github.com/boxgrpc/boxgrpc/gen/boxgrpc/v1"
	"github.com/boxgrpc/boxgrpc/translate"
)

const markdownHead = "# Codes\n\n" +
	"<!-- Made by \"boxgrpc catalog -o markdown\"; make generate writes it anew. -->\n\n" +
	"How each error code and HTTP status of an upstream becomes a gRPC status, and what the\n" +
	"person at the screen is told where the caller asks for a language. The first match wins:\n" +
	"a code under a status that it is documented for, then the upstream's own reading of the\n" +
	"status, then the status of HTTP.\n\n" +
	"| retry | the request may be sent again |\n| --- | --- |\n" +
	"| always | yes: the answer proves that nothing was done |\n" +
	"| if idempotent | if twice is as good as once: GET, HEAD, OPTIONS, TRACE, PUT, DELETE; of Informatica only GET and HEAD |\n" +
	"| never | no: it would fail again, or do harm |\n\n" +
	"\"by status\" means that the row of the HTTP status decides. \"any\" stands for all statuses.\n"

// sections are the catalogues in the order of the page.
var sections = []struct{ domain, title string }{
	{"api.box.com", "Box"},
	{"http", "HTTP, any upstream"},
	{"hitachi.com/configuration-manager", "Hitachi storage"},
	{"informatica.com/application-integration", "Informatica Cloud Application Integration"},
	{"boxgrpc", "Failures that no upstream sent"},
}

// writeMarkdown prints entries as a page of tables.
func writeMarkdown(out io.Writer, entries [][]byte) error {
	rules := make(map[string][]rule)
	for _, raw := range entries {
		var r rule
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		rules[r.Domain] = append(rules[r.Domain], r)
	}
	var b strings.Builder
	b.WriteString(markdownHead)
	for _, s := range sections {
		if len(rules[s.domain]) > 0 {
			fmt.Fprintf(&b, "\n## %s\n\nDomain `%s`.\n\n", s.title, s.domain)
			b.WriteString("| code | HTTP | gRPC | retry | what happened, what helps | 何が起きたか、どうすればよいか |\n| --- | --- | --- | --- | --- | --- |\n")
		}
		for _, r := range rules[s.domain] {
			b.WriteString(r.row())
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (r rule) row() string {
	code := "-"
	if r.Code != "" {
		code = "`" + r.Code + "`"
	}
	where := strings.ReplaceAll(r.statuses(), ",", ", ")
	if name := r.statusName(); name != "" {
		where += " " + name
	}
	class := strings.ToLower(strings.ReplaceAll(cmp.Or(r.Retry, "by status"), "_", " "))
	grpcCode := cmp.Or(r.GRPCCode, "by status")
	if w := r.WithRetryAfter; w.Retry != "" || w.GRPCCode != "" {
		class += "; with Retry-After: " + strings.ToLower(strings.ReplaceAll(cmp.Or(w.Retry, class), "_", " "))
		if w.GRPCCode != "" {
			grpcCode += "; with Retry-After: " + w.GRPCCode
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", code, where, grpcCode, class, r.text("en"), r.text("ja"))
}

// statusName is there where the status is all that a row is about.
func (r rule) statusName() string {
	if r.Code != "" || len(r.HTTPStatus) != 1 {
		return ""
	}
	return http.StatusText(r.HTTPStatus[0])
}

// text is what a person is told, where that is the same under each of the statuses.
func (r rule) text(lang string) string {
	const byStatus = "by status"
	if len(r.HTTPStatus) == 0 {
		return escaped(cmp.Or(r.textUnder(0, lang), byStatus))
	}
	text := r.textUnder(r.HTTPStatus[0], lang)
	for _, other := range r.HTTPStatus[1:] {
		if r.textUnder(other, lang) != text {
			return byStatus
		}
	}
	return escaped(cmp.Or(text, "-"))
}

func escaped(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// textUnder is what a caller makes of a status of that reason.
func (r rule) textUnder(httpStatus int, lang string) string {
	info := &errdetails.ErrorInfo{
		Domain: r.Domain, Reason: strings.ToUpper(r.Code),
		Metadata: map[string]string{"outcome": outcomeName(boxgrpcv1.Outcome_OUTCOME_UNKNOWN)},
	}
	if httpStatus > 0 {
		info.Metadata["httpStatus"] = strconv.Itoa(httpStatus)
	}
	details := []protoadapt.MessageV1{info}
	if r.Domain == domains["box"] {
		details = append(details, &boxgrpcv1.BoxError{Code: &r.Code}) // in its own spelling
	}
	st, err := status.New(codes.Unknown, "").WithDetails(details...)
	if err != nil {
		return ""
	}
	e, ok := translate.FromError(st.Err())
	if !ok {
		return ""
	}
	_, text := e.WithLanguage(lang).LocalizedMessage()
	return text
}
