// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
)

func table(w io.Writer, outcomes []outcome) {
	fmt.Fprint(w, "\n| 8 replicas with | sent/success | goodput, 2nd half | calls failed | p50 | p99 | trips to Redis per request |\n| --- | --: | --: | --: | --: | --: | --: |\n")
	for _, o := range outcomes {
		fmt.Fprintf(w, "| %s | %.3f | %.1f %% | %d of %d | %.2f s | %.2f s | %.2f |\n",
			o.Variant, o.Sent, 100*o.Goodput, o.Failed, o.Calls, o.P50, o.P99, o.Trips)
	}
	fmt.Fprintln(w)
}

const dataFile = "testdata/replicas.json"

func save(t *testing.T, outcomes []outcome) {
	t.Helper()
	data, err := json.MarshalIndent(outcomes, "", "\t")
	if err == nil {
		err = os.WriteFile(dataFile, append(data, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A README that somebody has touched by hand would say what nobody has measured.
func TestReadmeIsFresh(t *testing.T) {
	data, err := os.ReadFile(dataFile)
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []outcome
	if err := json.Unmarshal(data, &outcomes); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	table(&want, outcomes)
	if !bytes.Contains(readme, bytes.TrimSpace(want.Bytes())) {
		t.Errorf("the README's table is not of %s: copy it from make storm-replicas", dataFile)
	}
}
