// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/boxgrpc/boxgrpc/conformance"
)

const catalogExamples = `  boxgrpc catalog -upstream box
  boxgrpc catalog -o json > catalog.json
`

// A rule is one entry of conformance.Catalog.
type rule struct {
	Domain     string `json:"domain"`
	Code       string `json:"code"`
	HTTPStatus []int  `json:"http_status"`
	GRPCCode   string `json:"grpc_code"`
	Retry      string `json:"retry"`
}

// domains of the upstreams by the name that the flags use.
var domains = map[string]string{"box": "api.box.com", "http": "http"}

func catalog(args []string, out io.Writer) error {
	fs := flagSet("catalog [flags]", catalogExamples, out)
	upstream := fs.String("upstream", "", "only the catalogue of one `upstream`: box or http (default all)")
	format := fs.String("o", "text", "output `format`: text or json")
	if err := parse(fs, args, 0); err != nil {
		return err
	}
	if err := oneOf("o", *format, "text", "json"); err != nil {
		return err
	}
	if *upstream != "" {
		if err := oneOf("upstream", *upstream, upstreamNames()...); err != nil {
			return err
		}
	}
	lines, err := rulesOf(domains[*upstream])
	if err != nil {
		return err
	}
	if *format == "json" {
		_, err := fmt.Fprintf(out, "[\n  %s\n]\n", bytes.Join(lines, []byte(",\n  ")))
		return err
	}
	return printRules(out, lines)
}

// rulesOf are the entries of one domain, or of all, as they stand in the file.
func rulesOf(domain string) ([][]byte, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(conformance.Catalog, &all); err != nil {
		return nil, err
	}
	var lines [][]byte
	for _, raw := range all {
		var r rule
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, err
		}
		if domain == "" || r.Domain == domain {
			lines = append(lines, raw)
		}
	}
	return lines, nil
}

func printRules(out io.Writer, lines [][]byte) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DOMAIN\tSTATUS\tCODE\tGRPC CODE\tRETRY")
	for _, raw := range lines {
		var r rule
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		statuses := strings.Trim(strings.ReplaceAll(fmt.Sprint(r.HTTPStatus), " ", ","), "[]")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Domain, statuses, r.Code, r.GRPCCode, r.Retry)
	}
	return w.Flush()
}
