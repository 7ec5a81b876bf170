// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"fmt"
	"io"
)

func table(w io.Writer, outcomes []outcome) {
	fmt.Fprint(w, "\n| 8 replicas with | sent/success | goodput, 2nd half | calls failed | p50 | p99 | trips to Redis, per request | Redis lost |\n| --- | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, o := range outcomes {
		fmt.Fprintf(w, "| %s | %.3f | %.1f %% | %d of %d | %.2f s | %.2f s | %.2f | %d |\n",
			o.Variant, o.Sent, 100*o.Goodput, o.Failed, o.Calls, o.P50, o.P99, o.Trips, o.Lost)
	}
	fmt.Fprintln(w)
}
