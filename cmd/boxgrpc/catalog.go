// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/boxgrpc/boxgrpc/conformance"
)

const catalogExamples = `  boxgrpc catalog
  boxgrpc catalog -upstream box
  boxgrpc catalog -o json > catalog.json
  boxgrpc catalog -o markdown > codes.md
`

// A rule is one entry of conformance.Catalog.
type rule struct {
	Domain         string `json:"domain"`
	Code           string `json:"code"`
	HTTPStatus     []int  `json:"http_status"`
	GRPCCode       string `json:"grpc_code"`
	Retry          string `json:"retry"`
	WithRetryAfter struct {
		GRPCCode string `json:"grpc_code"`
		Retry    string `json:"retry"`
	} `json:"with_retry_after"`
}

// domains of the upstreams by the name that the flags use.
var domains = map[string]string{
	"box":         "api.box.com",
	"hitachi":     "hitachi.com/configuration-manager",
	"http":        "http",
	"informatica": "informatica.com/application-integration",
}

func catalogFlags(fs *flag.FlagSet) func(invocation) error {
	var upstream, format string
	choose(fs, &upstream, "upstream", "", "only the catalogue of one `upstream`", upstreamNames()...)
	choose(fs, &format, "o", "text", "output `format`", "text", "json", "markdown")
	return func(i invocation) error { return catalog(upstream, format, i.out) }
}

func catalog(upstream, format string, out io.Writer) error {
	entries, err := entriesOf(domains[upstream])
	if err != nil {
		return err
	}
	switch format {
	case "json":
		_, err := fmt.Fprintf(out, "[\n  %s\n]\n", bytes.Join(entries, []byte(",\n  ")))
		return err
	case "markdown":
		return writeMarkdown(out, entries)
	}
	return printEntries(out, entries)
}

// entriesOf are the entries of one domain, or of all, as they stand in the file.
func entriesOf(domain string) ([][]byte, error) {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(conformance.Catalog), &all); err != nil {
		return nil, err
	}
	var list [][]byte
	for _, raw := range all {
		var r rule
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, err
		}
		if domain == "" || r.Domain == domain {
			list = append(list, raw)
		}
	}
	return list, nil
}

func printEntries(out io.Writer, entries [][]byte) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DOMAIN\tSTATUS\tCODE\tGRPC CODE\tRETRY")
	for _, raw := range entries {
		var r rule
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Domain, r.statuses(), cmp.Or(r.Code, "-"), cmp.Or(r.GRPCCode, "by status"), r.retry())
	}
	return w.Flush()
}

func (r rule) statuses() string {
	if len(r.HTTPStatus) == 0 {
		return "any"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(r.HTTPStatus), " ", ","), "[]")
}

// retry is the class, and what a Retry-After turns it, and the code, into.
func (r rule) retry() string {
	class := cmp.Or(r.Retry, "by status")
	if w := r.WithRetryAfter; w.Retry != "" || w.GRPCCode != "" {
		class += "; with Retry-After " + strings.TrimSpace(w.Retry+" "+w.GRPCCode)
	}
	return class
}
