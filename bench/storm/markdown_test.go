// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"fmt"
	"io"
	"slices"
)

// A showing is a row for the README.
type showing struct {
	policy, label string
	pictured      bool // in the picture, too
}

// shown are the rows in the order of the README. Ours come last.
var shown = []showing{
	{"no retry", "no retry", true},
	{"go-grpc-middleware retry, max 3", "go-grpc-middleware retry", true},
	{"go-grpc-middleware retry, max 3, in two layers", "the same in two layers", true},
	{"failsafegrpc retry", "failsafe-go, gRPC", true},
	{"grpc-go retryPolicy, 4 attempts", "grpc-go built-in", true},
	{"grpc-go retryPolicy, pushback", "grpc-go built-in, pushback", true},
	{"go-retryablehttp, Retry-After", "go-retryablehttp", true},
	{"failsafehttp retry, Retry-After", "failsafe-go, HTTP", true},
	{"failsafehttp retry, told the limit", "failsafe-go, HTTP, told the limit", false},
	{"go-grpc-middleware retry before our server, boxhttp", "middleware before boxgrpc", true},
	{"boxhttp", "boxgrpc, transport only", true},
	{"our client and server, boxhttp", "boxgrpc, all layers", true},
	{"our client and server, boxhttp, told the limit", "boxgrpc, all layers, told the limit", false},
}

// tables prints first what the README shows, then everything.
func tables(w io.Writer, rows []*row) {
	summary(w, rows)
	for _, m := range models {
		fmt.Fprintf(w, "\n**%s**\n\n| | sent/success | goodput | 2nd minute | calls failed | p50 | p99 | goals |\n| --- | --: | --: | --: | --: | --: | --: | --- |\n", m)
		for _, r := range rows {
			o := r.Models[m]
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %.2f s | %.2f s | %s |\n", r.title(), ratio(o.Sent),
				percent(o.Goodput), percent(o.Late), percent(o.Failed), o.P50, o.P99, r.verdict(r.policy.goals.missed(m, o)))
		}
	}
	fmt.Fprint(w, "\n**Retry-After: 2, and the caller has 1 s**\n\n| | the caller waits | requests | of the next call | code | RetryInfo kept | goals |\n| --- | --: | --: | --: | --- | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %v | %s |\n", r.title(), r.Hurry, r.verdict(r.policy.goals.missedInHurry(r.Hurry)))
	}
	fmt.Fprintln(w)
}

// summary is the table of the README.
func summary(w io.Writer, rows []*row) {
	fmt.Fprint(w, "\n| | sent/success: window | penalty | blip | penalty: calls failed | goodput, 2nd minute | p99 |\n| --- | --: | --: | --: | --: | --: | --: |\n")
	for _, s := range shown {
		i := slices.IndexFunc(rows, func(r *row) bool { return r.Policy == s.policy })
		if i < 0 {
			continue // -only
		}
		r, label := rows[i], s.label
		if r.Ours {
			label = "**" + label + "**"
		}
		o := r.Models[bucket]
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %.2f s |\n", label, ratio(r.Models[window].Sent), ratio(o.Sent),
			ratio(r.Models[blip].Sent), percent(o.Failed), percent(o.Late), o.P99)
	}
}

func (r *row) title() string {
	if r.Ours {
		return "**" + r.Policy + "**"
	}
	return r.Policy
}

func (r *row) verdict(missed string) string {
	switch {
	case r.policy.goals == nil:
		return ""
	case missed == "":
		return "reached"
	}
	return "MISSED: " + missed
}

// ratio has the digits that count, near 1 and far from it.
func ratio(x float64) string {
	if x < 2 {
		return fmt.Sprintf("%.3f", x)
	}
	return fmt.Sprintf("%.1f", x)
}

// percent shows 0 only where nothing was there.
func percent(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 0.0005:
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}
