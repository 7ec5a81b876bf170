// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

var (
	printTable = flag.Bool("table", false, "run all storms and print the tables")
	seeds      = flag.Uint64("seeds", 3, "of which the tables show the median")
	only       = flag.String("only", "", "rows whose name has this in it")
	saved      = flag.Bool("saved", false, "take what the last -update has saved, and run nothing")
	update     = flag.Bool("update", false, "save the figures in testdata, and draw the picture of them")
)

var models = []model{window, bucket, blip}

// A row is one policy, measured.
type row struct {
	Policy string            `json:"policy"`
	Ours   bool              `json:"ours"`
	Models map[model]outcome `json:"models"`
	Hurry  hurry             `json:"hurry"`

	policy policy
}

// TestTable fails where a row of ours misses a goal.
func TestTable(t *testing.T) {
	if !*printTable {
		t.Skip("-table is not set")
	}
	rows := chosen()
	if *saved {
		rows = load(t)
	} else {
		measure(t, rows)
	}
	tables(os.Stdout, rows)
	if *update && *only == "" {
		save(t, rows)
	}
	for _, r := range rows {
		for _, m := range models {
			if missed := r.policy.goals.missed(m, r.Models[m]); missed != "" {
				t.Errorf("%s, %s: %s", m, r.Policy, missed)
			}
		}
		if missed := r.policy.goals.missedInHurry(r.Hurry); missed != "" {
			t.Errorf("short deadline, %s: %s", r.Policy, missed)
		}
	}
}

// chosen are the rows, still without figures.
func chosen() []*row {
	var rows []*row
	for i, list := range [][]policy{peers(), ours()} {
		for _, p := range list {
			if strings.Contains(p.name, *only) {
				rows = append(rows, &row{Policy: p.name, Ours: i == 1, Models: map[model]outcome{}, policy: p})
			}
		}
	}
	return rows
}

// measure runs all storms, as many at a time as there are processors.
func measure(t *testing.T, rows []*row) {
	t.Helper()
	var mu sync.Mutex
	t.Run("all", func(t *testing.T) {
		for _, r := range rows {
			r.Hurry = runHurry(t, r.policy)
			for _, m := range models {
				t.Run(fmt.Sprint(r.Policy, ", ", m), func(t *testing.T) {
					t.Parallel()
					var runs []outcome
					for seed := range *seeds {
						runs = append(runs, run(t, m, r.policy, seed+1))
					}
					mu.Lock()
					defer mu.Unlock()
					r.Models[m] = median(runs)
				})
			}
		}
	})
}

const dataFile = "testdata/storm.json"

func save(t *testing.T, rows []*row) {
	t.Helper()
	data, err := json.MarshalIndent(rows, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dataFile, append(data, '\n'))
	write(t, pictureFile, picture(t, rows))
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// load returns what was saved, each row with the policy of its name.
func load(t *testing.T) []*row {
	t.Helper()
	data, err := os.ReadFile(dataFile)
	if err != nil {
		t.Fatal(err)
	}
	var rows []*row
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	policies := append(peers(), ours()...)
	for i, r := range rows {
		if i >= len(policies) || r.Policy != policies[i].name {
			t.Fatalf("%s is of other rows: run make storm", dataFile)
		}
		r.policy = policies[i]
	}
	return rows
}
