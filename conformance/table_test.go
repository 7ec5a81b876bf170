// SPDX-FileCopyrightText: The boxgrpc authors
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A table has a column for each caller. It is safe for concurrent use.
type table struct {
	title   string
	columns []string

	mu    sync.Mutex
	rows  []string // in order of appearance
	cells map[[2]string]string
	tried map[[2]string][2]int // passed, all
}

func newTable(title string, callers []caller) *table {
	t := &table{title: title, cells: make(map[[2]string]string), tried: make(map[[2]string][2]int)}
	for _, c := range callers {
		t.columns = append(t.columns, c.name)
	}
	return t
}

func (t *table) set(row, column, value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.rows, row) {
		t.rows = append(t.rows, row)
	}
	t.cells[[2]string{row, column}] = value
}

// count adds one case that went well or not.
func (t *table) count(row, column string, ok bool) {
	t.mu.Lock()
	n := t.tried[[2]string{row, column}]
	if n[1]++; ok {
		n[0]++
	}
	t.tried[[2]string{row, column}] = n
	t.mu.Unlock()
	t.set(row, column, fmt.Sprintf("%d/%d", n[0], n[1]))
}

// String is the table in Markdown.
func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %s |\n| --- |%s\n", t.title, strings.Join(t.columns, " | "), strings.Repeat(" --: |", len(t.columns)))
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |", row)
		for _, column := range t.columns {
			fmt.Fprintf(&b, " %s |", t.cells[[2]string{row, column}])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func checkTables(t *testing.T, tables string) {
	t.Helper()
	t.Log("\n" + tables)
	_ = maps.Keys[map[string]int]
}
